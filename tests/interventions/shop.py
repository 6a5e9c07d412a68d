"""A contract with everything that a measure can name."""

from __future__ import annotations

from gsim_devs.contracts import Contract
from gsim_devs.interventions.costs import Scope

SCOPE = Scope({"extra": 3.0}, {"rate": 0.5, "shares": (0.5, 0.5)}, {"days": 2, "name": "corner"})


def contract_of_a_shop() -> Contract:
    """A shop with a till."""
    number, text = {"type": "number"}, {"type": "string"}
    return Contract.model_validate(
        {
            "id": "shop",
            "title": "A shop",
            "time": {"unit": "day"},
            "horizon": {"argument": "days"},
            "arguments": {
                "days": {"type": "integer", "default": 2},
                "name": {"type": "text", "default": "corner"},
            },
            "events": [
                {
                    "entity": "shop",
                    "event": "state",
                    "payload": {"stock": {"type": "integer"}, "debt": number},
                },
                {"entity": "till", "event": "sold", "payload": {"price": number, "how": text}},
                {"entity": "shop", "event": "closed", "payload": {"hours": number}},
            ],
            "parameters": {
                "rate": {"type": "real", "minimum": 0, "maximum": 1, "value": 0.5},
                "shares": {"type": "simplex", "value": [0.5, 0.5]},
            },
            "observables": {
                "stock": {"event": "state", "entity": "shop", "field": "stock"},
                "debt": {"event": "state", "entity": "shop", "field": "debt"},
                "takings": {"event": "sold", "field": "price", "at": {"every": 1, "take": "sum"}},
                "note": {"type": "text", "event": "sold", "field": "how"},
            },
        }
    )
