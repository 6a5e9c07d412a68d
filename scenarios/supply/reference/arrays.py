"""One update of many shops at once, as specs/supply.md says; without costs, which change nothing."""

import numpy as np

STEP = 1.0
PLACES = 7


def step(state, parameters, actions, draw):
    demand = draw.poisson(parameters["demand_mean"])
    ordered = np.nan_to_num(actions["order"])
    pipeline = {}
    for k in range(1, PLACES + 1):
        moved = state[f"pipeline_{k + 1}"] if k < PLACES else 0.0
        pipeline[f"pipeline_{k}"] = moved + np.where(parameters["lead_time"] == k, ordered, 0.0)
    stock, owed = state["inventory"] + state["pipeline_1"], state["backlog"] + demand
    sold = np.minimum(stock, owed)
    return {"inventory": stock - sold, "backlog": owed - sold, "pipeline": sum(pipeline.values()), **pipeline}
