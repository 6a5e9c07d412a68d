"""Estimates in files, which may come from anybody."""

import contextlib
import io
import json
import zipfile

import numpy as np
import pytest

from gsim_devs.calibration import Estimate, load_estimate, save_estimate
from gsim_devs.errors import UsageError

ESTIMATE = Estimate(
    method="npe",
    seed=0,
    status="converged",
    sentence="more of the same search would not change it much",
    point={"rate": 0.5, "beds": 3, "mix": (0.25, 0.75)},
    posterior={"rate": (0.4, 0.5, 0.6), "beds": (3, 3, 4), "mix": ((0.2, 0.8), (0.3, 0.7), (0.25, 0.75))},
)


@pytest.fixture
def path(tmp_path):
    save_estimate(ESTIMATE, tmp_path / "estimate.json")
    return tmp_path / "estimate.json"


def test_an_estimate_with_samples_is_read_as_it_was_written(path):
    held = load_estimate(path)

    assert held.point == ESTIMATE.point
    for name, values in ESTIMATE.samples.items():
        assert (held.samples[name] == values).all()


@pytest.mark.parametrize("kept", [0.0, 0.1, 0.5, 0.9, 0.99])
def test_a_file_that_was_cut_off_is_refused(path, kept):
    for file in (path, path.with_suffix(".npz")):
        whole = file.read_bytes()
        file.write_bytes(whole[: int(kept * len(whole))])

        with pytest.raises(UsageError, match="is not an estimate"):
            load_estimate(path)
        file.write_bytes(whole)


def test_no_byte_that_is_changed_ends_in_a_traceback(path):
    file = path.with_suffix(".npz")
    whole = file.read_bytes()
    for place in range(0, len(whole), 7):
        file.write_bytes(whole[:place] + bytes([whole[place] ^ 0x55]) + whole[place + 1 :])
        with contextlib.suppress(UsageError):
            assert load_estimate(path).point == ESTIMATE.point


def npz(**arrays):
    file = io.BytesIO()
    np.savez_compressed(file, **arrays)
    return file.getvalue()


def lying(shape):
    """An array that says it is larger than it is."""
    header = f"{{'descr': '<f8', 'fortran_order': False, 'shape': {shape}, }}".ljust(117) + "\n"
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("rate.npy", b"\x93NUMPY\x01\x00\x76\x00" + header.encode() + b"\0" * 64)
    return file.getvalue()


@pytest.mark.parametrize(
    ("samples", "said"),
    [
        (npz(rate=np.array([0.1, np.nan, 0.3])), "the samples of rate are not finite numbers"),
        (npz(rate=np.array(["a", "b"])), "the samples of rate are not finite numbers"),
        (npz(rate=np.zeros((2, 2, 2))), "the samples of rate are not finite numbers"),
        (npz(rate=np.array([{}], dtype=object)), "allow_pickle=False"),
        (npz(rate=np.zeros(3), beds=np.zeros(4)), "not as many samples of each parameter"),
        (npz(speed=np.zeros(3)), "samples of 'speed', which is no parameter of it"),
        (npz(rate=np.zeros(10_000_000)), "unpacks to more than 64 MB"),
        (lying("(1000000000000,)"), "damaged"),
        (lying("(-3,)"), "is not an estimate"),
        (lying("(3, 'a')"), "is not an estimate"),
        (b"PK nothing", "damaged"),
    ],
)
def test_samples_that_cannot_be_are_refused(path, samples, said):
    path.with_suffix(".npz").write_bytes(samples)

    with pytest.raises(UsageError, match="is not an estimate") as refused:
        load_estimate(path)
    assert said in str(refused.value)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"loss": float("nan")}, "loss: "),
        ({"point": {"rate": float("inf")}}, "point.rate"),
        ({"status": "perfect"}, "status: "),
        ({"contraction": {"rate": "most"}}, "contraction.rate"),
        ({"history": [[1]]}, "history.0"),
        ({"surprise": 1}, "surprise: "),
        ({"check": {"passed": True}}, "check.simulations"),
    ],
)
def test_a_file_that_lies_is_refused_by_name(path, change, said):
    path.write_text(json.dumps(json.loads(path.read_text()) | change))

    with pytest.raises(UsageError, match="is not an estimate") as refused:
        load_estimate(path)
    assert said in str(refused.value)


@pytest.mark.parametrize(
    "text", ["[" * 100_000, '{"a":' * 100_000, "1" * 10_000, "nul", '"text"', "\ufeff{}"]
)
def test_text_that_is_no_object_is_refused(path, text):
    path.write_text(text)

    with pytest.raises(UsageError, match="is not an estimate"):
        load_estimate(path)
