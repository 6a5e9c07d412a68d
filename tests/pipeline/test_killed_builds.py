"""A build that is killed at any moment goes on where it was: nothing that was answered is asked again."""

from __future__ import annotations

import random
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from gsim_devs.runs import read_run
from tests.llm.fault_server import Step, answer
from tests.pipeline.answers import SLOTS, SOURCES, answers, contents, environment, lay_out, serving

SECONDS_FOR_A_CHARACTER = 6e-5
ALL = SLOTS | {"component/sender/a2"}
TEXTS = answers(Sender=[SOURCES["Sender"].replace("(Atomic)", "(object)", 1), SOURCES["Sender"]])


def slowly(slot: str, text: str) -> Step:
    return answer(text, delay=len(text) * SECONDS_FOR_A_CHARACTER)


def begun(place: Path, url: str, *words: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-m", "gsim_devs", *words],
        cwd=place,
        env=environment(url),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
    )


def ended(process: subprocess.Popen[bytes]) -> None:
    _, said = process.communicate(timeout=60)
    assert process.returncode == 0, said.decode()


def killed_after(process: subprocess.Popen[bytes], seconds: float) -> None:
    time.sleep(seconds)
    process.kill()
    process.communicate()


def recorded(folder: Path) -> set[str]:
    return {
        path.relative_to(folder / "llm").with_suffix("").as_posix()
        for path in folder.glob("llm/**/[a-z]*.json")
    }


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory) -> dict[str, bytes]:
    """The simulator of a build that nobody kills."""
    place = lay_out(tmp_path_factory.mktemp("undisturbed"))
    with serving(TEXTS) as service:
        ended(begun(place, service.server.url, "build", "abp"))
    assert Counter(service.asked) == Counter(ALL)
    return contents(place / "build" / "abp")


@pytest.mark.parametrize("seed", range(2))
def test_only_what_was_on_its_way_is_asked_again(tmp_path, undisturbed, seed):
    chance = random.Random(seed)
    place = lay_out(tmp_path)
    words: tuple[str, ...] = ("build", "abp")
    kept: set[str] = set()
    with serving(TEXTS, slowly) as service:
        for pause in (chance.uniform(0.0, 0.7), chance.uniform(0.0, 0.7), None):
            before = len(service.asked)
            process = begun(place, service.server.url, *words)
            if pause is None:
                ended(process)
            else:
                wait_for(lambda: len(service.asked) > before or process.poll() is not None)  # noqa: B023
                killed_after(process, pause)
                wait_for(lambda: service.server.at_once == 0)
            asked = Counter(service.asked[before:])
            (folder,) = place.glob("runs/[!.]*")
            account = read_run(folder)
            assert account.damages == ()
            if account.status == "done":
                assert asked == Counter(ALL - kept)
                break
            assert account.status == "crashed"
            assert asked <= Counter(ALL - kept)
            kept = recorded(folder)
            words = ("runs", "resume", folder.name)

    assert account.status == "done"
    assert contents(place / "build" / "abp") == contents(folder / "simulator") == undisturbed


def wait_for(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.005)
