"""Another class in the place of a component: in the plan, among the sources, in what runs."""

from __future__ import annotations

import pytest

from gsim_devs.assembly import assemble, read_sources, swapped
from gsim_devs.contracts import load_contract, load_plan
from gsim_devs.errors import UsageError
from gsim_devs.execution import Job, Pool
from tests.runtime.simulators import ROOT

REFERENCE = ROOT / "scenarios" / "hospital" / "reference"
PLAN, SOURCES = load_plan(REFERENCE / "plan.yaml"), read_sources(REFERENCE)
CONTRACT = load_contract(ROOT / "contracts" / "hospital.yaml")
NOBODY = SOURCES["Arrivals"].replace("count = self.draw.poisson(self.arrival_rate)", "count = 0")


def counted(plan, sources, into):
    """How many patients came in a week, by disease, and all records of the others."""
    with Pool(assemble(plan, sources, CONTRACT, into), workers=1) as pool:
        (result,) = pool.run([Job({"days": 7}, seed=3)])
    assert result.ok, result.stderr
    told = [record for record in result.records if record[2] == "counted"]
    return {
        disease: [payload["patients"] for *_, payload in told if payload["disease"] == disease]
        for disease in (0, 1, 2)
    }


@pytest.mark.parametrize("name", ["Arrivals", "Nobody"])
def test_one_component_of_several_has_another_class(tmp_path, name):
    swap = swapped(PLAN, SOURCES, "disease_1", NOBODY.replace("Arrivals", name))

    before, after = (
        counted(plan, sources, tmp_path / str(number))
        for number, (plan, sources) in enumerate([(PLAN, SOURCES), (swap.plan, swap.sources)])
    )

    assert (swap.model, swap.found) == ({"Arrivals": "Arrivals2"}.get(name, name), name)
    assert sum(before[1]) > 0
    assert after == before | {1: [0] * 7}


@pytest.mark.parametrize("name", ["Arrivals", "Nobody"])
def test_all_components_of_a_model_have_another_class(tmp_path, name):
    swap = swapped(PLAN, SOURCES, "Arrivals", NOBODY.replace("Arrivals", name))

    assert (swap.model, swap.found) == ("Arrivals", name)
    assert swap.sources.keys() == SOURCES.keys()
    assert counted(swap.plan, swap.sources, tmp_path / "hospital") == dict.fromkeys((0, 1, 2), [0] * 7)


def test_one_after_another_can_be_swapped(tmp_path):
    swap = swapped(PLAN, SOURCES, "disease_0", NOBODY)
    swap = swapped(swap.plan, swap.sources, "disease_2", NOBODY)

    found = counted(swap.plan, swap.sources, tmp_path / "hospital")

    assert [sum(found[disease]) > 0 for disease in (0, 1, 2)] == [False, True, False]


def test_the_plan_that_was_given_stays_as_it_is():
    before = PLAN.model_dump_json()

    swapped(PLAN, SOURCES, "disease_0", NOBODY)

    assert PLAN.model_dump_json() == before


@pytest.mark.parametrize(
    ("place", "source", "said"),
    [
        ("disease_9", NOBODY, r"there is no component 'disease_9'; there are calendar, .* and the models Calendar, "),
        ("care", "class Care:", "it is not Python: "),
        ("care", "x = '\0'", "it is not Python: "),
        ("care", "(" * 100_000, "it is not Python: "),
        ("care", "x = 1", "it has no class derived from Atomic; wanted is one"),
        ("care", NOBODY + "\nclass B(Atomic): ...", "it has 2 classes derived from Atomic: Arrivals, B; wanted"),
    ],
)  # fmt: skip
def test_what_cannot_be_swapped_is_refused(place, source, said):
    with pytest.raises(UsageError, match=said):
        swapped(PLAN, SOURCES, place, source)
