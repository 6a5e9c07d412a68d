"""What an earlier estimate tells about parameters that are to be found: what has the same name and unit.

It may be one of another model. Leaves out whether it is right: what is taken over is tried first, not believed.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from gsim_devs.contracts import Parameter

from .arrays import Array
from .estimate import Estimate
from .space import Space


def known(start: Estimate | None, space: Space) -> Array | None:
    """The point of an earlier estimate, NaN where it tells nothing; none if it tells nothing at all."""
    if start is None or start.point is None:
        return None
    point = space.point(
        {name: start.point[name] for name in start.point if _is_same(name, start, space.parameters)}
    )
    return None if np.isnan(point).all() else point


def left_out(start: Estimate, parameters: Mapping[str, Parameter]) -> list[str]:
    """One sentence for each parameter of the same name that is not taken over."""
    space, told = Space(parameters), []
    for name in start.point or {}:
        if name not in parameters:
            continue
        if not _is_same(name, start, parameters):
            there, here = (unit or "no unit" for unit in (start.units.get(name), parameters[name].unit))
            told.append(f"{name} is not taken over: its unit is {there} in the estimate, and {here} here")
        elif np.isnan(space.point({name: (start.point or {})[name]})[space.columns[name]]).any():
            told.append(
                f"{name} is not taken over: {(start.point or {})[name]!r} is not within its bounds here"
            )
    return told


def _is_same(name: str, start: Estimate, parameters: Mapping[str, Parameter]) -> bool:
    return name in parameters and start.units.get(name) == parameters[name].unit
