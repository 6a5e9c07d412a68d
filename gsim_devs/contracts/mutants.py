"""Mutants of a system: small changes to its reference simulator or its traces, each meant to break one rule.

They check the rules: a rule that no change breaks guards nothing. Leaves out running them: `conformance`.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import Field, model_validator

from gsim_devs.errors import UsageError

from .cases import Kind, repeated_ids
from .declaration import Declaration, Defect, Identifier, refuse_if_any
from .load import load
from .values import Name

PLAN_FILE = "plan.yaml"
"""The plan's name among the files of a reference simulator."""


class SourceEdit(Declaration):
    """A piece of text in a file of the reference simulator, and what stands there instead."""

    file: Name
    """`plan.yaml`, or a component's file: `components/sender.py`."""
    replace: Name
    """The text; it occurs exactly once in the file."""
    with_: str = Field(alias="with")
    """What stands there instead."""


class RecordPattern(Declaration):
    """Records of certain entities and events that fulfil a condition, as rules say it."""

    entity: Name | tuple[Name, ...] | None = None
    """Who speaks; none: anyone."""
    event: Name | tuple[Name, ...] | None = None
    """What happened; none: anything."""
    where: str | bool | None = None
    """A condition on the record; none: always."""


class Computed(Declaration):
    """A value that is computed from the record."""

    expression: str | int | float = Field(alias="=")
    """An expression over the record's fields, `time` and the run's arguments."""


class TraceEdit(Declaration):
    """What happens to a record; exactly one of drop, set, shift, repeat and swap."""

    on: RecordPattern | Kind
    """The records: a pattern of rules."""
    nth: Annotated[int, Field(ge=1)] | Literal["all"]
    """Which of them, counted from 1 on the trace as it was; or all of them."""
    drop: Literal[True] | None = None
    """It is left out."""
    set: Annotated[Mapping[Name, Any], Field(min_length=1)] | None = None
    """New values of payload fields: plain ones, or `{"=": EXPRESSION}` over the record."""
    shift: float | None = None
    """So much later it is reported (earlier: negative), behind what is reported at that time."""
    repeat: Literal[True] | None = None
    """It is reported twice."""
    swap: Literal[True] | None = None
    """It changes places with the next record of the pattern; their times stay."""

    @model_validator(mode="after")
    def _does_one_thing(self) -> Self:
        deeds = ("drop", "set", "shift", "repeat", "swap")
        if sum(getattr(self, deed) is not None for deed in deeds) != 1:
            refuse_if_any([Defect((), f"an edit does exactly one of {', '.join(deeds)}")])
        if self.swap and self.nth == "all":
            refuse_if_any([Defect(("nth",), "one record changes places with the next: give its number")])
        return self

    @property
    def values(self) -> dict[str, Any]:
        """The new values of payload fields; computed ones as `Computed`."""
        return {
            name: Computed.model_validate(value) if isinstance(value, dict) and set(value) == {"="} else value
            for name, value in (self.set or {}).items()
        }


class Mutant(Declaration):
    """One change, and the rule that is meant to notice it."""

    id: Identifier
    """Its name."""
    breaks: Identifier
    """The rule that is meant to be violated."""
    cases: tuple[Identifier, ...] = ()
    """The test inputs to try, in this order; none: all but the stress cases."""
    source: tuple[SourceEdit, ...] = ()
    """Edits of the reference simulator, one after the other."""
    trace: tuple[TraceEdit, ...] = ()
    """Edits of the reference simulator's traces instead."""
    component: Name | None = None
    """The path of the component that is changed; none: all whose model is in an edited file."""

    @model_validator(mode="after")
    def _edits_one_thing(self) -> Self:
        if bool(self.source) == bool(self.trace):
            refuse_if_any([Defect((), "a mutant has either `source` or `trace`, with at least one edit")])
        if self.component is None and any(edit.file == PLAN_FILE for edit in self.source):
            refuse_if_any([Defect(("component",), "it must be said where the plan is edited")])
        return self

    def applied_to(self, files: Mapping[str, str]) -> dict[str, str]:
        """The files after its edits; UsageError, one sentence, where one of them does not fit."""
        edited = dict(files)
        for edit in self.source:
            if edit.file not in edited:
                raise UsageError(f"Mutant {self.id}: there is no {edit.file}; there are {', '.join(files)}")
            times = edited[edit.file].count(edit.replace)
            if times != 1:
                raise UsageError(
                    f"Mutant {self.id}: {edit.file}: the text to replace must occur exactly once, "
                    f"but occurs {times} times: {edit.replace!r}"
                )
            edited[edit.file] = edited[edit.file].replace(edit.replace, edit.with_)
        return edited


class MutantFile(Declaration):
    """The mutants of one system."""

    system: Identifier
    """The id of the contract."""
    mutants: Annotated[tuple[Mutant, ...], Field(min_length=1)]
    """The mutants."""

    @model_validator(mode="after")
    def _ids_differ(self) -> Self:
        refuse_if_any(repeated_ids("mutants", [mutant.id for mutant in self.mutants]))
        return self


def load_mutants(path: str | Path) -> MutantFile:
    """Read the mutants of a system; `check_mutants` checks them against the rest of it."""
    return load(MutantFile, path)


def reference_files(folder: Path) -> dict[str, str]:
    """The files of a reference simulator that mutants may edit, by their names below its folder."""
    paths = [folder / PLAN_FILE, *sorted(folder.glob("components/*.py"))]
    if not paths[0].is_file():
        raise UsageError(f"{paths[0]}: mutants need a reference simulator, and there is none")
    return {path.relative_to(folder).as_posix(): path.read_text(encoding="utf-8") for path in paths}
