"""Whether a plan makes sense by itself and does what its contract says.

Each check is a function that yields sentences; a language model can act on each of them by itself.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from gsim_devs.errors import ModelError

from ..contract import Contract
from ..plan import PlanTree
from . import (
    plan_bindings,
    plan_couplings,
    plan_feedback,
    plan_interface,
    plan_models,
    plan_names,
    plan_types,
)

BY_ITSELF: tuple[Callable[[PlanTree], Iterator[str]], ...] = (
    plan_names.class_names,
    plan_names.model_files,
    plan_names.child_names,
    plan_names.siblings,
    plan_names.member_names,
    plan_names.coupled_ports,
    plan_names.message_fields,
    plan_types.field_types,
    plan_types.argument_types,
    plan_types.recursive_messages,
    plan_types.port_messages,
    plan_models.known_models,
    plan_models.used_models,
    plan_couplings.dangling,
    plan_couplings.passing_through,
    plan_couplings.message_types,
    plan_couplings.repeated,
    plan_couplings.to_itself,
    plan_couplings.pairing,
    plan_couplings.fed_inputs,
    plan_couplings.used_outputs,
    plan_couplings.unused_outputs,
    plan_couplings.own_ports,
    plan_bindings.bound_arguments,
    plan_bindings.copy_numbers,
    plan_bindings.fixed_values,
    plan_feedback.cold_start,
)
"""Checks that need the plan alone."""

AGAINST_CONTRACT: tuple[Callable[[PlanTree, Contract], Iterator[str]], ...] = (
    plan_interface.same_system,
    plan_interface.reported_events,
    plan_interface.allowed_events,
    plan_interface.stdin_inputs,
    plan_interface.stdin_messages,
    plan_bindings.known_sources,
    plan_bindings.source_types,
    plan_bindings.copies,
    plan_bindings.arguments_reach,
    plan_bindings.parameters_reach,
)
"""Checks that need the contract too."""


def check_plan(plan: PlanTree, contract: Contract | None = None) -> list[str]:
    """What is wrong with a plan, one sentence for each defect; empty where it is sound."""
    found = [sentence for check in BY_ITSELF for sentence in check(plan)]
    if contract is not None:
        found += [sentence for against in AGAINST_CONTRACT for sentence in against(plan, contract)]
    return found


def validate_plan(plan: PlanTree, contract: Contract | None = None) -> None:
    """Raise a UsageError that holds every sentence of `check_plan`."""
    if defects := check_plan(plan, contract):
        raise ModelError(*defects)
