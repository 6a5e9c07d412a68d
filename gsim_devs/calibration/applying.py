"""Give a simulator the values of an estimate: its `parameters.json`. Leaves everything else of its folder as it is."""

from __future__ import annotations

import json
import os
from pathlib import Path

from gsim_devs.errors import UsageError

from .estimate import Estimate

_FILE = "parameters.json"


def apply_estimate(estimate: Estimate, simulator: Path) -> None:
    """Write the point of an estimate as the values that the simulator starts with, without what data do not tell."""
    path = simulator / _FILE
    if estimate.point is None:
        raise UsageError(f"the estimate has no values: {estimate.sentence}")
    try:
        held = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise UsageError(f"{simulator} is not the folder of a simulator: {path.name}: {error}") from None
    strangers = [name for name in estimate.point if not isinstance(held, dict) or name not in held]
    if strangers:
        raise UsageError(f"{path} has no parameter {strangers[0]!r}: the estimate is of another model")
    written = path.with_name(f".{_FILE}.{os.getpid()}")
    told = {name: value for name, value in estimate.data["point"].items() if name not in estimate.untold}
    written.write_text(json.dumps(held | told, indent=2) + "\n", encoding="utf-8")
    # At once or not at all: a simulator may be starting.
    written.replace(path)
