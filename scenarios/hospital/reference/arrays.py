"""One update of many hospitals at once, as specs/hospital.md says.

Patients are in places, of which each hospital has many more than beds; a place where nobody is has no days that remain.
"""

import numpy as np

STEP = 1.0
PLACES = 80
MOST_NEWCOMERS = 30
BEDS = ("icu", "standard")


def read(texts):
    shape = (len(texts["patients"]), PLACES)
    disease, bed, remaining, days = (np.zeros(shape) for _ in range(4))
    for row, text in enumerate(texts["patients"]):
        for place, one in enumerate([] if text == "none" else text.split(" ")):
            told = one.split(":")
            disease[row, place], bed[row, place] = int(told[0]), BEDS.index(told[1])
            remaining[row, place], days[row, place] = int(told[2]), int(told[3])
    return {"disease": disease, "bed": bed, "remaining": remaining, "days": days}


def step(state, parameters, actions, draw):
    disease, bed, days = state["disease"], state["bed"], state["days"]
    risk = chosen(parameters, "base_prob", disease) + chosen(parameters, "day_factor", disease) * days
    dies = draw.bernoulli(np.minimum(1.0, risk))
    remaining = np.where(dies == 1, 0.0, np.maximum(0.0, state["remaining"] - 1))
    free = [
        np.maximum(0.0, parameters[f"{name}_capacity"] - ((bed == k) & (remaining > 0)).sum(axis=1))
        for k, name in enumerate(BEDS)
    ]
    newcomers = [admitted(parameters, k, free, draw) for k in range(3)]
    groups = [(disease, bed, remaining, days + 1), *newcomers]
    disease, bed, remaining, days = (np.concatenate(columns, axis=1) for columns in zip(*groups, strict=True))
    # Who is there takes the first places.
    order = np.argsort(remaining == 0, axis=1, kind="stable")[:, :PLACES]
    disease, bed, remaining, days = (
        np.take_along_axis(one, order, 1) for one in (disease, bed, remaining, days)
    )
    is_there = remaining > 0
    return {
        "disease": disease,
        "bed": bed,
        "remaining": remaining,
        "days": days,
        **{name: ((bed == k) & is_there).sum(axis=1) for k, name in enumerate(BEDS)},
        **{f"disease_{k}": ((disease == k) & is_there).sum(axis=1) for k in range(3)},
    }


def admitted(parameters, disease, free, draw):
    """New patients of one disease, as long as there are beds; `free` has fewer of them afterwards."""
    count = draw.poisson(parameters[f"arrival_rate_{disease}"])
    mean = parameters[f"los_mean_{disease}"][:, None] + np.zeros(MOST_NEWCOMERS)
    stay = np.maximum(1.0, np.floor(draw.normal(mean, 1.0)))
    first, second = (1, 0) if disease == 2 else (0, 1)
    into_first = np.minimum(count, free[first])
    into_second = np.minimum(count - into_first, free[second])
    free[first], free[second] = free[first] - into_first, free[second] - into_second
    number = np.arange(MOST_NEWCOMERS)
    bed = np.where(number < into_first[:, None], first, second)
    remaining = np.where(number < (into_first + into_second)[:, None], stay, 0.0)
    return np.full_like(stay, disease), bed, remaining, np.ones_like(stay)


def chosen(parameters, name, disease):
    """For each patient the parameter of their disease."""
    values = np.stack([parameters[f"{name}_{k}"] for k in range(3)], axis=1)
    return np.take_along_axis(values, disease.astype(int), 1)
