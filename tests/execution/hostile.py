"""Programs and jobs that try what they must not do. Data of the red team's tests; `where` tells them what to attack."""

# ruff: noqa: E501  (a program of one line stays on it)
from __future__ import annotations

from dataclasses import dataclass

PRELUDE = "import ctypes, json, os, sys, time\nwhere = json.load(sys.stdin)\n"


@dataclass(frozen=True)
class Deed:
    """A program, how its run may end, and whether it does harm where nothing contains it."""

    name: str
    program: str
    ends: tuple[str, ...] = ("failed",)
    harms: bool = False
    """The uncontained run must be seen to do harm: so the check is known to be able to fail."""


# Ways round a filter on names to `open`; that which is found reads a file.

_READ = "\nprint(found(where['secret']).read())"
_TRICKS = {
    "plainly": "found = open",
    "by-import": "found = __import__('io').open",
    "by-importlib": "import importlib; found = importlib.import_module('io').open",
    "by-loader": "import math; found = math.__loader__.load_module('io').open",
    "in-random": "import random; found = random._os.fdopen and (lambda path: random._os.fdopen(random._os.open(path, 0)))",
    "in-dataclasses": "from dataclasses import sys as s; found = s.modules['io'].open",
    "in-json": "import json as j; found = j.codecs.open",
    "in-enum": "from enum import bltns; found = bltns.open",
    "in-collections": "from collections import _sys; found = _sys.modules['builtins'].open",
    "in-builtins": "found = __builtins__.open",
    "frame-of-generator": "g = (i for i in ()); found = g.gi_frame.f_builtins['open']",
    "frame-of-coroutine": "async def f(): pass\nc = f(); found = c.cr_frame.f_builtins['open']; c.close()",
    "frame-of-error": "try: 1 / 0\nexcept ZeroDivisionError as e: found = e.__traceback__.tb_frame.f_globals['__builtins__'].open",
    "frame-of-caller": "found = (lambda: sys._getframe().f_back.f_builtins['open'])()",
    "globals-of-function": "import os.path; found = os.path.join.__globals__['os'].fdopen and (lambda path: os.fdopen(os.open(path, 0)))",
    "subclasses": (
        "w = next(c for c in object.__subclasses__() if c.__name__ == '_wrap_close')\n"
        "found = w.__init__.__globals__['__builtins__']['open']"
    ),
    "getattr-in-pieces": "found = getattr(__builtins__, 'op' + 'en')",
    "match-pattern": "match __builtins__:\n    case object(open=found): pass",
    "decorator": "def take(f):\n    global found\n    found = open\n    return f\n@take\ndef f(): pass",
    "default-value": "def f(x=__builtins__.open): return x\nfound = f()",
    "metaclass": "class M(type):\n    def __new__(m, n, b, d):\n        global found\n        found = open\n        return type.__new__(m, n, b, d)\nclass A(metaclass=M): pass",
    "format-string": "import string; found = string.Formatter().get_field('0.open', (__builtins__,), {})[0]",
    "eval": "found = eval('open')",
    "code-object": "exec(compile('found = open', '', 'exec'))",
    "pickle": "import pickle; found = pickle.loads(b'cbuiltins\\nopen\\n.')",
    "trace-function": "sys.settrace(lambda *a: None); found = sys.modules['io'].open; sys.settrace(None)",
    "c-library": (
        "def found(path):\n    f = ctypes.CDLL(None, use_errno=True).open(path.encode(), 0)\n"
        "    return os.fdopen(f)"
    ),
    "system-call": (
        "def found(path):\n    f = ctypes.CDLL(None).syscall(257, -100, path.encode(), 0, 0)\n    return os.fdopen(f)"
    ),
}  # fmt: skip

READING = [
    *(Deed(f"read-{name}", trick + _READ, harms=True) for name, trick in _TRICKS.items()),
    Deed("read-by-mmap", "import mmap; f = os.open(where['secret'], 0); print(mmap.mmap(f, 0, prot=1)[:])", harms=True),
    Deed("read-through-link-of-ours", "print(open(os.path.join(where['simulator'], 'link')).read())", harms=True),
    Deed("read-at-exit", "import atexit; atexit.register(lambda: print(open(where['secret']).read()))", ("ok",), True),
    Deed("read-when-deleted", "class D:\n    def __del__(self): print(open(where['secret']).read())\nD()", ("ok",), True),
    Deed("read-after-exec", "os.execv(sys.executable, [sys.executable, '-c', f'print(open({where[\"secret\"]!r}).read())'])", harms=True),
    Deed("list-folder", "print(os.listdir(where['target']))"),
    Deed("list-root", "print(os.listdir('/root'))"),
    Deed("read-shadow", "print(open('/etc/shadow').read())"),
    Deed("read-ssh-keys", "print(os.listdir(os.path.expanduser('~/.ssh')))"),
    Deed("read-environment", "print(dict(os.environ))", ("ok",)),
    Deed("read-environment-of-other", "print(open(f'/proc/{where[\"bystander\"]}/environ').read())", harms=True),
    Deed("read-environment-of-parent", "print(open(f'/proc/{os.getppid()}/environ').read())"),
    Deed("read-memory-of-other", "print(open(f'/proc/{where[\"bystander\"]}/mem', 'rb').read(1))"),
    Deed("read-own-environment", "print(open('/proc/self/environ').read()[0])"),
    Deed("read-kernel-log", "print(open('/dev/kmsg', 'rb').read(1))"),
    Deed("read-by-handle", "ctypes.CDLL(None, use_errno=True).syscall(304, -100, 0, 0); assert ctypes.get_errno() != 1"),
    Deed("read-by-exec", "os.execv('/bin/cat', ['cat', where['secret']])", harms=True),
]  # fmt: skip

_WRITTEN = "f = open({!s}, 'w'); f.write('residue'); f.close()"
WRITING = [
    Deed("write-here", _WRITTEN.format("where['name']")),
    Deed("write-tmp", _WRITTEN.format("'/tmp/' + where['name']"), harms=True),
    Deed("write-var-tmp", _WRITTEN.format("'/var/tmp/' + where['name']"), harms=True),
    Deed("write-shared-memory", _WRITTEN.format("'/dev/shm/' + where['name']"), ("failed", "ok"), True),
    Deed("write-home", _WRITTEN.format("where['home'] + '/' + where['name']"), harms=True),
    Deed("write-target", _WRITTEN.format("where['target'] + '/' + where['name']"), harms=True),
    Deed("write-own-folder", _WRITTEN.format("where['simulator'] + '/' + where['name']"), harms=True),
    Deed("write-own-code", "open(where['simulator'] + '/__main__.py', 'a').write('#')", harms=True),
    Deed("append", "f = open(where['secret'], 'a'); f.write('x'); f.close()", harms=True),
    Deed("truncate", "os.truncate(where['secret'], 0)", harms=True),
    Deed("delete", "os.unlink(where['secret'])", harms=True),
    Deed("rename", "os.rename(where['secret'], where['secret'] + '2')", harms=True),
    Deed("make-folder", "os.mkdir(where['target'] + '/new')", harms=True),
    Deed("make-fifo", "os.mkfifo(where['target'] + '/new')", harms=True),
    Deed("make-device", "os.mknod(where['target'] + '/new', 0o20666, os.makedev(1, 3))"),
    Deed("symbolic-link", "os.symlink('/etc', where['target'] + '/new')", harms=True),
    Deed("hard-link", "os.link(where['secret'], where['target'] + '/new')", harms=True),
    Deed("nameless-file", "f = os.open(where['target'], os.O_TMPFILE | os.O_RDWR); os.write(f, b'x')"),
    Deed("chmod", "os.chmod(where['secret'], 0o600)", harms=True),
    Deed("chmod-own-folder", "os.chmod(where['simulator'], 0o700)", harms=True),
    Deed("chmod-open-file", "f = os.open(where['simulator'] + '/__main__.py', 0); os.fchmod(f, 0o777)", harms=True),
    Deed("chmod-new-call", "r = ctypes.CDLL(None).syscall(452, -100, where['secret'].encode(), 0o600, 0); assert r == 0"),
    Deed("chown", "os.chown(where['secret'], 12345, 12345)"),
    Deed("touch", "os.utime(where['secret'], (1, 1))", harms=True),
    Deed("extended-attribute", "os.setxattr(where['secret'], 'user.x', b'1')"),
    Deed("memory-file", "f = os.memfd_create('x'); os.write(f, b'x')"),
    Deed("segment", "r = ctypes.CDLL(None).shmget(where['key'], 4096, 0o1666); assert r >= 0", harms=True),
    Deed("semaphore", "import _multiprocessing as m; m.SemLock(1, 1, 1, '/' + where['name'], False)"),
    Deed("database", "import sqlite3; sqlite3.connect(where['target'] + '/new').execute('create table a (b)')", harms=True),
]  # fmt: skip

_UDP = "s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); s.sendto(b'x', ('127.0.0.1', where['udp']))"
CONNECTING = [
    Deed("tcp", "import socket; socket.create_connection(('127.0.0.1', where['tcp']), 1)", harms=True),
    Deed("udp", f"import socket; {_UDP}", harms=True),
    Deed("unix", "import socket; s = socket.socket(socket.AF_UNIX); s.connect(where['unix'])", harms=True),
    Deed("abstract", "import socket; s = socket.socket(socket.AF_UNIX); s.connect('\\0' + where['name'])", harms=True),
    Deed("name-server", "import socket; print(socket.getaddrinfo('example.org', 80))"),
    Deed("listen", "import socket; s = socket.socket(); s.bind(('127.0.0.1', 0)); s.listen()"),
    Deed("web", "import urllib.request as u; u.urlopen(f'http://127.0.0.1:{where[\"tcp\"]}', timeout=0.1)", ("failed",), True),
    Deed("socket-pair", "import socket; socket.socketpair()"),
    Deed("netlink", "import socket; socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 0)"),
    Deed("io-uring", "r = ctypes.CDLL(None).syscall(425, 8, ctypes.create_string_buffer(120)); assert r >= 0"),
    Deed("other-numbers", "r = ctypes.CDLL(None).syscall(0x40000029, 2, 1, 0); assert r >= 0"),
]  # fmt: skip

_DAEMON = """
if os.fork(): os._exit(0)
os.setsid()
if os.fork(): os._exit(0)
for f in range(3): os.close(f)
time.sleep(30)
"""
_CHILD = "[sys.executable, '-c', 'import time; time.sleep(30)', where['simulator']]"
_OTHER_MACHINE = """
import mmap
m = mmap.mmap(-1, 4096, prot=7)
m.write(b"\\xb8\\x14\\x00\\x00\\x00\\xcd\\x80\\xc3")
ctypes.CFUNCTYPE(ctypes.c_int)(ctypes.addressof(ctypes.c_char.from_buffer(m)))()
"""
PROCESSES = [
    Deed("fork", "os.fork()"),
    Deed("daemon", _DAEMON, harms=True),
    Deed("fork-bomb", "while True: os.fork()"),
    Deed("spawn", f"import subprocess; subprocess.Popen({_CHILD}, start_new_session=True, stdout=-3, stderr=-3)", harms=True),
    Deed("posix-spawn", f"os.posix_spawn(sys.executable, {_CHILD}, {{}}, setsid=True)"),
    Deed("shell", "import subprocess; subprocess.run(f'echo > {where[\"target\"]}/new', shell=True, check=True)", harms=True),
    Deed("shell-by-system", "assert os.system(f'echo > {where[\"target\"]}/new') == 0", harms=True),
    Deed("exec-shell", "os.execv('/bin/sh', ['sh', '-c', f'echo > {where[\"target\"]}/new'])", ("failed", "refused"), True),
    Deed("multiprocessing", "import multiprocessing as m; m.Process(target=print).start()"),
    Deed("clone3", "r = ctypes.CDLL(None).syscall(435, ctypes.create_string_buffer(88), 88); assert r >= 0"),
    Deed("vfork", "r = ctypes.CDLL(None).syscall(58); r or os._exit(0); assert r > 0"),
    Deed("thread-bomb", "import threading\nwhile True: threading.Thread(target=time.sleep, args=(60,)).start()"),
    Deed("kill-bystander", "os.kill(where['bystander'], 9)", harms=True),
    Deed("kill-parent", "os.kill(os.getppid(), 9)"),
    Deed("kill-everybody", "os.kill(-1, 9)"),
    Deed("kill-group", "os.killpg(0, 15)"),
    Deed("kill-by-descriptor", "import signal; f = os.pidfd_open(where['bystander']); signal.pidfd_send_signal(f, 9)", harms=True),
    Deed("ptrace", "r = ctypes.CDLL(None).ptrace(16, where['bystander'], 0, 0); assert r == 0"),
    Deed("read-memory", "r = ctypes.CDLL(None).process_vm_readv(where['bystander'], 0, 0, 0, 0, 0); assert r == 0"),
    Deed("limits-of-bystander", "import resource; resource.prlimit(where['bystander'], resource.RLIMIT_NOFILE, (3, 3))"),
    Deed("slow-bystander", "os.setpriority(os.PRIO_PROCESS, where['bystander'], 19)", harms=True),
    Deed("leave-session", "os.setsid()"),
    Deed("leave-group", "os.setpgid(0, 0)"),
    Deed("new-namespace", "assert ctypes.CDLL(None).unshare(0x10000000) == 0"),
    Deed("mount", "assert ctypes.CDLL(None).mount(b'none', b'/mnt', b'tmpfs', 0, 0) == 0"),
    Deed("chroot", "os.chroot('/')"),
    Deed("become-root", "os.setuid(0); open('/etc/shadow')"),
    Deed("raise-limits", "import resource; resource.setrlimit(resource.RLIMIT_AS, (-1, -1))"),
    Deed("other-machine", _OTHER_MACHINE, ("killed",)),
]  # fmt: skip

ANY = ("ok", "failed", "killed", "timeout", "flooded")
EXHAUSTING = [
    Deed("loop", "while True: pass", ("timeout",)),
    Deed("deaf-loop", "import signal; signal.signal(15, signal.SIG_IGN)\nwhile True: pass", ("timeout",)),
    Deed("sleep", "time.sleep(60)", ("timeout",)),
    Deed("regular-expression", "import re; re.match(r'(a+)+$', 'a' * 60 + 'b')", ("timeout",)),
    Deed("huge-number", "10 ** 10 ** 9", ("timeout", "failed")),
    Deed("huge-text", "print(len('a' * 10**11))"),
    Deed("memory-bomb", "x = []\nwhile True: x.append(bytearray(10**7))"),
    Deed("recursion", "def f(): f()\nf()"),
    Deed("deep-recursion", "sys.setrecursionlimit(10**8)\nclass A:\n    def __getattr__(self, n): return getattr(self, n)\nA().x", ("killed", "failed")),
    Deed("nested-code", "eval('(' * 10**5)"),
    Deed("crash", "ctypes.string_at(0)", ("killed",)),
    Deed("abort", "os.abort()", ("killed",)),
    Deed("open-files", "x = [os.open('/dev/null', 0) for _ in range(10**4)]"),
    Deed("flood", "while True: print('x' * 1000)", ("flooded",)),
    Deed("flood-without-lines", "while True: os.write(1, b'x' * 10**5)", ("flooded",)),
    Deed("flood-on-stderr", "for _ in range(10**4): os.write(2, b'x' * 1000)", ("ok",)),
    Deed("closed-stdout", "os.close(1); os.close(2); time.sleep(60)", ("timeout",)),
    Deed("rubbish", "os.write(1, bytes(range(256)) * 10)", ("ok",)),
    Deed("half-a-line", "os.write(1, b'{\"time\": 1, '); os.write(2, b'\\xff\\xfe\\n'); os._exit(7)", ("failed",)),
]  # fmt: skip

# Jobs: what `simulate(job, emit)` does in a process of its own, forked from a worker. Good ones run between them.

FRAME = """
import json, os, struct
def frame(header, body=b""):
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return struct.pack(">II", len(text), len(body)) + text + body
def say(*parts):
    for descriptor in range(3, 30):
        try: os.write(descriptor, b"".join(parts))
        except OSError: pass
GOOD = {"status": "ok", "seconds": 0.1}
"""
JOBS = {
    "forges-the-next-result": "say(frame(GOOD, b'{}'), frame(GOOD, b'{}'))",
    "forges-and-leaves": "say(frame(GOOD), frame(GOOD)); os._exit(0)",
    "announces-too-much": "say(struct.pack('>II', 10, 2**32 - 1)); os._exit(0)",
    "announces-a-long-header": "say(struct.pack('>II', 2**32 - 1, 0)); os._exit(0)",
    "sends-half-a-frame": "say(frame(GOOD, b'x' * 100)[:50]); os._exit(0)",
    "sends-rubbish": "say(bytes(range(256)) * 100); os._exit(0)",
    "sends-no-object": "say(frame(b'[]')); os._exit(0)",
    "sends-a-deep-header": "say(frame(b'[' * 10**5)); os._exit(0)",
    "sends-no-status": "say(frame({'seconds': 1})); os._exit(0)",
    "sends-a-strange-status": "say(frame({'status': ['ok'], 'seconds': 1})); os._exit(0)",
    "sends-no-time": "say(frame({'status': 'ok', 'seconds': 'nan'})); os._exit(0)",
    "sends-no-json": "say(frame(GOOD, b'nothing')); os._exit(0)",
    "sends-deep-json": "say(frame(GOOD, b'[' * 10**5)); os._exit(0)",
    "sends-records-of-another-form": "say(frame(GOOD, b'[1]')); os._exit(0)",
    "sends-an-endless-time": (
        "say(frame(GOOD, b'{\"time\": 1e999, \"entity\": \"a\", \"event\": \"b\", \"payload\": {}}')); os._exit(0)"
    ),
    "sends-a-pickle": "import pickle; say(frame(GOOD, pickle.dumps(print))); os._exit(0)",
    "leaves": "os._exit(3)",
    "crashes": "import ctypes; ctypes.string_at(0)",
    "kills-its-worker": "os.kill(os.getppid(), 9)",
    "forks": "os.fork()",
    "executes": "import sys; os.execv('/bin/true', ['true'])",
    "closes-everything": "os.closerange(0, 100)",
    "floods-stderr": "os.write(2, b'x' * 10**6); os._exit(1)",
    "takes-memory": "x = bytearray(10**10)",
    "has-a-long-name": "emit(1, 'x' * 10**7)",
    "changes-what-others-use": (
        "import runtime.records as r, components.model as m; m.simulate = r.TraceWriter.write = print; os._exit(1)"
    ),
    "hangs": "import time; time.sleep(60)",
    "hangs-after-its-answer": "say(frame(GOOD)); import time; time.sleep(60)",
}  # fmt: skip
