import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import gsim_devs
from gsim_devs.runtime.streams import restore_state, state_of, stream


def run(program: str, **environment: str) -> str:
    environment["PYTHONPATH"] = str(Path(gsim_devs.__file__).parents[1])
    return subprocess.run(
        [sys.executable, "-c", program], env=environment, capture_output=True, text=True, check=True
    ).stdout


def test_the_same_key_gives_the_same_numbers():
    first = stream(42, 1, "hall.sender").random(5)
    second = stream(42, 1, "hall.sender").random(5)

    assert first.tolist() == second.tolist()


def test_every_part_of_the_key_counts():
    keys = [
        (42, 0, "hall.sender", ""),
        (43, 0, "hall.sender", ""),
        (-42, 0, "hall.sender", ""),
        (42, 1, "hall.sender", ""),
        (42, 0, "hall.receiver", ""),
        (42, 0, "hall.sender", "draw"),
        (42, 0, "", "hall.sender"),
        (42, 0, "hall", ".sender"),
    ]

    firsts = [stream(*key).random() for key in keys]

    assert len(set(firsts)) == len(keys)


def test_seeds_and_paths_next_to_each_other_are_not_correlated():
    def of(seed: int, path: str) -> np.ndarray:
        return stream(seed, 0, path).random(4000)

    rows = [of(seed, path) for seed in (0, 1, 2) for path in ("a1", "a2", "a3")]
    correlations = np.corrcoef(rows) - np.eye(len(rows))

    assert np.abs(correlations).max() < 5 / np.sqrt(4000)


@pytest.mark.parametrize("seed", [0, -1, 2**64, -(2**200), pytest.param(1 << 20_000, id="6021 digits")])
def test_any_whole_number_is_a_seed(seed):
    assert 0.0 <= stream(seed, 0, "a").random() < 1.0


def test_the_numbers_of_a_key_never_change():
    # Pinned: a change here changes every trace that was ever drawn.
    raw = stream(42, 3, "hall.sender", "noise").bit_generator.random_raw(2).tolist()

    assert raw == [12774661342574143653, 3510058123254854140]


def test_the_numbers_do_not_depend_on_the_hash_seed():
    program = "from gsim_devs.runtime.streams import stream; print(stream(42, 0, 'hall.sender').random())"

    printed = {run(program, PYTHONHASHSEED=hash_seed) for hash_seed in ("0", "1")}

    assert printed == {f"{stream(42, 0, 'hall.sender').random()}\n"}


def test_numpy_is_imported_by_the_first_stream_only():
    program = (
        "import sys; from gsim_devs.runtime.draws import Draw; Draw(1, 0, 'a'); print('numpy' in sys.modules);"
        "Draw(1, 0, 'a').uniform(); print('numpy' in sys.modules)"
    )

    assert run(program) == "False\nTrue\n"


def test_a_generator_goes_on_from_its_saved_state():
    generator = stream(7, 0, "a")
    generator.normal(size=3)
    # A 32-bit draw leaves half a word waiting.
    generator.integers(10, dtype=np.uint32)
    saved = json.loads(json.dumps(state_of(generator)))
    expected = [generator.integers(10**6, dtype=np.uint32), *generator.random(3)]

    other = stream(0, 9, "b")
    restore_state(other, saved)

    assert [other.integers(10**6, dtype=np.uint32), *other.random(3)] == expected


def test_a_saved_state_has_no_number_beyond_64_bits():
    state = state_of(stream(7, 0, "a"))

    assert all(value is None or isinstance(value, str) or value < 2**64 for value in state.values())


def test_only_the_generators_of_a_simulator_are_saved():
    with pytest.raises(ValueError, match="PCG64 generator can be saved, not MT19937"):
        state_of(np.random.Generator(np.random.MT19937(1)))
    with pytest.raises(ValueError, match="not the state of a PCG64"):
        restore_state(stream(1, 0, "a"), {"bit_generator": "MT19937"})
