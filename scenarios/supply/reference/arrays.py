"""The shop and its supplies as steps of arrays: one update of many shops at once."""

import numpy as np

STEP = 1.0
PLACES = 7


def step(state, parameters, actions, draw):
    """The state after an update. Costs have no influence on it."""
    places = np.stack([state[f"pipeline_{k}"] for k in range(1, PLACES + 1)], axis=1)
    ordered = np.nan_to_num(actions["order"]) if "order" in actions else np.zeros(len(places))
    arrived = places[:, 0]
    places = np.concatenate([places[:, 1:], np.zeros((len(places), 1))], axis=1)
    places[np.arange(len(places)), np.rint(parameters["lead_time"]).astype(int) - 1] += ordered
    # What is owed and what is wanted are served from the shelves alike; the backlog first, which changes no sum.
    left = state["inventory"] + arrived - state["backlog"] - draw.poisson(parameters["demand_mean"])
    told = {f"pipeline_{k}": places[:, k - 1] for k in range(1, PLACES + 1)}
    return {
        "inventory": np.maximum(left, 0),
        "backlog": np.maximum(-left, 0),
        "pipeline": places.sum(axis=1),
        **told,
    }
