"""The hospital as steps of arrays: one update of many hospitals at once.

Every hospital has as many places for patients, taken or not, so that each has the same draws whatever the others are.
"""

import numpy as np

STEP = 1.0
PLACES = 72
"""For patients: more than the beds that can be, and some for a beginning with more patients than beds."""
MOST = 30
"""Patients with one disease who come in one update; with a mean of 5, more do so once in 1e14 updates."""
NONE, ICU, STANDARD = 0, 1, 2


def read(texts):
    """The patients, by place; none where the bed is 0."""
    held = np.zeros((4, len(texts["patients"]), PLACES))
    for row, text in enumerate(texts["patients"]):
        patients = [] if text == "none" else text.split(" ")
        if len(patients) > PLACES:
            raise ValueError(f"{len(patients)} patients; at most {PLACES} can be at the beginning")
        for place, patient in enumerate(patients):
            disease, bed, remaining, days = patient.split(":")
            held[:, row, place] = int(disease), ICU if bed == "icu" else STANDARD, int(remaining), int(days)
    return dict(zip(("disease", "bed", "remaining", "days"), held, strict=True))


def step(state, parameters, actions, draw):
    """The state after an update: first all patients are seen, then new ones are admitted."""
    patients = _seen(state, parameters, draw)
    free = {
        ICU: np.rint(parameters["icu_capacity"]) - (patients["bed"] == ICU).sum(axis=1),
        STANDARD: np.rint(parameters["standard_capacity"]) - (patients["bed"] == STANDARD).sum(axis=1),
    }
    patients = _gathered([patients, *[_admitted(disease, free, parameters, draw) for disease in range(3)]])
    told = {
        "icu": (patients["bed"] == ICU).sum(axis=1),
        "standard": (patients["bed"] == STANDARD).sum(axis=1),
    }
    for disease in range(3):
        has_it = (patients["bed"] > 0) & (patients["disease"] == disease)
        told[f"disease_{disease}"] = has_it.sum(axis=1)
        for name in ("remaining", "days"):
            told[f"{name}_{disease}"] = np.where(has_it, patients[name], 0).sum(axis=1)
    return {**told, **patients}


def _seen(state, parameters, draw):
    disease = state["disease"].astype(int)
    base, factor = (
        np.take_along_axis(np.stack([parameters[f"{name}_{k}"] for k in range(3)], axis=1), disease, axis=1)
        for name in ("base_prob", "day_factor")
    )
    died = draw.bernoulli(np.minimum(1.0, base + factor * state["days"])) > 0
    stays = (state["bed"] > 0) & ~died & (state["remaining"] > 1)
    return {
        "disease": state["disease"],
        "bed": np.where(stays, state["bed"], NONE),
        "remaining": state["remaining"] - 1,
        "days": state["days"] + 1,
    }


def _admitted(disease, free, parameters, draw):
    """The newcomers of a disease, with the beds that they get; `free` becomes less."""
    count = draw.poisson(parameters[f"arrival_rate_{disease}"])
    mean = np.repeat(parameters[f"los_mean_{disease}"][:, None], MOST, axis=1)
    stays = np.maximum(1, np.floor(draw.normal(mean, 1.0)))
    first, second = (STANDARD, ICU) if disease == 2 else (ICU, STANDARD)
    into_first = np.minimum(count, np.maximum(free[first], 0))
    into_second = np.minimum(count - into_first, np.maximum(free[second], 0))
    free[first], free[second] = free[first] - into_first, free[second] - into_second
    number = np.arange(MOST)[None, :]
    bed = np.where(number < into_first[:, None], first, second)
    return {
        "disease": np.full(stays.shape, float(disease)),
        "bed": np.where(number < (into_first + into_second)[:, None], bed, NONE).astype(float),
        "remaining": stays,
        "days": np.ones(stays.shape),
    }


def _gathered(groups):
    """All patients in the places of one hospital, the free places last."""
    joined = {name: np.concatenate([group[name] for group in groups], axis=1) for name in groups[0]}
    order = np.argsort(joined["bed"] == NONE, axis=1, kind="stable")[:, :PLACES]
    return {name: np.take_along_axis(one, order, axis=1) for name, one in joined.items()}
