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


@pytest.fixture
def reference(root):
    folder = root / "scenarios" / "shop" / "reference"
    (folder / "components").mkdir(parents=True)
    (folder / "plan.yaml").write_text(PLAN)
    (folder / "components" / "server.py").write_text("")
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


def test_mutants_are_checked_where_there_are_some(root, report):
    path = root / "scenarios" / "shop" / "mutants.yaml"
    edit = "{on: server.served, nth: 1, drop: true}"
    path.write_text(f"system: shop\nmutants: [{{id: lost, breaks: none, trace: [{edit}]}}]\n")

    code, files = report()

    assert code == 1
    assert "mutants need a reference simulator" in files["scenarios/shop/mutants.yaml"][1]

    change(path, "id: lost", "id: lost, cause: none")
    assert "cause" in report()[1]["scenarios/shop/mutants.yaml"][1]
