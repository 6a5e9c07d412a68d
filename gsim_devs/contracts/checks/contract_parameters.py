"""Whether parameters lie within their bounds and have priors that fit them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from ..declaration import Defect
from ..parameters import DirichletPrior, SimplexParameter
from ..sentences import one_of

if TYPE_CHECKING:
    from ..contract import Contract
    from ..parameters import Parameter

_PRIORS = {
    "real": ("uniform", "normal", "lognormal", "beta"),
    "log-real": ("uniform", "normal", "lognormal"),
    "integer": ("uniform", "normal"),
    "probability": ("uniform", "normal", "beta"),
    "simplex": ("uniform", "dirichlet"),
}


def parameter_defects(contract: Contract) -> Iterator[Defect]:
    """What is wrong with the declarations of parameters."""
    for name, parameter in contract.parameters.items():
        place = ("parameters", name)
        yield from _range(place, parameter)
        if parameter.prior.kind not in _PRIORS[parameter.type]:
            allowed = one_of(list(_PRIORS[parameter.type]))
            yield Defect(
                (*place, "prior", "kind"),
                f"found {parameter.prior.kind!r}; for {parameter.type} it should be {allowed}",
            )


def _range(place: tuple[str, ...], parameter: Parameter) -> Iterator[Defect]:
    if isinstance(parameter, SimplexParameter):
        if abs(sum(parameter.value) - 1) > 1e-9:
            yield Defect((*place, "value"), f"the shares add up to {sum(parameter.value)!r}, not to 1")
        prior = parameter.prior
        if isinstance(prior, DirichletPrior) and len(prior.concentration) != len(parameter.value):
            text = f"{len(prior.concentration)} numbers for {len(parameter.value)} shares"
            yield Defect((*place, "prior", "concentration"), text)
    elif parameter.minimum >= parameter.maximum:
        yield Defect(
            (*place, "minimum"), f"nothing lies between {parameter.minimum!r} and {parameter.maximum!r}"
        )
    elif not parameter.minimum <= parameter.value <= parameter.maximum:
        text = (
            f"found {parameter.value!r}; it should lie within {parameter.minimum!r} … {parameter.maximum!r}"
        )
        yield Defect((*place, "value"), text)
