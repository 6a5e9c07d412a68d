"""`npe`: learn which parameters go with which simulations, then ask what goes with the data. The answer is a posterior.

Neural posterior estimation with sbi, in two rounds: the first simulates parameters from the prior, the second from the
box that holds the first posterior (of the same density, so nothing has to be corrected for; Deistler et al. 2022).
Summaries are compressed to one number for each edge of the cube, their best linear guess of the parameters (Fearnhead
and Prangle 2012). Three networks answer together: with a thousand simulations any one of them can be far off.

Networks learn the logit of the place within the box. So every sample lies within the bounds, and none has to be thrown
away: sampling takes as long as it takes to draw once. `npe-trajectory` is the recipe of published results, to compare
with: whole series, flattened, one round, one network, no compression. Leaves out everything about losses.
"""

from __future__ import annotations

import contextlib
import io
import warnings
from collections.abc import Generator
from typing import Any, Literal

import numpy as np

from gsim_devs.errors import UsageError

from .arrays import Array
from .asking import Answer, Ask, Found, Search, Task
from .problem import Followed, Summarised
from .spread import spread_out

SIMULATIONS = 2000
"""What it usually takes: half of them from the prior."""
TRAJECTORIES = 1000
"""What `npe-trajectory` takes."""

_NETWORKS = 3
_SAMPLES = 1000
"""Of the posterior, that are kept."""
_LEAST = 50
"""Simulations that a network can learn anything from."""
_EPOCHS, _PATIENCE, _BATCH, _RATE = 300, 20, 100, 1e-3
_RIDGE = 1e-3
_TAIL = 0.001
"""Of the first posterior on either side, that need not lie within the box; the box is then a tenth wider."""
_EDGE = 1e-4
"""Logits are taken no closer than this to the sides of the box."""


def npe(task: Task) -> Search:
    """Two rounds on summaries."""
    if not isinstance(task.problem, Summarised):
        raise UsageError("the method npe needs summaries, and this problem tells none; take the method cma")
    observed = np.asarray(task.problem.observed_summary, dtype=float)
    whole = _Box(np.zeros(task.space.dimension), np.ones(task.space.dimension))
    size = max(1, task.simulations // 2)
    first, told, over = yield from _simulate(task, whole, size, "summaries")
    if len(first) < _LEAST:
        return Found(first[:0], converged=False)
    samples = _learnt(task, whole, first, *_compressed(first, told, observed), networks=_NETWORKS)
    if not over:
        box = _around(samples)
        second, more, over = yield from _simulate(task, box, size, "summaries")
        inside = box.holds(first)
        quantiles = np.concatenate([first[inside], second])
        if len(quantiles) >= _LEAST:
            seen = np.concatenate([told[inside], more]) if len(more) else told[inside]
            samples = _learnt(
                task, box, quantiles, *_compressed(quantiles, seen, observed), networks=_NETWORKS
            )
    return _found(task, samples, converged=not over)


def npe_trajectory(task: Task) -> Search:
    """One round on whole series."""
    if not isinstance(task.problem, Followed):
        raise UsageError(
            "the method npe-trajectory needs whole series, and this problem has none; take the method npe"
        )
    observed = np.asarray(task.problem.observed_trajectory, dtype=float)
    whole = _Box(np.zeros(task.space.dimension), np.ones(task.space.dimension))
    quantiles, told, over = yield from _simulate(task, whole, task.simulations, "trajectories")
    if len(quantiles) < _LEAST:
        return Found(quantiles[:0], converged=False)
    samples = _learnt(task, whole, quantiles, *_standardised(told, observed), networks=1)
    return _found(task, samples, converged=not over)


class _Box:
    """A box of quantiles of the prior."""

    def __init__(self, low: Array, high: Array) -> None:
        self.low, self.high = low, high

    def holds(self, quantiles: Array) -> Any:
        return ((quantiles >= self.low) & (quantiles <= self.high)).all(axis=1)

    def stretched(self, unit: Array) -> Array:
        return np.asarray(self.low + unit * (self.high - self.low))

    def logits(self, quantiles: Array) -> Array:
        inside = np.clip((quantiles - self.low) / (self.high - self.low), _EDGE, 1 - _EDGE)
        return np.asarray(np.log(inside / (1 - inside)))

    def of_logits(self, logits: Array) -> Array:
        return self.stretched(1 / (1 + np.exp(-logits)))


def _around(samples: Array) -> _Box:
    low, high = np.quantile(samples, [_TAIL, 1 - _TAIL], axis=0)
    margin = 0.05 * (high - low) + 1e-6
    return _Box(np.maximum(low - margin, 0), np.minimum(high + margin, 1))


def _simulate(
    task: Task, box: _Box, count: int, wanted: Literal["summaries", "trajectories"]
) -> Generator[Ask, Answer, tuple[Array, Array, bool]]:
    """Quantiles that could be simulated, what was told of them, and whether the budget is spent."""
    quantiles = box.stretched(spread_out(count, task.space.dimension, task.seeds))
    answer = yield Ask(task.space.at_quantiles(quantiles), task.seeds.next(), wanted=wanted)
    if not len(answer.values):
        return quantiles[:0], answer.values, True
    worked = ~np.isnan(answer.values).any(axis=1)
    return quantiles[: len(answer.values)][worked], answer.values[worked], answer.over


def _compressed(quantiles: Array, told: Array, observed: Array) -> tuple[Array, Array]:
    """The best linear guess of each quantile, by ridge regression, of simulations and of the data."""
    told, observed = _standardised(told, observed)
    centred = quantiles - quantiles.mean(axis=0)
    penalty = _RIDGE * len(told) * np.eye(told.shape[1])
    weights = np.linalg.solve(told.T @ told + penalty, told.T @ centred)
    return _standardised(told @ weights, observed @ weights)


def _standardised(told: Array, observed: Array) -> tuple[Array, Array]:
    """With mean 0 and standard deviation 1; numbers that never change say nothing."""
    if told.shape[1] != len(observed):
        raise UsageError(f"simulations have {told.shape[1]} summaries, the data {len(observed)}")
    spread = told.std(axis=0)
    used = (spread > 1e-12) & ~np.isnan(observed)
    if not used.any():
        raise UsageError(
            "no summary depends on the parameters, or none was observed: there is nothing to learn from"
        )
    mean = told[:, used].mean(axis=0)
    return (told[:, used] - mean) / spread[used], (observed[used] - mean) / spread[used]


def _learnt(task: Task, box: _Box, quantiles: Array, told: Array, observed: Array, *, networks: int) -> Array:
    """Samples of the posterior, in quantiles of the prior."""
    each = -(-_SAMPLES // networks)
    samples = [
        _one_network(box.logits(quantiles), told, observed, each, task.seeds.next() % 2**31)
        for _ in range(networks)
    ]
    return box.of_logits(np.concatenate(samples)[:_SAMPLES])


def _one_network(logits: Array, told: Array, observed: Array, count: int, seed: int) -> Array:
    import torch
    from sbi.inference import NPE  # type: ignore[import-untyped]
    from sbi.neural_nets import posterior_nn  # type: ignore[import-untyped]

    if logits.shape[1] == 1:
        # A flow of one dimension is a normal distribution and no more; one that means nothing lets it bend.
        beside = np.random.default_rng(seed).logistic(size=logits.shape)
        return _one_network(np.hstack([logits, beside]), told, observed, count, seed)[:, :1]
    with _alone():
        torch.manual_seed(seed)
        teacher = NPE(
            prior=None,
            density_estimator=posterior_nn("maf"),
            show_progress_bars=False,
            tracker=_Silent(),
        )
        teacher.append_simulations(_tensor(logits), _tensor(told))
        density = teacher.train(
            training_batch_size=min(_BATCH, len(logits) // 4),
            learning_rate=_RATE,
            max_num_epochs=_EPOCHS,
            stop_after_epochs=_PATIENCE,
        )
        drawn = density.sample((count,), condition=_tensor(observed[None])).detach().numpy()
    return np.array(drawn[:, 0, :], dtype=float)


class _Silent:
    """Takes what sbi would otherwise write into a folder of logs where the caller happens to be."""

    log_dir = None

    def log_metric(self, name: str, value: float, step: int | None = None) -> None:
        """Keep nothing."""

    def log_metrics(self, metrics: dict[str, float], step: int | None = None) -> None:
        """Keep nothing."""

    def log_params(self, params: dict[str, Any]) -> None:
        """Keep nothing."""

    def add_figure(self, name: str, figure: Any, step: int | None = None) -> None:
        """Keep nothing."""

    def flush(self) -> None:
        """Keep nothing."""


def _tensor(array: Array) -> Any:
    import torch

    return torch.from_numpy(np.ascontiguousarray(array, dtype=np.float32))


@contextlib.contextmanager
def _alone() -> Generator[None, None, None]:
    """Train on one thread, which is faster for networks this small, and leave torch as it was.

    What sbi prints would stand between results on stdout; what it warns of nobody can change from here.
    """
    import torch

    threads = torch.get_num_threads()
    with torch.random.fork_rng(), contextlib.redirect_stdout(io.StringIO()), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.set_num_threads(1)
        try:
            yield
        finally:
            torch.set_num_threads(threads)


def _found(task: Task, samples: Array, *, converged: bool) -> Found:
    """The mean is the point that is suggested last, the median comes before it."""
    points = task.space.at_quantiles(samples)
    return Found(
        np.array([np.median(points, axis=0), points.mean(axis=0)]), posterior=points, converged=converged
    )
