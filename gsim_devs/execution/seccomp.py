"""What a simulator may not ask of the kernel, as a program that the kernel runs at each system call. Installs nothing.

Whatever is not listed is allowed; files are Landlock's business. A call that is refused fails with EPERM.
"""

from __future__ import annotations

import struct

_X86_64, _AARCH64 = 0, 1
_MACHINES = {"x86_64": _X86_64, "aarch64": _AARCH64, "arm64": _AARCH64}
_AUDIT = (0xC000003E, 0xC00000B7)

# Number on x86_64 and on aarch64; None where there is no such call.
_NETWORK: dict[str, tuple[int | None, int | None]] = {
    "socket": (41, 198), "socketpair": (53, 199), "connect": (42, 203), "bind": (49, 200), "listen": (50, 201),
    "accept": (43, 202), "accept4": (288, 242),
}  # fmt: skip
_ROUNDABOUT: dict[str, tuple[int | None, int | None]] = {
    # They do by proxy what is refused by name, or run code in places that nobody looks at.
    "io_uring_setup": (425, 425), "io_uring_enter": (426, 426), "io_uring_register": (427, 427),
    "memfd_create": (319, 279), "memfd_secret": (447, 447), "userfaultfd": (323, 282), "bpf": (321, 280),
    "perf_event_open": (298, 241), "open_by_handle_at": (304, 265), "name_to_handle_at": (303, 264),
    "keyctl": (250, 219), "add_key": (248, 217), "request_key": (249, 218), "lookup_dcookie": (212, 18),
    "execveat": (322, 281), "personality": (135, 92), "uselib": (134, None), "modify_ldt": (154, None),
}  # fmt: skip
_OTHER_PROCESSES: dict[str, tuple[int | None, int | None]] = {
    "ptrace": (101, 117), "process_vm_readv": (310, 270), "process_vm_writev": (311, 271),
    "process_madvise": (440, 440), "process_mrelease": (448, 448), "pidfd_open": (434, 434),
    "pidfd_getfd": (438, 438), "pidfd_send_signal": (424, 424), "kcmp": (312, 272), "kill": (62, 129),
    "tkill": (200, 130), "tgkill": (234, 131), "rt_sigqueueinfo": (129, 138), "rt_tgsigqueueinfo": (297, 240),
    "sched_setaffinity": (203, 122), "sched_setattr": (314, 274), "sched_setparam": (142, 118),
    "sched_setscheduler": (144, 119), "setpriority": (141, 140), "ioprio_set": (251, 30),
    "migrate_pages": (256, 238), "move_pages": (279, 239),
    # Who leaves the group cannot be killed with it.
    "setsid": (112, 157), "setpgid": (109, 154),
}  # fmt: skip
_LASTING: dict[str, tuple[int | None, int | None]] = {
    # They leave something behind that is no file, or change files in ways that Landlock does not know.
    "chmod": (90, None), "fchmod": (91, 52), "fchmodat": (268, 53), "fchmodat2": (452, 452), "chown": (92, None),
    "lchown": (94, None), "fchown": (93, 55), "fchownat": (260, 54), "utime": (132, None), "utimes": (235, None),
    "utimensat": (280, 88), "futimesat": (261, None), "setxattr": (188, 5), "lsetxattr": (189, 6),
    "fsetxattr": (190, 7), "setxattrat": (463, 463), "removexattr": (197, 14), "lremovexattr": (198, 15),
    "fremovexattr": (199, 16), "removexattrat": (466, 466), "file_setattr": (469, 469), "truncate": (76, 45),
    "mknod": (133, None), "mknodat": (259, 33), "shmget": (29, 194), "shmat": (30, 196), "shmctl": (31, 195),
    "semget": (64, 190), "semctl": (66, 191), "semop": (65, 193), "semtimedop": (220, 192), "msgget": (68, 186),
    "msgsnd": (69, 189), "msgrcv": (70, 188), "msgctl": (71, 187), "mq_open": (240, 180), "mq_unlink": (241, 181),
    "fanotify_init": (300, 262), "fanotify_mark": (301, 263),
}  # fmt: skip
_MACHINE: dict[str, tuple[int | None, int | None]] = {
    "mount": (165, 40), "umount2": (166, 39), "pivot_root": (155, 41), "chroot": (161, 51), "move_mount": (429, 429),
    "open_tree": (428, 428), "open_tree_attr": (467, 467), "fsopen": (430, 430), "fsconfig": (431, 431),
    "fsmount": (432, 432), "fspick": (433, 433), "mount_setattr": (442, 442), "unshare": (272, 97),
    "setns": (308, 268), "quotactl": (179, 60), "quotactl_fd": (443, 443), "acct": (163, 89), "swapon": (167, 224),
    "swapoff": (168, 225), "init_module": (175, 105), "finit_module": (313, 273), "delete_module": (176, 106),
    "kexec_load": (246, 104), "kexec_file_load": (320, 294), "reboot": (169, 142), "syslog": (103, 116),
    "settimeofday": (164, 170), "clock_settime": (227, 112), "clock_adjtime": (305, 266), "adjtimex": (159, 171),
    "sethostname": (170, 161), "setdomainname": (171, 162), "iopl": (172, None), "ioperm": (173, None),
    "vhangup": (153, 58),
}  # fmt: skip
REFUSED = _NETWORK | _ROUNDABOUT | _OTHER_PROCESSES | _LASTING | _MACHINE
"""Calls that are refused whatever their arguments are."""

STARTING: dict[str, tuple[int | None, int | None]] = {
    "fork": (57, None), "vfork": (58, None), "clone": (56, 220)
}  # fmt: skip
"""Calls that start processes and threads."""

_CLONE3 = (435, 435)
_PRLIMIT = (302, 261)
# Flags of clone that make namespaces.
_NAMESPACES = 0x7E020000
_X32 = 0x40000000

# Where a call's data lie.
_NUMBER, _ARCHITECTURE, _FIRST_ARGUMENT = 0, 4, 16

_LOAD, _RETURN = 0x20, 0x06
_IF_EQUAL, _IF_GREATER_OR_EQUAL, _IF_ANY_BIT = 0x15, 0x35, 0x45
_ALLOW, _KILL, _EPERM, _ENOSYS = 0x7FFF0000, 0x80000000, 0x00050000 | 1, 0x00050000 | 38

_Step = tuple[int, int, int, int]


def filter_program(machine: str, *, forks: bool = False) -> bytes | None:
    """The program for this machine, or None where we have none for it.

    Args:
        machine: as `platform.machine()` calls it.
        forks: whether processes and threads may be started; namespaces may not in any case.
    """
    column = _MACHINES.get(machine)
    if column is None:
        return None
    refused = [row[column] for row in REFUSED.values()]
    if not forks:
        refused += [row[column] for row in STARTING.values()]
    numbers = sorted(number for number in refused if number is not None)
    steps: list[_Step] = [
        (_LOAD, 0, 0, _ARCHITECTURE),
        (_IF_EQUAL, 1, 0, _AUDIT[column]),
        # Calls of another kind of program have other numbers.
        (_RETURN, 0, 0, _KILL),
        (_LOAD, 0, 0, _NUMBER),
        (_IF_GREATER_OR_EQUAL, 0, 1, _X32),
        (_RETURN, 0, 0, _EPERM),
        # The C library asks for clone instead when it hears that there is no such call; that one can be looked at.
        (_IF_EQUAL, 0, 1, _CLONE3[column]),
        (_RETURN, 0, 0, _ENOSYS),
        # Its own limits a process may lower.
        *_unless(_PRLIMIT[column], _IF_EQUAL, 0, refused_if=False),
    ]
    clone = STARTING["clone"][column]
    if forks and clone is not None:
        steps += _unless(clone, _IF_ANY_BIT, _NAMESPACES, refused_if=True)
    steps += [(_IF_EQUAL, len(numbers) - at, 0, number) for at, number in enumerate(numbers)]
    steps += [(_RETURN, 0, 0, _ALLOW), (_RETURN, 0, 0, _EPERM)]
    return b"".join(struct.pack("=HBBI", *step) for step in steps)


def _unless(number: int, test: int, value: int, *, refused_if: bool) -> list[_Step]:
    """Steps that decide a call by its first argument; others go past them."""
    if_true, if_false = (_EPERM, _ALLOW) if refused_if else (_ALLOW, _EPERM)
    return [
        (_IF_EQUAL, 0, 4, number),
        (_LOAD, 0, 0, _FIRST_ARGUMENT),
        (test, 0, 1, value),
        (_RETURN, 0, 0, if_true),
        (_RETURN, 0, 0, if_false),
    ]
