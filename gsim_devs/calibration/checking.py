"""Is a posterior right? Ask it about simulations whose parameters are known, and see where those lie in what it says.

If it is right, the rank of a parameter among samples of its posterior is spread evenly (simulation-based calibration;
Talts et al. 2018), and so is, for all parameters together, the share of samples that is nearer to a point drawn at
random than the truth is (TARP; Lemos et al. 2023). Neyman's smooth test looks for what is not even: ranks that are too
high or too low, too far out or too far in, or anything else up to the fourth degree. One level holds for all tests
together. A right answer on average over simulations is no proof that the model is right about the data: that is not
looked at here.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from gsim_devs.contracts import Declaration

from .arrays import Array

LEVEL = 0.01
"""How often a right posterior is blamed, all tests together."""

_DEGREES = 4
_PARTS = (0.5, 0.8, 0.9)
_CLEAR = 2.6
"""Standard deviations from which on a direction is named."""


class Evenness(Declaration):
    """How evenly ranks are spread."""

    p: float
    """How often a right posterior's ranks are as uneven as these."""
    shift: float
    """Of the ranks upwards, in standard deviations of a right posterior's: above 0, the posterior lies too low."""
    spread: float
    """Of the ranks outwards, likewise: above 0, the posterior is too narrow."""
    coverage: Mapping[str, float]
    """The part of truths that lies within the intervals that should hold 50, 80 and 90 % of them."""


class PosteriorCheck(Declaration):
    """What became of it."""

    simulations: int
    """That were asked about, and that nothing was learnt from."""
    level: float
    """How often a right posterior is blamed."""
    passed: bool
    """Whether nothing speaks against the posterior."""
    sentence: str
    """What is wrong with it, if anything."""
    parameters: Mapping[str, Evenness]
    """Of each alone, in central intervals."""
    together: Evenness
    """Of all, in regions around points drawn at random."""


def check_posterior(truths: Array, samples: Array, columns: Mapping[str, slice], seed: int) -> PosteriorCheck:
    """Judge a posterior.

    Args:
        truths: the parameters of simulations, drawn from the prior or from any box of it, (n, d).
        samples: of the posterior under the same prior, for each of these simulations, (n, samples, d).
        columns: where each parameter stands.
        seed: of the points drawn at random, and of the order of equals.
    """
    draws = np.random.default_rng(seed)
    ranks = _ranks((samples < truths[:, None]).sum(axis=1), samples.shape[1], draws)
    nearer = _ranks(_nearer(truths, samples, draws), samples.shape[1], draws)
    parameters = {name: _evenness(ranks[:, column]) for name, column in columns.items()}
    together = _evenness(nearer[:, None], central=False)
    # One level for all: Bonferroni.
    limit = LEVEL / (len(parameters) + 1)
    blamed = {name: one for name, one in parameters.items() if one.p < limit}
    passed = not blamed and together.p >= limit
    return PosteriorCheck(
        simulations=len(truths),
        level=LEVEL,
        passed=passed,
        sentence=_praise(len(truths), parameters) if passed else _blame(blamed, together),
        parameters=parameters,
        together=together,
    )


def _ranks(below: Array, count: int, draws: np.random.Generator) -> Array:
    """Between 0 and 1, so that those of a right posterior are spread evenly."""
    return np.asarray((below + draws.random(below.shape)) / (count + 1))


def _nearer(truths: Array, samples: Array, draws: np.random.Generator) -> Array:
    """How many samples are nearer to a point drawn at random than the truth is."""
    low, high = truths.min(axis=0), truths.max(axis=0)
    unit = np.where(high > low, high - low, 1.0)
    points = low + draws.random(truths.shape) * (high - low)
    of_truths = (((truths - points) / unit) ** 2).sum(axis=1)
    of_samples = (((samples - points[:, None]) / unit) ** 2).sum(axis=2)
    return np.asarray((of_samples < of_truths[:, None]).sum(axis=1))


def _evenness(ranks: Array, *, central: bool = True) -> Evenness:
    """Of the columns of ranks of one parameter; the most uneven one counts."""
    from scipy.stats import chi2  # type: ignore[import-untyped]

    moments = _moments(ranks)
    p = chi2.sf((moments**2).sum(axis=0), _DEGREES) * ranks.shape[1]
    worst = int(np.argmin(p))
    found = np.abs(2 * ranks - 1) if central else ranks
    return Evenness(
        p=float(min(p[worst], 1.0)),
        shift=float(moments[0, worst]),
        spread=float(moments[1, worst]),
        coverage={f"{part:.0%}": float((found[:, worst] <= part).mean()) for part in _PARTS},
    )


def _moments(ranks: Array) -> Array:
    """Means of Legendre's polynomials; each is standard normal if ranks are even, (degrees, columns)."""
    from numpy.polynomial.legendre import legval

    degrees = np.eye(_DEGREES + 1)[1:]
    return np.array(
        [
            np.sqrt((2 * degree + 1) * len(ranks)) * legval(2 * ranks - 1, weights).mean(axis=0)
            for degree, weights in enumerate(degrees, start=1)
        ]
    )


def _praise(count: int, parameters: Mapping[str, Evenness]) -> str:
    held = [one.coverage["90%"] for one in parameters.values()]
    return (
        f"nothing speaks against the posterior on {count} simulations that it had not seen: its 90 % intervals hold "
        f"{_percent(min(held), max(held))} of the truths"
    )


def _blame(blamed: Mapping[str, Evenness], together: Evenness) -> str:
    told = [
        f"{_wrong(one)} in {name}: its 90 % intervals hold {_percent(one.coverage['90%'])}"
        for name, one in blamed.items()
    ]
    if not told:
        held = ", ".join(f"{100 * together.coverage[f'{part:.0%}']:.0f}" for part in _PARTS)
        told = [f"wrong in how parameters go together: regions that should hold 50, 80, 90 % hold {held} %"]
    return f"the posterior is {'; '.join(told)}; give more simulations, and do not rely on its intervals"


def _wrong(one: Evenness) -> str:
    """The clearer of two directions: what is too high or too low is also off on either side."""
    if max(abs(one.shift), abs(one.spread)) < _CLEAR:
        return "of another shape than it should be"
    if abs(one.shift) > abs(one.spread):
        return "too low" if one.shift > 0 else "too high"
    return "too narrow" if one.spread > 0 else "too wide"


def _percent(*parts: float) -> str:
    low, high = min(parts), max(parts)
    return (
        f"{low:.0%}".replace("%", " %")
        if f"{low:.0%}" == f"{high:.0%}"
        else f"{low * 100:.0f} to {high * 100:.0f} %"
    )
