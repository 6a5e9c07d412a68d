"""One update of many epidemics at once, as specs/covid.md says."""

import numpy as np

STEP = 1.0


def step(state, parameters, actions, draw):
    susceptible, infective, recovered = state["S"], state["I"], state["R"]
    strength = np.where(np.isnan(actions["lockdown"]), state.get("strength", 0.0), actions["lockdown"])
    # Where there is nobody, nobody is infective either.
    share = infective / np.maximum(susceptible + infective + recovered, 1)
    probability = 1 - np.exp(-parameters["infection_rate"] * (1 - strength) * share)
    infections = draw.binomial(susceptible, probability)
    recoveries = draw.binomial(infective, parameters["recovery_probability"])
    return {
        "S": susceptible - infections,
        "I": infective + infections - recoveries,
        "R": recovered + recoveries,
        "strength": strength,
    }
