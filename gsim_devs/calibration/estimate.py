"""What a calibration found, with everything that is needed to judge it; kept as JSON, its samples beside it as .npz."""

from __future__ import annotations

import json
import math
import zipfile
import zlib
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import Any, Literal, Self

import numpy as np
from pydantic import ValidationError, model_validator

from gsim_devs.contracts import Declaration
from gsim_devs.errors import UsageError

from .arrays import Array
from .checking import PosteriorCheck

_LARGEST = 64 << 20
"""Bytes of either file that are read."""
_PACKED = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)


class Estimate(Declaration):
    """The parameters that fit best, and how far that can be relied on."""

    method: str
    """What searched."""
    seed: int
    """Of everything that was drawn."""
    status: Literal["converged", "stopped", "undetermined", "failed"]
    """Stopped: the budget ended first, or the search did not settle. Undetermined: it fits no better than any other.

    Failed: nothing could run.
    """
    sentence: str
    """What happened, and what to try."""
    point: Mapping[str, float | int | tuple[float, ...]] | None = None
    """The best value of each parameter; none: there is none."""
    units: Mapping[str, str | None] = {}
    """The unit of each parameter; an estimate is reused by name and unit."""
    loss: float | None = None
    """Of the point, on seeds that the search had not seen; on validation data where there are any."""
    noise: float | None = None
    """The standard deviation of one such loss from seed to seed."""
    tied: int = 0
    """Other candidates of the final comparison whose losses cannot be told from the point's."""
    untold: tuple[str, ...] = ()
    """Parameters that the data do not determine: no difference in the loss, or a posterior as wide as the prior."""
    contraction: Mapping[str, float] | None = None
    """1 - posterior over prior standard deviation of each: near 0, the data do not tell. None: no method asked."""
    within: Mapping[str, tuple[float, float]] | None = None
    """Where each lies with 90 % probability, by a guess that comes with its error; none where there is a posterior."""
    broken: Mapping[str, int] | None = None
    """How often the point breaks each rule under stress; none: no rules were asked."""
    evaluations: int = 0
    """Candidates that were simulated."""
    spent: float = 0.0
    """The same in candidates on all data."""
    failures: int = 0
    """Candidates whose simulation failed."""
    seconds: float = 0.0
    """How long it took."""
    history: tuple[tuple[float, float], ...] = ()
    """What had been spent, and the least loss that was seen by then, lucky or not."""
    check: PosteriorCheck | None = None
    """Whether the posterior is right, if that was asked."""
    posterior: Mapping[str, tuple[Any, ...]] | None = None
    """Samples of the posterior, as many values for each parameter; none: the method gives a point only."""

    @model_validator(mode="after")
    def _samples_agree(self) -> Self:
        drawn = self.posterior or {}
        if self.point is not None and (strangers := drawn.keys() - self.point.keys()):
            raise ValueError(f"there are samples of {min(strangers)!r}, which is no parameter of it")
        if len({len(values) for values in drawn.values()}) > 1:
            raise ValueError("there are not as many samples of each parameter")
        return self

    @cached_property
    def samples(self) -> dict[str, Array]:
        """The posterior as arrays: (n,), or (n, shares)."""
        return {name: np.array(values, dtype=float) for name, values in (self.posterior or {}).items()}

    @property
    def data(self) -> dict[str, Any]:
        """All of it but the samples, for JSON."""
        return self.model_dump(mode="json", exclude={"posterior"})

    @property
    def text(self) -> str:
        """For a terminal."""
        lines = [f"{self.method}: {self.status}; {self.sentence}"]
        for name, value in (self.point or {}).items():
            shown = _in_digits(value, self._ends(name))
            lines.append(f"  {name} = {shown}{_unit(self.units.get(name))}{self._spread(name)}")
        if self.check is not None:
            lines.append(f"check: {self.check.sentence}")
        if self.broken is not None:
            told = ", ".join(f"{name} is broken {_times(count)}" for name, count in self.broken.items())
            lines.append(f"under stress: {told or 'no rule is broken'}")
        if self.loss is not None:
            lines.append(f"loss {self.loss:.6g}, noise {self.noise or 0:.2g}; {self.tied} others as good")
        lines.append(
            f"{self.evaluations} candidates simulated, {self.failures} failed; {self.seconds:.1f} s; seed {self.seed}"
        )
        return "\n".join(lines) + "\n"

    def _ends(self, name: str) -> tuple[float, float] | None:
        """Between which values it lies with 90 % probability, if that is known."""
        if name in self.samples and self.samples[name].ndim == 1:
            low, high = np.quantile(self.samples[name], [0.05, 0.95])
            return float(low), float(high)
        return (self.within or {}).get(name) if not self.samples else None

    def _spread(self, name: str) -> str:
        ends = self._ends(name)
        if ends is None:
            return ""
        low, high = ends
        told = f"   90 % within {low:.4g} … {high:.4g}"
        return told + (f", contraction {self.contraction[name]:.2f}" if self.contraction else "")


def save_estimate(estimate: Estimate, path: Path) -> None:
    """Write it as JSON to this path; samples go beside it, with the suffix .npz."""
    text = json.dumps(estimate.data, indent=2, ensure_ascii=False) + "\n"
    if estimate.posterior is not None:
        np.savez_compressed(path.with_suffix(".npz"), **estimate.samples)  # type: ignore[arg-type]
    else:
        path.with_suffix(".npz").unlink(missing_ok=True)
    path.write_text(text, encoding="utf-8")


def load_estimate(path: Path) -> Estimate:
    """Read it again. Both files may come from anybody."""
    try:
        data = _from_json(path)
        beside = path.with_suffix(".npz")
        if beside.exists():
            data["posterior"] = _from_arrays(beside)
        return Estimate.model_validate(data)
    except OSError as error:
        raise UsageError(f"cannot read the estimate {path}: {error.strerror or error}") from None
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise UsageError(f"{path} is not an estimate: {where}: {first['msg']}") from None
    except (ValueError, TypeError, RecursionError) as error:
        raise UsageError(f"{path} is not an estimate: {error}") from None


def _from_json(path: Path) -> dict[str, Any]:
    if path.stat().st_size > _LARGEST:
        raise UsageError(f"{path} is not an estimate: it is longer than {_LARGEST >> 20} MB")
    data = json.loads(path.read_text(encoding="utf-8"))
    if not isinstance(data, dict):
        raise ValueError("it holds no object")
    return data


def _from_arrays(path: Path) -> dict[str, Any]:
    """Samples by name; what is in the archive is measured before it is unpacked."""
    try:
        with zipfile.ZipFile(path) as archive:
            if sum(one.file_size for one in archive.infolist()) > _LARGEST:
                raise ValueError(f"{path.name} unpacks to more than {_LARGEST >> 20} MB")
            if any(one.compress_type not in _PACKED for one in archive.infolist()):
                raise ValueError(f"{path.name} is packed in a way that no estimate is")
        with np.load(path, allow_pickle=False) as arrays:
            return {name: _numbers(arrays[name], name).tolist() for name in arrays.files}
    except (zipfile.BadZipFile, zlib.error, EOFError, RuntimeError, MemoryError, OverflowError):
        # A file that was cut off, or says of itself what is not so.
        raise ValueError(f"{path.name}, which holds its samples, is damaged") from None


def _numbers(array: Any, name: str) -> Any:
    if array.dtype.kind not in "fiu" or array.ndim not in (1, 2) or not np.isfinite(array).all():
        raise ValueError(f"the samples of {name} are not finite numbers")
    return array


def _times(count: int) -> str:
    return "once" if count == 1 else f"{count} times"


def _in_digits(value: Any, ends: tuple[float, float] | None) -> str:
    """With no more digits than are known."""
    if isinstance(value, tuple):
        return "(" + ", ".join(f"{share:.4g}" for share in value) + ")"
    if isinstance(value, int):
        return str(value)
    digits = 6
    if ends is not None and value and ends[1] > ends[0]:
        digits = min(max(math.ceil(math.log10(abs(value) / (ends[1] - ends[0]))) + 1, 2), 6)
    return f"{value:.{digits}g}"


def _unit(unit: str | None) -> str:
    return f" {unit}" if unit else ""
