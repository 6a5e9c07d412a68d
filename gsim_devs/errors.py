"""The errors of this project, by who must act. Anything that is not a `GsimError` is a defect of ours.

    GsimError
    ├── UsageError              the caller: an argument, a line of input, a file
    │   └── ModelError          the modeller: a model that cannot be built
    └── SimulationError         a component, while the simulation ran (component, time, event)

They live in `runtime`, because they travel inside every simulator; the rooms above take them from here.
"""

from __future__ import annotations

from gsim_devs.runtime.errors import GsimError, ModelError, SimulationError, UsageError

__all__ = ["GsimError", "UsageError", "ModelError", "SimulationError"]
