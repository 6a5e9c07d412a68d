"""The hospital as steps of arrays: one update of many hospitals at once.

Between updates each hospital has a row of places, the patients first and then zeros; rows are as long as the fullest
hospital needs. Whatever belongs to one patient is drawn from the hospital's own number and the patient's place, so that
only patients who are there cost a draw, and nothing depends on other hospitals.
"""

from functools import lru_cache

import numpy as np

from runtime.array_draws import ArrayDraw

STEP = 1.0
MOST = 72
"""Patients who can be there at the beginning."""
NEWCOMERS = 1000
"""The place of the first newcomer with disease 0, as far as draws go; those of the next disease are as far away."""
NONE, ICU, STANDARD = 0, 1, 2
FIELDS = ("disease", "bed", "remaining", "days")

# Neighbours in a row are as far apart as the numbers of SplitMix64 are, and so are rows, by another factor.
BETWEEN_PLACES, BETWEEN_ROWS = np.uint64(0x9E3779B97F4A7C15), np.uint64(0xD1342543DE82EF95)


def read(texts):
    """The patients, by place; none where the bed is 0."""
    rows = [[] if text == "none" else [*map(_patient, text.split(" "))] for text in texts["patients"]]
    longest = max(map(len, rows), default=0)
    if longest > MOST:
        raise ValueError(f"{longest} patients; at most {MOST} can be at the beginning")
    held = np.zeros((len(FIELDS), len(rows), longest), dtype=np.int16)
    for row, patients in enumerate(rows):
        if patients:
            held[:, row, : len(patients)] = np.transpose(patients)
    return dict(zip(FIELDS, held, strict=True))


def step(state, parameters, actions, draw):
    """The state after an update: first all patients are seen, then new ones are admitted."""
    keys = np.asarray(draw.uniform() * 2.0**52, dtype=np.uint64) * BETWEEN_ROWS
    patients = _seen(state, parameters, keys)
    free = {
        ICU: np.rint(parameters["icu_capacity"]) - _count(patients, patients["bed"] == ICU, len(keys)),
        STANDARD: np.rint(parameters["standard_capacity"])
        - _count(patients, patients["bed"] == STANDARD, len(keys)),
    }
    groups = [patients, *(_admitted(disease, free, parameters, draw, keys) for disease in range(3))]
    everyone = {name: np.concatenate([group[name] for group in groups]) for name in groups[0]}
    return {**_told(everyone, len(keys)), **_by_place(groups, everyone, len(keys))}


@lru_cache(maxsize=1 << 16)
def _patient(text):
    disease, bed, remaining, days = text.split(":")
    return int(disease), ICU if bed == "icu" else STANDARD, int(remaining), int(days)


def _draws(keys, row, place):
    """Draws of these places, one for each."""
    return ArrayDraw(keys[row] + place.astype(np.uint64) * BETWEEN_PLACES)


def _seen(state, parameters, keys):
    """Those who stay, one after the other, with the rows that they belong to."""
    row, place = np.nonzero(state["bed"])
    disease, bed, remaining, days = (state[name][row, place] for name in FIELDS)
    base, factor = (
        np.stack([parameters[f"{name}_{k}"] for k in range(3)], axis=1)[row, disease]
        for name in ("base_prob", "day_factor")
    )
    died = _draws(keys, row, place).bernoulli(np.minimum(1.0, base + factor * days)) > 0
    stays = ~died & (remaining > 1)
    older = {"disease": disease, "bed": bed, "remaining": remaining - 1, "days": days + 1}
    return {"row": row[stays]} | {name: one[stays] for name, one in older.items()}


def _admitted(disease, free, parameters, draw, keys):
    """The newcomers of a disease who get beds; `free` becomes less."""
    count = draw.poisson(parameters[f"arrival_rate_{disease}"])
    first, second = (STANDARD, ICU) if disease == 2 else (ICU, STANDARD)
    into_first = np.minimum(count, np.maximum(free[first], 0))
    into_second = np.minimum(count - into_first, np.maximum(free[second], 0))
    free[first], free[second] = free[first] - into_first, free[second] - into_second
    admitted = (into_first + into_second).astype(np.int64)
    row, number = np.repeat(np.arange(len(keys)), admitted), _numbered(admitted)
    draws = _draws(keys, row, NEWCOMERS * (disease + 1) + number)
    stays = np.maximum(1, np.floor(draws.normal(parameters[f"los_mean_{disease}"][row], 1.0)))
    return {
        "row": row,
        "disease": np.full(len(row), disease, dtype=np.int16),
        "bed": np.where(number < into_first[row], first, second).astype(np.int16),
        "remaining": stays.astype(np.int16),
        "days": np.ones(len(row), dtype=np.int16),
    }


def _told(patients, rows):
    """What is observed of each hospital."""
    told = {
        "icu": _count(patients, patients["bed"] == ICU, rows),
        "standard": _count(patients, patients["bed"] == STANDARD, rows),
    }
    kinds = 3 * patients["row"] + patients["disease"]
    for name, weights in (
        ("disease", None),
        ("remaining", patients["remaining"]),
        ("days", patients["days"]),
    ):
        sums = np.bincount(kinds, weights, 3 * rows).reshape(rows, 3)
        told |= {f"{name}_{disease}": sums[:, disease] for disease in range(3)}
    return told


def _by_place(groups, everyone, rows):
    """The patients of each hospital in a row: those of the first group, then those of the next."""
    counts = [np.bincount(group["row"], minlength=rows) for group in groups]
    before = np.cumsum([np.zeros(rows, dtype=np.int64), *counts], axis=0)
    places = [
        _numbered(count) + begin[group["row"]]
        for group, count, begin in zip(groups, counts, before[:-1], strict=True)
    ]
    at = everyone["row"], np.concatenate(places)
    shape = (rows, int(before[-1].max(initial=0)))
    return {name: _placed(everyone[name], at, shape) for name in FIELDS}


def _placed(values, at, shape):
    held = np.zeros(shape, dtype=np.int16)
    held[at] = values
    return held


def _numbered(counts):
    """0, 1, 2, … for so many of each row, one row after the other."""
    return np.arange(counts.sum()) - np.repeat(np.cumsum(counts) - counts, counts)


def _count(patients, which, rows):
    return np.bincount(patients["row"][which], minlength=rows)
