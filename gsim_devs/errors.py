"""The errors of this project, by who must act. Anything that is not a `GsimError` is a defect of ours.

    GsimError
    ├── UsageError              the caller: an argument, a line of input, a file
    │   └── ModelError          the modeller: a model that cannot be built
    ├── SimulationError         a component, while the simulation ran (component, time, event)
    ├── BackendError            the service that answers for a language model
    └── GenerationError         nobody: a language model did not do it within its attempts

Those that travel inside every simulator live in `runtime`; the rooms above take all of them from here.
"""

from __future__ import annotations

from collections.abc import Sequence

from gsim_devs.runtime.errors import GsimError, ModelError, SimulationError, UsageError

__all__ = ["GsimError", "UsageError", "ModelError", "SimulationError", "BackendError", "GenerationError"]


class BackendError(GsimError):
    """No answer could be had; the message says from whom, why, and what to try."""


class GenerationError(GsimError):
    """A language model was asked as often as allowed, and what it wrote still has these defects."""

    def __init__(self, what: str, defects: Sequence[str]) -> None:
        super().__init__("\n".join((f"{what} could not be generated:", *(f"  {one}" for one in defects))))
        self.what = what
        self.defects = tuple(defects)
