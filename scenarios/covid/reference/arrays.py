"""The epidemic as steps of arrays: one update of many populations at once."""

import numpy as np

STEP = 1.0


def step(state, parameters, actions, draw):
    """The state after an update, and the strength of the lockdown for the next one."""
    susceptible, infective, recovered = state["S"], state["I"], state["R"]
    strength = state.get("strength", np.zeros_like(susceptible))
    if "lockdown" in actions:
        strength = np.where(np.isnan(actions["lockdown"]), strength, actions["lockdown"])
    everybody = np.maximum(susceptible + infective + recovered, 1)
    force = parameters["infection_rate"] * (1 - strength) * infective / everybody
    infections = draw.binomial(susceptible, 1 - np.exp(-force))
    recoveries = draw.binomial(infective, parameters["recovery_probability"])
    return {
        "S": susceptible - infections,
        "I": infective + infections - recoveries,
        "R": recovered + recoveries,
        "strength": strength,
    }
