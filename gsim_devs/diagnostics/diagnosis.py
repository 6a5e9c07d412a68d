"""Hold a simulation against observed transitions: numbers, a verdict, and words for whoever improves the model."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from math import isfinite
from typing import Any, Literal

import numpy as np

from gsim_devs.errors import UsageError

from .causes import FIT_AGAIN, Cause, causes_of
from .findings import Inquiry, inquire
from .measuring import Comparison, Forecast, compare, forecasts
from .phrases import counted, it, listed, number
from .sensitivity import Effect, effects
from .singles import SINGLE, Single, about_singles, singles
from .tables import comparison_table, dimension_table, effect_table, forecast_table
from .transitions import Simulate, Transitions, drawn
from .words import sentences

Verdict = Literal["consistent", "wrong", "undecided"]

_STRUCTURE = "the model is wrong"
_WRONG = {
    FIT_AGAIN: "the model or its fit is wrong",
    SINGLE: "the model or a few of the data are wrong",
}
"""What is said where nothing but that was found."""
_OF_A_FIT = 1.8
"""The variance of what a search on few draws finds, over that of the best possible fit."""
_IDENTIFIED = 0.3
"""A posterior narrower than its prior by less than that says that the data do not know."""
_ENOUGH = 100
"""Of fewer transitions, silence says nothing."""


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """How a simulation compares with data."""

    verdict: Verdict
    """`consistent`: no test failed; `wrong`: some did; `undecided`: there are too few data to tell."""
    causes: tuple[Cause, ...]
    """What may be behind it, the most likely first; none if nothing was found."""
    said: tuple[str, ...]
    """The same, where it shows, and what is right, a sentence each."""
    inquiry: Inquiry
    singles: tuple[Single, ...]
    """A few steps that cannot come from the simulation; all else leaves them out."""
    forecasts: tuple[Forecast, ...]
    """Squared errors of each dimension, beside what no model avoids and what needs no model."""
    comparisons: tuple[Comparison, ...]
    """Distances, each beside its floor and naive ones."""
    effects: tuple[Effect, ...]
    """What parameters change, where they were moved."""
    contraction: Mapping[str, float]
    transitions: int
    trajectories: int
    draws: int
    failed: float
    """The share of simulated steps that failed."""
    level: float
    seed: int

    @property
    def head(self) -> str:
        """The verdict, and what it rests on."""
        labels = [one.label for one in self.causes]
        found = {
            "consistent": "no error found",
            "wrong": _WRONG.get(labels[0], _STRUCTURE) if len(labels) == 1 else _STRUCTURE,
            "undecided": "too few data to tell",
        }[self.verdict]
        return (
            f"{found[0].upper()}{found[1:]}: {counted(self.transitions, 'transition')} of "
            f"{counted(self.trajectories, 'trajectory')}, {self.draws} draws each, "
            f"{counted(self.inquiry.tests, 'test')} at a common level of {number(100 * self.level)} %."
        )

    @property
    def tables(self) -> str:
        """The numbers."""
        blocks = (
            dimension_table(self.inquiry.dimensions),
            forecast_table(self.forecasts),
            comparison_table(self.comparisons),
            effect_table(self.effects),
        )
        return "\n\n".join("\n".join(lines) for lines in blocks if lines) + "\n"

    @property
    def text(self) -> str:
        """The verdict, the sentences, and the numbers."""
        return "\n".join([self.head, *(f"- {one}" for one in self.said), "", self.tables]).rstrip() + "\n"

    @property
    def data(self) -> dict[str, Any]:
        """Everything as plain values."""
        return {
            "verdict": self.verdict,
            "causes": [asdict(one) for one in self.causes],
            "said": list(self.said),
            "findings": [
                {
                    "kind": one.kind,
                    "name": one.name,
                    "p": one.p,
                    "z": _plain(one.z),
                    "value": _plain(one.value),
                    "stretches": [_plain(asdict(part)) for part in one.stretches],
                }
                for one in self.inquiry.findings
            ],
            "dimensions": [_plain(asdict(one)) for one in self.inquiry.dimensions],
            "exact": list(self.inquiry.exact),
            "exchanges": [asdict(one) for one in self.inquiry.exchanges],
            "courses": [
                {
                    "variable": one.variable,
                    "shape": one.shape,
                    "at": one.at,
                    "flow": asdict(one.flow) if one.flow else None,
                    "names": list(one.names),
                    "share": one.share,
                    "is_clear": one.is_clear,
                }
                for one in self.inquiry.courses
            ],
            "singles": [_plain(asdict(one)) for one in self.singles],
            "forecasts": [_plain(asdict(one)) for one in self.forecasts],
            "comparisons": [_plain(asdict(one)) for one in self.comparisons],
            "effects": [_plain(asdict(one)) for one in self.effects],
            "contraction": dict(self.contraction),
            "tests": self.inquiry.tests,
            "transitions": self.transitions,
            "trajectories": self.trajectories,
            "draws": self.draws,
            "failed": self.failed,
            "level": self.level,
            "seed": self.seed,
        }


def diagnose(
    observed: Transitions,
    simulate: Simulate,
    *,
    training: Transitions | None = None,
    simulate_training: Simulate | None = None,
    moved: Mapping[str, Simulate] | None = None,
    contraction: Mapping[str, float] | None = None,
    are_uncertain: bool = False,
    level: float = 0.05,
    seed: int = 0,
) -> Diagnosis:
    """Test the simulation on transitions that it was not fitted to.

    `training` are those that parameters were fitted to: what is uncertain about the fit is then allowed for, and where
    they are simulated too, they help to tell what is behind errors. Without them parameters count as certain, unless
    draws have different ones, as samples of a posterior do: say so by `are_uncertain`. `moved` are simulations in which
    one parameter each is moved far; `contraction` says of each parameter how much narrower the posterior is than the
    prior (0 to 1).
    A right simulation is called wrong with a probability of at most `level`.
    """
    if not 0.0 < level < 1.0:
        raise UsageError(f"the level of the tests is a probability between 0 and 1, not {level}")
    draws = drawn(simulate, seed, observed)
    share = _OF_A_FIT * len(observed.times) / len(training.times) if training and not are_uncertain else 0.0
    fitted = None
    if training and simulate_training:
        fitted = training, drawn(simulate_training, seed + 4, training)
    alone, typical = singles(observed, draws)
    rest, rest_draws = (observed.part(typical), draws[:, typical]) if alone else (observed, draws)
    inquiry = inquire(rest, rest_draws, level=level, fitted_share=share, seed=seed, fitted=fitted)
    moves = effects(observed, draws, simulate, moved or {}, level=level, seed=seed)
    failed = float(np.isnan(draws).any(axis=2).mean())
    causes = causes_of(inquiry)
    if alone:
        causes += (Cause(SINGLE, about_singles(alone, len(observed.times))),)
    said = [one.sentence for one in causes]
    said += [*sentences(inquiry), *_about_parameters(moves, contraction or {}), *_about_failures(failed)]
    return Diagnosis(
        verdict="wrong" if alone else _verdict(inquiry, observed),
        causes=causes,
        said=tuple(said),
        inquiry=inquiry,
        singles=alone,
        forecasts=forecasts(rest, rest_draws, training),
        comparisons=compare(rest, rest_draws, training, seed=seed),
        effects=moves,
        contraction=dict(contraction or {}),
        transitions=len(observed.times),
        trajectories=int(observed.codes.max()) + 1,
        draws=len(draws),
        failed=failed,
        level=level,
        seed=seed,
    )


def _verdict(inquiry: Inquiry, observed: Transitions) -> Verdict:
    if inquiry.findings:
        return "wrong"
    transitions, moves = len(observed.times), bool(np.nan_to_num(observed.changes).any())
    exact = transitions if inquiry.exact and moves else 0
    tested = max((one.rows for one in inquiry.dimensions), default=exact)
    return "consistent" if tested >= _ENOUGH else "undecided"


def _about_parameters(moves: tuple[Effect, ...], contraction: Mapping[str, float]) -> list[str]:
    said = []
    dead = [one.name for one in moves if one.kind == "none"]
    faint = [one.name for one in moves if one.kind == "not seen"]
    if dead:
        said.append(
            f"{listed(dead)} changed nothing at all when moved far: the model does not use {it(dead)}, or nothing that "
            f"was observed depends on {it(dead)}."
        )
    if faint:
        said.append(f"{listed(faint)} changed nothing that these transitions show when moved far.")
    for name, value in contraction.items():
        if value < _IDENTIFIED:
            said.append(f"`{name}` is not identified: the data narrow it down by {max(0.0, value):.0%} only.")
    return said


def _about_failures(failed: float) -> list[str]:
    return [f"{number(100 * failed)} % of the simulated steps failed; they are left out."] if failed else []


def _plain(value: Any) -> Any:
    """Without infinities and NaN, which JSON cannot say."""
    if isinstance(value, dict):
        return {key: _plain(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(each) for each in value]
    if isinstance(value, float):
        return float(value) if isfinite(value) else None
    return value
