"""Tables in Parquet files: the same data as in CSV, and what is refused."""

from __future__ import annotations

import sys
from decimal import Decimal

import numpy as np
import pytest

from gsim_devs.contracts import Contract, parse_yaml
from gsim_devs.errors import UsageError
from gsim_devs.observation import load_dataset
from gsim_devs.observation.generating import write_table
from tests.observation.sir import CONTRACT

ROWS = [["trajectory", "t", "S", "I"], ["a", 0, 9, 1], ["a", 0.5, 8, ""], ["b, c", 0, 1e6, 0]]


@pytest.fixture
def pyarrow():
    return pytest.importorskip("pyarrow")


@pytest.fixture
def refused(pyarrow, tmp_path, contract):
    """What is said of a table with these columns."""
    from pyarrow import parquet

    def said(**columns):
        path = tmp_path / "data.parquet"
        parquet.write_table(pyarrow.table(columns), path)
        with pytest.raises(UsageError) as caught:
            load_dataset(path, contract)
        assert "\n" not in str(caught.value)
        return str(caught.value).replace(str(path), "data.parquet")

    return said


@pytest.mark.usefixtures("pyarrow")
def test_what_is_written_is_read_as_from_csv(tmp_path, contract):
    found = []
    for name in ("data.csv", "data.parquet"):
        write_table(iter(ROWS), tmp_path / name, contract)
        found.append(load_dataset(tmp_path / name, contract))

    csv, parquet = found
    assert csv.names == parquet.names == ("S", "I")
    for one, other in zip(csv.trajectories, parquet.trajectories, strict=True):
        assert one.id == other.id
        assert one.times.tolist() == other.times.tolist()
        np.testing.assert_array_equal(one.values, other.values)


@pytest.mark.usefixtures("pyarrow")
def test_texts_travel_in_it(tmp_path):
    with_text = CONTRACT.replace(
        "R: {type: integer", "note: {type: string}\n      R: {type: integer"
    ).replace("observables:\n", "observables:\n  note: {type: text, event: state, field: note}\n")
    contract = parse_yaml(Contract, with_text, "sir.yaml")
    rows = [["trajectory", "t", "S", "note"], ["a", 0, 9, "1:icu 2:icu"], ["a", 1, 8, ""]]

    write_table(iter(rows), tmp_path / "data.parquet", contract)

    found = load_dataset(tmp_path / "data.parquet", contract)
    assert found.trajectories[0].texts == {"note": ("1:icu 2:icu", "")}


def test_other_kinds_of_numbers_and_texts_are_read_too(pyarrow, tmp_path, contract):
    from pyarrow import parquet

    columns = {
        "trajectory": pyarrow.array(["a", "b"]).dictionary_encode(),
        "t": pyarrow.array([Decimal("0.5"), Decimal("1.5")]),
        "S": pyarrow.array([3, 4], pyarrow.uint8()),
        "I": pyarrow.array([None, None], pyarrow.null()),
    }
    parquet.write_table(pyarrow.table(columns), tmp_path / "data.parquet")

    one, other = load_dataset(tmp_path / "data.parquet", contract).trajectories

    assert (one.times.tolist(), other.times.tolist()) == ([0.5], [1.5])
    assert (one.values[0, 0], other.values[0, 0]) == (3, 4)
    assert np.isnan(one.values[0, 1])


def test_what_is_wrong_is_said_in_one_sentence(pyarrow, refused):
    rows = {"trajectory": ["a", "a"], "t": [0.0, 1.0]}

    assert refused(**rows, S=[1, -2]) == "data.parquet: row 2: S is -2; it should be at least 0"
    assert refused(**rows, S=[1.0, float("inf")]).startswith("data.parquet: row 2: S is infinite")
    assert refused(**rows, S=["1", "many"]).startswith(
        "data.parquet: row 2: S is 'many'; it should be a number"
    )
    assert refused(**rows, S=[[1], [2]]).startswith("data.parquet: the column 'S' is of type list<")
    assert refused(**rows, S=[{"x": 1}, {"x": 2}]).startswith(
        "data.parquet: the column 'S' is of type struct<"
    )
    assert refused(**rows, S=[b"1", b"2"]).startswith("data.parquet: the column 'S' is of type binary")
    assert refused(**rows, S=[True, False]).startswith("data.parquet: the column 'S' is of type bool")
    assert refused(**rows, X=[1, 2]).startswith(
        "data.parquet: the column 'X' is no observable or action of sir"
    )
    assert refused(trajectory=["a"], S=[1]).startswith("data.parquet: has no column 't'")
    assert refused(trajectory=pyarrow.array([], "string"), t=[], S=[]).endswith("has no rows")


def test_a_small_file_of_many_rows_is_refused_before_it_is_unpacked(pyarrow, refused):
    same = pyarrow.array(np.zeros(7_000_000, dtype=np.int8))

    said = refused(trajectory=same.cast("int8"), t=same, S=same)

    assert said == (
        "data.parquet: has 7000000 rows of 3 cells; at most 20000000 cells are read, so divide the file"
    )


def test_a_long_text_is_refused_however_often_it_is_there(pyarrow, refused):
    indices = pyarrow.array(np.zeros(50_000, dtype=np.int32))
    often = pyarrow.DictionaryArray.from_arrays(indices, pyarrow.array(["x" * 200_000]))

    assert "a text of more than" in refused(trajectory=often, t=np.arange(50_000), S=indices)
    assert "a text of more than" in refused(trajectory=["x" * 200_000], t=[0.0], S=[1])


@pytest.mark.usefixtures("pyarrow")
@pytest.mark.parametrize(
    "content", [b"PAR1", b"PAR1" + bytes(100) + b"PAR1", b"trajectory,t,S\na,0,1\n", bytes(50)]
)
def test_what_is_no_parquet_is_refused(tmp_path, contract, content):
    (tmp_path / "data.parquet").write_bytes(content)

    with pytest.raises(UsageError, match="data.parquet: is not Parquet: "):
        load_dataset(tmp_path / "data.parquet", contract)


@pytest.mark.usefixtures("pyarrow")
def test_a_damaged_file_is_data_or_one_sentence(tmp_path, contract):
    path = tmp_path / "data.parquet"
    write_table(iter(ROWS), path, contract)
    whole = path.read_bytes()
    draws = np.random.default_rng(0)

    for _ in range(300):
        damaged = bytearray(whole)
        for at in draws.integers(0, len(whole), 3):
            damaged[at] = draws.integers(0, 256)
        path.write_bytes(damaged)
        try:
            load_dataset(path, contract)
        except UsageError as error:
            assert "\n" not in str(error)  # noqa: PT017


def test_without_pyarrow_one_is_told_what_to_do(tmp_path, contract, monkeypatch):
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    (tmp_path / "data.parquet").write_bytes(b"PAR1")

    with pytest.raises(UsageError, match="Parquet needs pyarrow; install it, or use CSV"):
        load_dataset(tmp_path / "data.parquet", contract)
    with pytest.raises(UsageError, match="Parquet needs pyarrow"):
        write_table(iter(ROWS), tmp_path / "other.parquet", contract)
