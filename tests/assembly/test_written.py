"""What is written from plans reads like a person's work: the formatter, the linter and the type checker are content."""

from __future__ import annotations

import random
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from gsim_devs.assembly import assemble
from gsim_devs.contracts import Contract, PlanTree, emitters, from_data
from gsim_devs.contracts.documents import read_yaml

ROOT = Path(__file__).parents[2]
ZOO = read_yaml(Path(__file__).with_name("zoo.yaml").read_text(encoding="utf-8"), "zoo.yaml").data
WRITTEN = ("__main__.py", "system.py", "messages.py", "components/__init__.py")


def completed(
    system: str, plan_data: dict[str, Any], contract_data: dict[str, Any]
) -> tuple[PlanTree, Contract]:
    plan = from_data(PlanTree, {"system": system} | plan_data, "plan")
    arguments = {"until": {"type": "number", "default": 10}, **contract_data.pop("arguments", {})}
    events = [{"entity": entity, "event": event} for entity, event in emitters(plan)]
    common = {"id": system, "time": {"unit": "s"}, "horizon": {"argument": "until"}}
    return plan, from_data(
        Contract, {**common, **contract_data, "arguments": arguments, "events": events}, "contract"
    )


def crowd(copied: int, single: int) -> tuple[PlanTree, Contract]:
    """As many parts, wires and loops in one coupled model as a linter likes, or more."""
    models = {
        "Spring": {
            "function": "x",
            "outputs": {"out": {"message": "Drop", "initial": True}},
            "emits": ["sprung"],
        },
        "Pool": {"function": "x", "inputs": {"drop": {"message": "Drop"}}},
    }
    pools = [{"name": f"pool_{number}", "model": "Pool"} for number in range(copied + single)]
    pools = [pool | ({"copies": 2} if index < copied else {}) for index, pool in enumerate(pools)]
    couplings = [{"from": "spring.out", "to": f"{pool['name']}.drop"} for pool in pools]
    root = {
        "name": "Crowd",
        "children": [{"name": "spring", "model": "Spring"}, *pools],
        "couplings": couplings,
    }
    return completed(
        "crowd", {"messages": {"Drop": {}}, "models": models, "root": root}, {"title": "A crowd"}
    )


def generated(seed: int) -> tuple[PlanTree, Contract]:
    """A spring, then pipes in a row that are copied and nested at random, under names of any length."""
    choice = random.Random(seed)
    count = 0

    def name(words: int) -> str:
        nonlocal count
        count += 1
        return "_".join(
            [*choice.choices(["pipe", "of", "lead", "copper", "a", "crossing"], k=words), f"n{count}"]
        )

    def row(depth: int, source: str) -> tuple[list[Any], list[Any], str]:
        children, couplings = [], []
        for _ in range(choice.randint(1, 4)):
            child: dict[str, Any] = {"name": name(choice.randint(1, 6))}
            if depth and choice.random() < 0.4:
                inner, joined, last = row(depth - 1, "entered")
                port = {"message": "Water"}
                child |= {"class": name(choice.randint(1, 4)).title().replace("_", "")}
                child |= {"inputs": {"entered": port}, "outputs": {"left": port}, "children": inner}
                child["couplings"] = [*joined, {"from": last, "to": "left"}]
            else:
                child |= {"model": "Pipe", "arguments": {"width": choice.choice(BINDINGS)}}
                child |= choice.choice(
                    [{}, {}, {"entity": "pipes"}, {"copies": 3}, {"copies": {"argument": "pipes"}}]
                )
            couplings.append({"from": source, "to": f"{child['name']}.entered"})
            source = f"{child['name']}.left"
            children.append(child)
        return children, couplings, source

    port = {"message": "Water"}
    models = {
        "Spring": {"function": "x", "outputs": {"left": {**port, "initial": True}}, "emits": ["sprung"]},
        "Pipe": {
            "function": "x",
            "arguments": {"width": "float"},
            "inputs": {"entered": port},
            "outputs": {"left": port},
            "emits": ["flowed"],
        },
    }
    children, couplings, last = row(3, "spring.left")
    children.insert(0, {"name": "spring", "model": "Spring"})
    children.append({"name": "always", "model": "Pipe", "arguments": {"width": {"argument": "width"}}})
    children.append(
        {
            "name": "often",
            "model": "Pipe",
            "copies": {"argument": "pipes"},
            "arguments": {"width": {"value": 1}},
        }
    )
    couplings += [{"from": last, "to": "always.entered"}, {"from": last, "to": "often.entered"}]
    root = {
        "name": "River",
        "children": children,
        "couplings": couplings,
        "unused": ["always.left", "often.left"],
    }
    arguments = {"pipes": {"type": "integer", "default": 2}, "width": {"type": "number", "default": 1.5}}
    plan = {"messages": {"Water": {"fields": {"litres": "float"}}}, "models": models, "root": root}
    return completed(f"river{seed}", plan, {"title": "A river", "arguments": arguments})


BINDINGS = [{"argument": "width"}, {"value": 2.5}, {"value": 1}]

RIVERS = [f"river{seed}" for seed in range(20)]
CROWDS = [f"crowd_{size}" for size in ("9_0", "10_0", "12_0", "13_0", "0_23", "0_24", "0_25", "30_30")]
NAMES = [*ZOO, *RIVERS, *CROWDS]


def inhabitant(name: str) -> tuple[PlanTree, Contract]:
    if name in CROWDS:
        return crowd(*map(int, name.split("_")[1:]))
    if name.startswith("river"):
        return generated(int(name.removeprefix("river")))
    return completed(name, ZOO[name]["plan"], dict(ZOO[name]["contract"]))


@pytest.fixture(scope="module")
def zoo(tmp_path_factory, idle) -> Path:
    """A folder with all of them."""
    folder = tmp_path_factory.mktemp("zoo")
    for name in NAMES:
        plan, contract = inhabitant(name)
        assemble(plan, idle(plan), contract, folder / name)
    return folder


def ruff(*arguments: str | Path, cwd: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "ruff", *arguments, "--no-cache"]
    return subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=False)


def mypy(folder: Path, cache: Path) -> list[str]:
    # xdevs is partly typed and does not say so: as in this repository's own settings.
    about_xdevs = ["--follow-untyped-imports", "--untyped-calls-exclude", "xdevs"]
    command = [sys.executable, "-m", "mypy", "--strict", *about_xdevs, "--cache-dir", cache, "."]
    result = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert "source file" in result.stdout, result.stdout + result.stderr
    # The runtime is checked where it is written.
    return [
        line for line in result.stdout.splitlines() if ": error:" in line and not line.startswith("runtime/")
    ]


def test_the_formatter_leaves_everything_as_it_is(zoo, abp):
    files = [str(folder / name) for folder in (abp, *zoo.iterdir()) for name in WRITTEN]

    result = ruff("format", "--check", "--diff", "--config", ROOT / "pyproject.toml", *files, cwd=zoo)

    assert result.stdout == ""
    assert f"{len(files)} files already formatted" in result.stderr


@pytest.mark.parametrize(
    "rules",
    [
        ("--config", ROOT / "pyproject.toml"),
        ("--isolated", "--select", "E,F,W,I,D4,ERA,B,SIM,C4", "--line-length", "110"),
    ],
)
def test_the_linter_has_nothing_to_say(zoo, abp, rules):
    files = [str(folder / name) for folder in (abp, *zoo.iterdir()) for name in WRITTEN]

    assert ruff("check", *rules, *files, cwd=zoo).stdout == "All checks passed!\n"


@pytest.mark.parametrize("name", ["abp", *ZOO, RIVERS[0], CROWDS[-1]])
def test_the_type_checker_is_content(zoo, abp, name, tmp_path_factory):
    cache = tmp_path_factory.getbasetemp() / "mypy"

    assert mypy(abp if name == "abp" else zoo / name, cache) == []


def test_the_type_checker_would_complain(tmp_path, tmp_path_factory, idle):
    plan, contract = inhabitant("nothing_but_a_bell")
    sources = {"Bell": idle(plan)["Bell"] + "    def __init__(self, weight: float) -> None:\n        pass\n"}
    folder = assemble(plan, sources, contract, tmp_path / "bell")

    assert "Missing positional argument" in mypy(folder, tmp_path_factory.getbasetemp() / "mypy")[0]


@pytest.mark.parametrize("name", [*ZOO, *RIVERS[:3], CROWDS[-1]])
def test_every_model_can_be_built_and_run(zoo, simulate, name):
    assert simulate(zoo / name) == []
