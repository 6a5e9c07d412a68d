"""`gsim-devs validate`: everything of a system agrees with everything else."""

from __future__ import annotations

import json

import pytest

from gsim_devs.cli import main


@pytest.fixture
def root(tmp_path, monkeypatch):
    """A folder with one system, seen from inside."""
    monkeypatch.chdir(tmp_path)
    main(["new", "shop"])
    return tmp_path


@pytest.fixture
def report(root, capsys):
    """Validate, and return the exit code and what was found of each file."""

    def validate(*ids: str) -> tuple[int, dict[str, tuple[str, str]]]:
        code = main(["validate", *ids, "--json", "report.json"])
        systems = json.loads((root / "report.json").read_text())["systems"]
        files = [file for system in systems for file in system["files"]]
        return code, {file["file"]: (file["status"], " ".join(file["defects"])) for file in files}

    return validate


def change(path, old, new):
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))


def test_a_line_for_each_file(root, capsys):
    capsys.readouterr()

    code = main(["validate"])

    assert code == 0
    assert capsys.readouterr().out.splitlines() == [
        "ok         specs/shop.md",
        "ok         contracts/shop.yaml",
        "ok         trace_checkers/shop.yaml",
        "ok         scenarios/shop/cases.yaml",
        "absent     scenarios/shop/reference/plan.yaml",
    ]


def test_all_systems_are_validated_where_none_is_named(report):
    main(["new", "queue"])

    _, files = report()

    assert [name for name in files if name.startswith("contracts")] == [
        "contracts/queue.yaml",
        "contracts/shop.yaml",
    ]


def test_a_specification_must_exist_and_say_something(root, report):
    (root / "specs" / "shop.md").write_text(" \n")
    assert report()[1]["specs/shop.md"] == ("defective", "it is empty")

    (root / "specs" / "shop.md").unlink()
    assert report() == (1, report()[1])
    assert report()[1]["specs/shop.md"] == ("defective", "there is no specification")


def test_a_contract_with_a_typo_in_a_key_is_defective(root, report):
    change(root / "contracts" / "shop.yaml", "interval: {type", "interval: {tpye")

    code, files = report()

    status, defects = files["contracts/shop.yaml"]
    assert (code, status) == (1, "defective")
    assert "arguments.interval" in defects
    assert "type" in defects


@pytest.mark.parametrize(
    "file", ["contracts/shop.yaml", "trace_checkers/shop.yaml", "scenarios/shop/cases.yaml"]
)
def test_a_file_that_speaks_of_another_system_is_defective(root, report, file):
    key = "id" if file.startswith("contracts") else "system"
    change(root / file, f"\n{key}: shop\n", f"\n{key}: other\n")

    code, files = report()

    assert code == 1
    assert files[file][0] == "defective"
    assert "other" in files[file][1]


def test_cases_are_checked_against_the_contract(root, report):
    change(root / "scenarios" / "shop" / "cases.yaml", "interval: 10.0", "intervall: 10.0")

    code, files = report()

    status, defects = files["scenarios/shop/cases.yaml"]
    assert (code, status) == (1, "defective")
    assert "intervall" in defects


def test_a_rule_without_its_clause_is_defective(root, report):
    change(root / "trace_checkers" / "shop.yaml", "    clause: Each end of service is reported.\n", "")

    code, files = report()

    status, defects = files["trace_checkers/shop.yaml"]
    assert (code, status) == (1, "defective")
    assert "clause" in defects


def test_rules_are_held_against_contract_specification_and_code(root, report):
    rules = [
        {"id": "one", "clause": "Nobody says this.", "kind": "exists", "event": "server.severed"},
        {"id": "two", "clause": "Nor this.", "kind": "reference", "fields": ["customre"]},
    ]
    path = root / "trace_checkers/shop.yaml"
    path.write_text(json.dumps({"system": "shop", "rules": [{**rule, "level": "system"} for rule in rules]}))

    _, files = report()

    status, defects = files["trace_checkers/shop.yaml"]
    assert status == "defective"
    for part in ("no event 'server.severed'", "does not say 'Nobody says this.'", "did you mean 'customer'"):
        assert part in defects

    code = {"id": "three", "clause": "Or this.", "level": "system", "kind": "python"}
    code |= {"function": "three", "on": ["server.served"]}
    path.write_text(json.dumps({"system": "shop", "rules": [code]}))
    assert "shop.py: cannot be read" in report()[1]["trace_checkers/shop.yaml"][1]
    path.with_suffix(".py").write_text("raise SystemExit\n\n\ndef tree(records, run): ...\n")
    assert "has no function 'three' (did you mean 'tree'?)" in report()[1]["trace_checkers/shop.yaml"][1]


def test_an_unknown_system_is_told(report):
    code, files = report("shoop")

    assert code == 1
    assert files["contracts/shoop.yaml"][0] == "defective"
    assert "cannot be read" in files["contracts/shoop.yaml"][1]


def test_a_folder_without_systems_is_refused(tmp_path, capsys):
    code = main(["validate", "--root", str(tmp_path)])

    assert code == 2
    assert "no contract in" in capsys.readouterr().err


PLAN = """
system: shop
messages: {}
models:
  Server:
    function: serves one customer after another
    logging: the end of each service
    emits: [served]
    arguments: {interval: float, service_time: float}
root:
  name: Shop
  about: a shop
  children:
    - name: server
      model: Server
      arguments: {interval: {argument: interval}, service_time: {argument: service_time}}
  couplings: []
"""

SERVER = """
from runtime import Atomic


class Server(Atomic):
    def __init__(self, interval, service_time):
        self.interval, self.service_time, self.count = interval, service_time, 0

    def start(self):
        self.after(self.interval, self.on_served)

    def on_served(self):
        self.count += 1
        self.emit("served", customer=self.count)
        self.after(self.interval, self.on_served, order=0)
"""


@pytest.fixture
def reference(root):
    folder = root / "scenarios" / "shop" / "reference"
    (folder / "components").mkdir(parents=True)
    (folder / "plan.yaml").write_text(PLAN)
    (folder / "components" / "server.py").write_text(SERVER)
    return folder


NAME = "scenarios/shop/reference/plan.yaml"


def test_a_reference_that_agrees(reference, report):
    code, files = report()

    assert (code, files[NAME]) == (0, ("ok", ""))


def test_the_plan_of_the_reference_is_checked_against_the_contract(reference, report):
    change(reference / "plan.yaml", "emits: [served]", "emits: [served, shaved]")

    code, files = report()

    assert code == 1
    assert "shaved" in files[NAME][1]


def test_every_model_has_its_file_and_every_file_its_model(reference, report):
    (reference / "components" / "server.py").rename(reference / "components" / "sever.py")

    _, files = report()

    assert files[NAME] == (
        "defective",
        "model Server has no components/server.py components/sever.py belongs to no model",
    )


@pytest.mark.parametrize(
    ("old", "new", "defect"),
    [
        ("class Server", "class Sever", "The file defines no class Server; give the class that name."),
        ("interval, service_time):", "interval):", "__init__ must take (self, interval, service_time), not"),
        ('"served"', '"severed"', "Line 14: 'severed' is no event of this component; its events: served."),
        ("customer=self", "custmer=self", "Line 14: the payload of served lacks customer."),
        ("self.on_served)", "self.on_severed)", "Line 10: there is no method on_severed."),
        ("order=0", "order=2", "Line 15: on_served is set with order 2; the plan says 0, as for every timer that"),
        ("def start(self):", "def start(self:", "The file is not Python, line 9: "),
        ("class Server(Atomic)", "class Server", "The class Server must be derived from Atomic"),
    ],
)  # fmt: skip
def test_the_components_of_the_reference_are_held_against_the_plan(reference, report, old, new, defect):
    change(reference / "components" / "server.py", old, new)

    code, files = report()

    status, defects = files["scenarios/shop/reference/components/server.py"]
    assert (code, status) == (1, "defective")
    assert defect in defects
    assert files[NAME] == ("ok", "")


@pytest.mark.parametrize(("order", "is_sound"), [("1", False), ("3", True), ("self.count", True)])
def test_the_orders_of_timers_are_those_of_the_plan(reference, report, order, is_sound):
    change(
        reference / "plan.yaml",
        "    arguments: {interval: f",
        "    orders: {on_served: 3}\n    arguments: {interval: f",
    )
    source = reference / "components" / "server.py"
    change(source, "self.after(self.interval, self.on_served)", "self.at(0, self.on_served, order=3)")
    change(source, "order=0", f"order={order}")

    _, files = report()

    found = files.get("scenarios/shop/reference/components/server.py", ("ok", ""))
    told = ("defective", "Line 15: on_served is set with order 1; the plan says 3.")
    assert found == (("ok", "") if is_sound else told)


def test_a_timer_that_the_plan_orders_must_be_a_method(reference, report):
    change(
        reference / "plan.yaml",
        "    arguments: {interval: f",
        "    orders: {on_serve: 3}\n    arguments: {interval: f",
    )

    _, files = report()

    told = "The plan has a timer on_serve, but there is no such method (on_served?)."
    assert files["scenarios/shop/reference/components/server.py"] == ("defective", told)


def test_a_component_that_is_no_text_is_told(reference, report):
    (reference / "components" / "server.py").write_bytes(b"\xff")

    assert report()[1]["scenarios/shop/reference/components/server.py"][1] == "It is not UTF-8 text."


def test_mutants_are_checked_where_there_are_some(root, report):
    path = root / "scenarios" / "shop" / "mutants.yaml"
    edit = "{on: server.served, nth: 1, drop: true}"
    path.write_text(f"system: shop\nmutants: [{{id: lost, breaks: none, trace: [{edit}]}}]\n")

    code, files = report()

    assert code == 1
    assert "mutants need a reference simulator" in files["scenarios/shop/mutants.yaml"][1]

    change(path, "id: lost", "id: lost, cause: none")
    assert "cause" in report()[1]["scenarios/shop/mutants.yaml"][1]


DATA = """system: shop
variants:
  usual:
    arguments: {customers: [1, 5]}
"""


def test_how_data_are_made_is_held_against_the_contract(root, report):
    path = root / "scenarios/shop/data.yaml"
    name = "scenarios/shop/data.yaml"

    path.write_text(DATA)
    _, unknown = report("shop")
    path.write_text(
        DATA.replace("system: shop", "system: queue").replace("    arguments: {customers: [1, 5]}", "    {}")
    )
    _, misnamed = report("shop")
    path.write_text(DATA.replace("variants", "variant"))
    code, broken = report("shop")

    assert unknown[name] == ("defective", "usual: there is no argument 'customers' in the contract")
    assert "speaks of queue" in misnamed[name][1]
    assert code == 1
    assert "variant" in broken[name][1]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("STEP = 1.0\n\n\ndef step(state, parameters, actions, draw):\n    return state\n", ""),
        ("def step(state):\n    return state\n", "STEP = 1.0 it has no function step(state, parameters"),
        ("def (", "it is no Python"),
    ],
)
def test_steps_of_arrays_are_looked_at_and_not_run(root, report, text, said):
    path = root / "scenarios/shop/reference/arrays.py"
    path.parent.mkdir()
    path.write_text(text)

    status, defects = report("shop")[1]["scenarios/shop/reference/arrays.py"]

    assert status == ("defective" if said else "ok")
    assert said in defects


def test_a_system_can_be_named_by_its_folder_and_a_file_alone(root, report, capsys):
    whole = report("scenarios/shop")[1]

    assert whole == report("shop")[1]
    for name in ("contracts/shop.yaml", "scenarios/shop/cases.yaml", "specs/shop.md"):
        assert report(name) == (0, {name: whole[name]})
    capsys.readouterr()
    assert main(["validate", "scenarios/shop/nothing.yaml"]) == 2
    assert "is no file of a system that could be validated" in capsys.readouterr().err
