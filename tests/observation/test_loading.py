"""Data files: what is refused, what is warned of, and how several become one dataset."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gsim_devs.contracts import Contract, parse_yaml
from gsim_devs.errors import UsageError
from gsim_devs.observation import load_dataset
from gsim_devs.observation.tables import LARGEST_FILE, LONGEST_ROW
from tests.observation.sir import CONTRACT

GOOD = "trajectory,t,S,I,R\na,0,9,1,0\na,1,8,2,0\nb,0,9,2,0\nb,1,9,1,1\n"


@pytest.fixture
def load(tmp_path, contract):
    """Load datasets from the texts of CSV files, called 1.csv and so on."""

    def loaded(*texts: str, contract: Contract = contract):
        paths = [tmp_path / f"{number}.csv" for number in range(1, len(texts) + 1)]
        for path, text in zip(paths, texts, strict=True):
            path.write_text(text)
        return load_dataset(paths, contract)

    return loaded


def test_a_table_becomes_trajectories(load):
    found = load(GOOD)

    assert found.names == ("S", "I", "R")
    assert [one.id for one in found.trajectories] == ["a", "b"]
    assert found.trajectories[1].times.tolist() == [0, 1]
    assert found.trajectories[1].values.tolist() == [[9, 2, 0], [9, 1, 1]]
    assert found.warnings == ()


def test_a_state_that_no_simulation_could_start_from_is_refused(load):
    bounded = CONTRACT.replace("default: 90, minimum: 0", "default: 90, minimum: 0, maximum: 500")
    contract = parse_yaml(Contract, bounded, "sir.yaml")

    with pytest.raises(UsageError) as caught:
        load("trajectory,t,S\na,0,500\na,1,501\n", contract=contract)

    assert str(caught.value).endswith(
        "1.csv: line 3: S is 501; it should be at most 500, as the argument susceptible that takes it"
    )


def test_rows_may_come_in_any_order_and_columns_too(load):
    shuffled = "I,t,R,trajectory,S\n1,1,1,b,9\n2,1,0,a,8\n2,0,0,b,9\n1,0,0,a,9\n"

    found = {one.id: one.values.tolist() for one in load(shuffled).trajectories}

    assert found == {one.id: one.values.tolist() for one in load(GOOD).trajectories}


def test_files_with_other_columns_spans_and_rates_are_joined(load):
    found = load("trajectory,t,S\na,0,9\na,1,8\na,2,7\n", "trajectory,t,I,S\na,2,3,7\na,4,5,\nb,0.5,1,1\n")

    a, b = found.trajectories
    assert a.times.tolist() == [0, 1, 2, 4]
    np.testing.assert_array_equal(a.values, [[9, math.nan], [8, math.nan], [7, 3], [math.nan, 5]])
    assert (b.times.tolist(), b.values.tolist()) == ([0.5], [[1, 1]])


@pytest.mark.parametrize("cell", ["", " ", "NA", "nan", "NaN"])
def test_missing_cells_are_nan(load, cell):
    found = load(f"trajectory,t,S,I\na,0,{cell},1\na,1,3,2\n")

    assert math.isnan(found.trajectories[0].values[0, 0])


REFUSED = {
    "trajectory,t,S,X\na,0,1,1\n": "1.csv: the column 'X' is no observable or action of sir",
    "trajectory,t,nw\na,0,1\n": "1.csv: the column 'nw' is no observable or action of sir; did you mean 'new'?",
    "trajectory,t,S\na,0,1\na,1,-2\n": "1.csv: line 3: S is -2; it should be at least 0",
    "trajectory,t,S\na,0,1.5\n": "1.csv: line 2: S is 1.5; it should be a whole number",
    "trajectory,t,closed\na,0,2\n": "1.csv: line 2: closed is 2; it should be at most 1",
    "trajectory,t,S\na,0,1\na,1,2\na,0,3\n": "1.csv: line 4: trajectory a has t = 0 already in line 2",
    "trajectory,t,S\na,0,many\n": "1.csv: line 2: S is 'many'; it should be a number, or empty where it is missing",
    "trajectory,t,S\na,0,1_000\n": "1.csv: line 2: S is '1_000'; it should be a number",
    "trajectory,t,S\na,0,1\0\n": "1.csv: line 2:",
    "trajectory,t,S\na,0,1e999\n": "1.csv: line 2: S is infinite; it should be a finite number",
    "trajectory,t,S\na,0,inf\n": "1.csv: line 2: S is infinite; it should be a finite number",
    "trajectory,t,S\na,,1\n": "1.csv: line 2: t is missing; every row needs the time that it is about",
    "trajectory,t,S\n,1,1\n": "1.csv: line 2: trajectory is missing; every row needs the name of its trajectory",
    "trajectory,t,S\na,0\n": "1.csv: line 2: has 2 cells, the header 3",
    "trajectory,t,S,S\na,0,1,1\n": "1.csv: has two columns called 'S'",
    "trajectory,t,S,X\na,0,1,mild\n": "1.csv: the column 'X' is no observable or action of sir",
    "t,S\n0,1\n": "1.csv: has no column 'trajectory'; the columns are trajectory, t, and observables",
    "trajectory,S\na,1\n": "1.csv: has no column 't'; the columns are trajectory, t, and observables",
    "trajectory,day,S\na,0,1\n": "1.csv: has no column 't'; is it 'day'? name that column t, and let it hold numbers",
    "trajectory,Date,S\na,0,1\n": "1.csv: has no column 't'; is it 'Date'? name that column t",
    "Trajectory,t,S\na,0,1\n": "1.csv: has no column 'trajectory'; is it 'Trajectory'? name that column trajectory",
    "trajectory,t\na,0\n": "1.csv: has no columns beside trajectory and t",
    "trajectory,t,S\n": "1.csv: has no rows",
    "": "1.csv: is empty",
    "\n": "1.csv: has no column 'trajectory'",
    "trajectory;t;S\na;0,5;1\n": "1.csv: has no column 'trajectory'; its columns are separated by semicolons: separate",
    "trajectory\tt\tS\na\t0\t1\n": "1.csv: has no column 'trajectory'; its columns are separated by tabs",
    'trajectory,t,S\na,"0,5",1\n': "1.csv: line 2: t is '0,5'; it should be a number with a decimal point",
    "trajectory,t,S\na,0,5,1\n": "1.csv: line 2: has 4 cells, the header 3; a number with a decimal comma is two cells",
    "trajectory,t,S\na,2026-01-31,1\n": "it should be a number in the contract's unit of time",
    "trajectory,t,S\na\x1b[2J,0,1\n": "1.csv: line 2: trajectory is 'a\\x1b[2J'; a name has",
    'trajectory,t,S\n"a,0,1\n': "1.csv: line 2: is not CSV",
}


@pytest.mark.parametrize("text", REFUSED)
def test_what_is_wrong_is_said_in_one_sentence(load, text):
    with pytest.raises(UsageError) as caught:
        load(text)

    assert REFUSED[text] in str(caught.value)
    assert "\n" not in str(caught.value)


def test_files_that_contradict_each_other_are_refused(load):
    with pytest.raises(
        UsageError, match=r"2.csv: line 2: S is 5, but 9 in another file, for trajectory a at t = 0"
    ):
        load(GOOD, "trajectory,t,S\na,0,5\n")


def test_what_is_no_text_file_is_refused(tmp_path, contract):
    path = tmp_path / "data.csv"
    path.write_bytes(b"trajectory,t,S\n\xff\xfe,0,1\n")

    with pytest.raises(UsageError, match="not UTF-8"):
        load_dataset(path, contract)
    with pytest.raises(UsageError, match="cannot be read"):
        load_dataset(tmp_path / "none.csv", contract)
    with pytest.raises(UsageError, match="is no file"):
        load_dataset(tmp_path, contract)
    with pytest.raises(UsageError, match="no data file"):
        load_dataset([], contract)


def test_a_file_that_is_too_large_is_refused_unread(tmp_path, contract):
    path = tmp_path / "data.csv"
    with path.open("wb") as file:
        file.truncate(LARGEST_FILE + 1)

    with pytest.raises(UsageError, match="divide the file"):
        load_dataset(path, contract)


def test_a_row_that_never_ends_is_refused_before_it_fills_the_memory(load):
    with pytest.raises(UsageError, match="line 1: the row has more than 1048576 characters"):
        load("," * (LONGEST_ROW + 1))
    # A quoted cell after the other goes on on the next line.
    with pytest.raises(UsageError, match="the row has more than 1048576 characters"):
        load("trajectory,t,S\n" + '"x\n",' * LONGEST_ROW)


WARNED = {
    "trajectory,t,S\na,0,1\nb,0,2\na,2,2\na,1,1\nb,2,1\nb,1,1\n": [
        "{folder}/1.csv: line 5: trajectory a goes back from t = 2 to 1; rows were put in order (and 1 more like this)"
    ],
    "trajectory,t,S\na,0,1\na,1,2\n": ["there is one trajectory only, and none to validate with"],
    "trajectory,t,S,I,R\na,0,1,4,0\nb,0,2,4,0\nb,1,2,4,0\n": [
        "I is 4, R is 0 everywhere; nothing can be learned from that",
        "trajectory a has one row only, and shows no change",
    ],
    "trajectory,t,S,I\na,0,1,\na,1,2,\nb,0,2,\nb,1,2,\n": ["I: there is no value at all"],
    "trajectory,t,S\na,0,1\na,1,2\na,2,2\na,5,2\na,6,2\nb,0,1\nb,1,1\nb,3,1\n": [
        "trajectory a has a gap from t = 2 to 5; steps are 1 else (and 1 more like this)"
    ],
}


@pytest.mark.parametrize("text", WARNED)
def test_what_is_odd_is_warned_of(load, text, tmp_path):
    assert list(load(text).warnings) == [one.format(folder=tmp_path) for one in WARNED[text]]


CELLS = st.one_of(
    st.sampled_from(
        ["trajectory", "t", "S", "closed", "0", "1", "-1", "nan", "", "1e999", '"', "\r", "\0", "é"]
    ),
    st.text(max_size=4),
)


@given(
    header=st.sampled_from(["trajectory,t,S\n", "t,S,trajectory\n", ""]),
    rows=st.lists(st.lists(CELLS, max_size=4).map(",".join), max_size=5),
)
def test_a_hostile_file_is_data_or_one_sentence(header, rows, tmp_path_factory, contract):
    path = tmp_path_factory.mktemp("hostile") / "data.csv"
    path.write_bytes((header + "\n".join(rows)).encode(errors="surrogatepass"))

    try:
        found = [one.times for one in load_dataset(path, contract).trajectories]
    except UsageError as error:
        found, said = [], str(error)
    else:
        said = ""

    assert "\n" not in said
    assert bool(said) != bool(found)
    assert all((np.diff(times) > 0).all() for times in found)


def test_texts_travel_beside_the_numbers(load):
    with_text = CONTRACT.replace("R: {type: integer", "note: {type: string}\n      R: {type: integer")
    with_text = with_text.replace(
        "observables:\n", "observables:\n  note: {type: text, event: state, field: note}\n"
    )
    contract = parse_yaml(Contract, with_text, "sir.yaml")

    found = load('trajectory,t,S,note\na,0,9,"[1, 2]"\na,1,8,\n', contract=contract)

    assert found.names == ("S",)
    assert found.trajectories[0].texts == {"note": ("[1, 2]", "")}


def test_a_text_that_no_simulation_could_start_from_is_refused(load):
    changed = CONTRACT.replace("R: {type: integer", "note: {type: string}\n      R: {type: integer")
    changed = changed.replace(
        "observables:\n", "observables:\n  note: {type: text, event: state, field: note}\n"
    )
    changed = changed.replace(
        "stdin:\n", '  memo: {type: text, default: none, pattern: "none|[a-z]:[0-9]+"}\nstdin:\n'
    )
    changed = changed.replace("recovered: R}", "recovered: R, memo: note}")
    contract = parse_yaml(Contract, changed, "sir.yaml")

    assert len(load("trajectory,t,S,note\na,0,9,x:12\na,1,8,\na,2,8,none\n", contract=contract)) == 1
    with pytest.raises(UsageError) as caught:
        load("trajectory,t,S,note\na,0,9,x:12\na,1,8,x:many\n", contract=contract)
    assert "line 3: note is 'x:many'; it should look like none|[a-z]:[0-9]+, as the argument memo" in str(
        caught.value
    )


def test_a_split_is_by_trajectory_and_by_seed(load):
    text = "trajectory,t,S\n" + "".join(f"{name},{t},{t}\n" for name in range(20) for t in range(2))
    whole = load(text)

    one, same, other = (whole.split(seed=seed) for seed in (1, 1, 2))

    parts = [
        [held.id for held in part.trajectories] for part in (one.train, one.validation, one.unseal("test"))
    ]
    assert [len(part) for part in parts] == [12, 4, 4]
    assert {name for part in parts for name in part} == {str(name) for name in range(20)}
    assert parts[0] == [held.id for held in same.train.trajectories]
    assert parts[0] != [held.id for held in other.train.trajectories]


def test_the_test_part_is_opened_by_its_name_alone(load):
    split = load(GOOD + "c,0,1,1,1\nc,1,1,1,1\n").split(seed=0)

    with pytest.raises(UsageError, match="called 'test'"):
        split.unseal("validation")
    assert len(split.unseal("test")) == 1
    assert "test" not in repr(split)


def test_too_few_trajectories_cannot_be_split(load):
    with pytest.raises(UsageError, match="2 trajectories cannot be split"):
        load(GOOD).split(seed=0)
    with pytest.raises(UsageError, match="leave nothing to train with"):
        load(GOOD).split(seed=0, validation=0.5, test=0.5)

    assert len(load(GOOD).split(seed=0, test=0).validation) == 1


def test_nobody_can_change_the_data(load):
    with pytest.raises(ValueError, match="read-only"):
        load(GOOD).trajectories[0].values[0, 0] = 1.0
