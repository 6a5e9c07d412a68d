"""From a specification and a contract to a simulator that has been tried: plan, write, assemble, try, mend."""

from __future__ import annotations

from .building import Built, Job, build, plan_only
from .single import Single, build_single
from .telling import Tell

__all__ = ["build", "plan_only", "Job", "Built", "build_single", "Single", "Tell"]
