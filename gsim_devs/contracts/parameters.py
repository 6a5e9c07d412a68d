"""Calibratable numbers of a model: where they lie, what is believed of them, what they are until told otherwise."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from .declaration import Declaration


class UniformPrior(Declaration):
    """Every value between the bounds alike; of a log-real, every order of magnitude; of a simplex, every point."""

    kind: Literal["uniform"]
    """Says that no value is preferred."""


class NormalPrior(Declaration):
    """A normal distribution, cut off at the bounds."""

    kind: Literal["normal"]
    """Says that this is a normal distribution."""
    mean: float
    """Its mean before it is cut off."""
    sd: Annotated[float, Field(gt=0)]
    """Its standard deviation before it is cut off."""


class LognormalPrior(Declaration):
    """A lognormal distribution, cut off at the bounds."""

    kind: Literal["lognormal"]
    """Says that this is a lognormal distribution."""
    median: Annotated[float, Field(gt=0)]
    """Its median before it is cut off."""
    sigma: Annotated[float, Field(gt=0)]
    """The standard deviation of its logarithm."""


class BetaPrior(Declaration):
    """A beta distribution, stretched over the bounds."""

    kind: Literal["beta"]
    """Says that this is a beta distribution."""
    a: Annotated[float, Field(gt=0)]
    """Its first shape."""
    b: Annotated[float, Field(gt=0)]
    """Its second shape."""


class DirichletPrior(Declaration):
    """A Dirichlet distribution over the shares of a simplex."""

    kind: Literal["dirichlet"]
    """Says that this is a Dirichlet distribution."""
    concentration: tuple[Annotated[float, Field(gt=0)], ...]
    """One number for each share."""


Prior = Annotated[
    UniformPrior | NormalPrior | LognormalPrior | BetaPrior | DirichletPrior, Field(discriminator="kind")
]
"""What is believed of a parameter before data are seen."""


class ParameterCommons(Declaration):
    """What every parameter has."""

    unit: str | None = None
    """The unit, for readers; an earlier estimate is reused by name and unit."""
    prior: Prior = UniformPrior(kind="uniform")
    """What is believed of it before data are seen."""
    help: str = ""
    """What it means, in one line."""


class RealParameter(ParameterCommons):
    """A real number."""

    type: Literal["real"]
    """Says that this is a real number."""
    minimum: float
    """The least value."""
    maximum: float
    """The greatest value."""
    value: float
    """The value until it is calibrated or set."""


class LogRealParameter(ParameterCommons):
    """A positive real number that is searched on a logarithmic scale."""

    type: Literal["log-real"]
    """Says that this is a positive number on a logarithmic scale."""
    minimum: Annotated[float, Field(gt=0)]
    """The least value."""
    maximum: float
    """The greatest value."""
    value: float
    """The value until it is calibrated or set."""


class IntegerParameter(ParameterCommons):
    """A whole number."""

    type: Literal["integer"]
    """Says that this is a whole number."""
    minimum: int
    """The least value."""
    maximum: int
    """The greatest value."""
    value: int
    """The value until it is calibrated or set."""


class ProbabilityParameter(ParameterCommons):
    """A probability."""

    type: Literal["probability"]
    """Says that this is a probability."""
    minimum: Annotated[float, Field(ge=0, le=1)] = 0.0
    """The least value."""
    maximum: Annotated[float, Field(ge=0, le=1)] = 1.0
    """The greatest value."""
    value: float
    """The value until it is calibrated or set."""


class SimplexParameter(ParameterCommons):
    """Shares that add up to 1."""

    type: Literal["simplex"]
    """Says that these are shares that add up to 1."""
    value: Annotated[tuple[Annotated[float, Field(ge=0, le=1)], ...], Field(min_length=2)]
    """The shares until they are calibrated or set; as many as there are numbers here."""


Parameter = Annotated[
    RealParameter | LogRealParameter | IntegerParameter | ProbabilityParameter | SimplexParameter,
    Field(discriminator="type"),
]
"""A calibratable number."""
