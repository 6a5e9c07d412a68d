"""`npe`: learn which parameters go with which simulations, then ask what goes with the data. The answer is a posterior.

Neural posterior estimation with networks of sbi, in a box that holds the posterior (truncation: the prior is the same
inside, so nothing has to be corrected for; Deistler et al. 2022). The box is found first, with half of the simulations
at most: summaries are compressed to one number for each edge of the cube, their best linear guess of the parameters,
and the next box reaches as far around the guess for the data as guesses were off. It may move back: what was cut off by
mistake is found again. Within the last box, three networks learn how parameters lie around the linear guess, which is
little to learn, and answer together: any one of them can be far off.

Networks learn the logit of the place within the box. So every sample lies within the bounds, and none has to be thrown
away: sampling takes as long as it takes to draw once. `npe-trajectory` is the recipe of published results, to compare
with: whole series, flattened, one round, one network, no compression. Leaves out everything about losses.
"""

from __future__ import annotations

import contextlib
import io
import math
import warnings
from collections.abc import Generator, Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

import numpy as np

from gsim_devs.errors import UsageError

from .arrays import Array
from .asking import Answer, Ask, Found, Search, Task
from .checking import PosteriorCheck, check_posterior
from .problem import Followed, Summarised
from .ridge import Ridge
from .space import Space
from .spread import spread_out

TRAJECTORIES = 1000
"""What `npe-trajectory` takes."""
CHECKS = 300
"""Simulations that no network sees, to check the posterior with; fewer, if they were more than a fifth of all."""

_FEWEST, _PER_EDGE = 2000, 300
"""Simulations that `npe` usually takes, and for each edge of the cube if that is more; half of them find the box."""
_NETWORKS = 3
_SAMPLES = 1000
"""Of the posterior, that are kept."""
_SAMPLES_OF_A_CHECK = 200
_LEAST = 50
"""Simulations that anything can be learnt from."""
_ROUND = 250
"""Simulations in a box, before it is made smaller; fewer, if they were more than an eighth of all."""
_MARGIN = 0.15
"""By which the box is wider than the errors of all guesses, in its width, on either side."""
_SMALLER = 1.5
"""Times smaller the next box must be, or it is the last one."""
_COMPONENTS, _HIDDEN, _EPOCHS, _BATCH, _RATE = 5, 30, 20, 100, 5e-3
_STEEPEST = 5.0
"""A longer gradient is made this long."""
_MEMORY, _LONG_MEMORY = 0.9, 0.999
"""What is kept of the mean gradient, and of its square, from step to step."""
_EDGE = 1e-4
"""Logits are taken no closer than this to the sides of the box."""

_Wanted: TypeAlias = Literal["summaries", "trajectories"]


def usual(space: Space) -> int:
    """How many simulations `npe` usually takes."""
    return max(_FEWEST, _PER_EDGE * space.dimension)


def npe(task: Task) -> Search:
    """Close in on the posterior, then learn it."""
    if not isinstance(task.problem, Summarised):
        raise UsageError("the method npe needs summaries, and this problem tells none; take the method cma")
    observed = np.asarray(task.problem.observed_summary, dtype=float)
    known, left, over = yield from _close_in(task, observed)
    aside = min(CHECKS, task.simulations // 5) if task.check else 0
    box, rows = known[-1]
    if not over:
        made, over = yield from _simulate(task, box, left - aside, "summaries")
        rows = rows.and_more(made)
    if len(rows.quantiles) < _LEAST:
        # The budget ended early: the box before that is wider, but full.
        box, rows = known[-2] if len(known) > 1 else (box, rows)
    if len(rows.quantiles) < _LEAST:
        return Found(rows.quantiles[:0], converged=False)
    learnt = _Learnt(task, box, rows, observed)
    return (yield from _told(task, learnt, box, "summaries", observed, 0 if over else aside, over=over))


def npe_trajectory(task: Task) -> Search:
    """One round on whole series."""
    if not isinstance(task.problem, Followed):
        raise UsageError(
            "the method npe-trajectory needs whole series, and this problem has none; take the method npe"
        )
    observed = np.asarray(task.problem.observed_trajectory, dtype=float)
    aside = min(CHECKS, task.simulations // 5) if task.check else 0
    whole = _whole(task)
    rows, over = yield from _simulate(task, whole, task.simulations - aside, "trajectories")
    if len(rows.quantiles) < _LEAST:
        return Found(rows.quantiles, converged=False)
    learnt = _LearntByFlow(task, whole, rows, observed)
    return (yield from _told(task, learnt, whole, "trajectories", observed, 0 if over else aside, over=over))


def _told(
    task: Task,
    learnt: _Learnt | _LearntByFlow,
    box: _Box,
    wanted: _Wanted,
    observed: Array,
    aside: int,
    *,
    over: bool,
) -> Search:
    """The posterior; checked on so many simulations that it was not learnt from."""
    checked = None
    if aside:
        held_out, over = yield from _simulate(task, box, aside, wanted)
        checked = _checked(task, held_out, learnt.samples(held_out.told, _SAMPLES_OF_A_CHECK))
    return _found(task, learnt.samples(observed[None], _SAMPLES)[0], checked, converged=not over)


@dataclass(frozen=True)
class _Box:
    """A box of quantiles of the prior."""

    low: Array
    high: Array

    @property
    def width(self) -> Array:
        return self.high - self.low

    def holds(self, quantiles: Array) -> Any:
        return ((quantiles >= self.low) & (quantiles <= self.high)).all(axis=1)

    def covers(self, other: _Box) -> bool:
        return bool(((self.low <= other.low) & (self.high >= other.high)).all())

    def stretched(self, unit: Array) -> Array:
        return np.asarray(self.low + unit * self.width)

    def logits(self, quantiles: Array) -> Array:
        inside = np.clip((quantiles - self.low) / self.width, _EDGE, 1 - _EDGE)
        return np.asarray(np.log(inside / (1 - inside)))

    def of_logits(self, logits: Array) -> Array:
        # Beyond 30 it is 0 or 1 to all digits.
        return self.stretched(1 / (1 + np.exp(-np.clip(logits, -30, 30))))


@dataclass(frozen=True)
class _Rows:
    """Quantiles that could be simulated, and what was told of them."""

    quantiles: Array
    told: Array

    def and_more(self, other: _Rows) -> _Rows:
        if not len(self.quantiles) or not len(other.quantiles):
            return self if len(self.quantiles) else other
        return _Rows(
            np.concatenate([self.quantiles, other.quantiles]), np.concatenate([self.told, other.told])
        )

    def only(self, chosen: Any) -> _Rows:
        return _Rows(self.quantiles[chosen], self.told[chosen])


def _whole(task: Task) -> _Box:
    return _Box(np.zeros(task.space.dimension), np.ones(task.space.dimension))


def _close_in(
    task: Task, observed: Array
) -> Generator[Ask, Answer, tuple[list[tuple[_Box, _Rows]], int, bool]]:
    """The boxes and what is known in each, how many simulations are left, and whether the budget is spent."""
    box, left = _whole(task), task.simulations
    rows = _Rows(np.empty((0, task.space.dimension)), np.empty((0, len(observed))))
    known = []
    size = min(_ROUND, max(_LEAST, task.simulations // 8))
    while left - size >= task.simulations // 2:
        made, over = yield from _simulate(task, box, size, "summaries")
        left -= size
        rows = rows.and_more(made)
        known.append((box, rows))
        if over or len(rows.quantiles) < _LEAST:
            return known, left, over
        before, box = box, _closer(box, rows, observed)
        # Elsewhere than in boxes that hold all of the new one, those that were made before would be too many.
        rows = rows.only(box.holds(rows.quantiles) & before.covers(box))
        if np.prod(before.width / box.width) < _SMALLER:
            break
    return [*known, (box, rows)], left, False


def _closer(box: _Box, rows: _Rows, observed: Array) -> _Box:
    """The box around the guess for the data, as far as guesses were off."""
    ridge = Ridge(rows.told, rows.quantiles, ~np.isnan(observed))
    off = rows.quantiles - ridge.left_out
    (guess,) = ridge.guess(observed[None])
    low, high = guess + off.min(axis=0), guess + off.max(axis=0)
    margin = _MARGIN * (high - low) + 1e-6
    low, high = np.maximum(low - margin, 0.0), np.minimum(high + margin, 1.0)
    # Data unlike all simulations may be guessed to lie outside the cube.
    nowhere = low >= high
    return _Box(np.where(nowhere, box.low, low), np.where(nowhere, box.high, high))


def _simulate(
    task: Task, box: _Box, count: int, wanted: _Wanted
) -> Generator[Ask, Answer, tuple[_Rows, bool]]:
    """So many of a box, without those that failed, and whether the budget is spent."""
    quantiles = box.stretched(spread_out(count, task.space.dimension, task.seeds))
    answer = yield Ask(task.space.at_quantiles(quantiles), task.seeds.next(), wanted=wanted)
    told = answer.values
    if not len(told):
        return _Rows(quantiles[:0], told), True
    worked = ~np.isnan(told).any(axis=1)
    return _Rows(quantiles[: len(told)][worked], told[worked]), answer.over


class _Learnt:
    """The posterior within a box, of whatever is observed there."""

    def __init__(self, task: Task, box: _Box, rows: _Rows, observed: Array) -> None:
        if rows.told.shape[1] != len(observed):
            raise UsageError(f"simulations have {rows.told.shape[1]} summaries, the data {len(observed)}")
        self._box, self._seed = box, task.seeds.next() % 2**31
        self._ridge = Ridge(rows.told, rows.quantiles, ~np.isnan(observed))
        guesses = self._ridge.left_out
        self._mean, self._spread = guesses.mean(axis=0), np.maximum(guesses.std(axis=0), 1e-12)
        logits, beside = box.logits(rows.quantiles), self._beside(guesses)
        self._line = np.linalg.lstsq(beside, logits, rcond=None)[0]
        off = logits - beside @ self._line
        self._networks = [_mixture(off, beside[:, 1:], task.seeds.next() % 2**31) for _ in range(_NETWORKS)]

    def samples(self, told: Array, count: int) -> Array:
        """For each of these rows (n, s), in quantiles of the prior, (n, count, d)."""
        beside = self._beside(self._ridge.guess(told))
        each = -(-count // _NETWORKS)
        drawn = _drawn(self._networks, beside[:, 1:], each, self._seed)[:, :count]
        return self._box.of_logits(drawn + (beside @ self._line)[:, None])

    def _beside(self, guesses: Array) -> Array:
        return np.column_stack([np.ones(len(guesses)), (guesses - self._mean) / self._spread])


class _LearntByFlow:
    """The same by one masked autoregressive flow, of all numbers as they are."""

    def __init__(self, task: Task, box: _Box, rows: _Rows, observed: Array) -> None:
        told = rows.told
        self._box, self._seed = box, task.seeds.next() % 2**31
        self._used = (told.std(axis=0) > 1e-12) & ~np.isnan(observed)
        if not self._used.any():
            raise UsageError(
                "no number of the series depends on the parameters, or none was observed: there is nothing to learn"
            )
        self._mean, self._spread = told[:, self._used].mean(axis=0), told[:, self._used].std(axis=0)
        self._dimension = task.space.dimension
        self._network = _flow(box.logits(rows.quantiles), self._standard(told), task.seeds.next() % 2**31)

    def samples(self, told: Array, count: int) -> Array:
        drawn = _drawn([self._network], self._standard(told), count, self._seed)
        return self._box.of_logits(drawn[..., : self._dimension])

    def _standard(self, told: Array) -> Array:
        return np.asarray((told[:, self._used] - self._mean) / self._spread)


def _mixture(aims: Array, told: Array, seed: int) -> Any:
    """A mixture of normal distributions whose weights, means and covariances a small network tells."""
    import torch
    from sbi.neural_nets.net_builders import build_mdn  # type: ignore[import-untyped]

    with _alone(seed):
        one, other = _tensor(aims), _tensor(told)
        network = build_mdn(one, other, hidden_features=_HIDDEN, num_components=_COMPONENTS)
        descent = _Descent([*network.parameters()])
        batches = len(aims) // min(_BATCH, max(10, len(aims) // 10))
        for epoch in range(_EPOCHS):
            for batch, chosen in enumerate(torch.randperm(len(aims)).tensor_split(batches)):
                loss = network.loss(one[chosen], condition=other[chosen]).mean()
                done = (epoch + batch / batches) / _EPOCHS
                descent.step(loss, _RATE * (1 + math.cos(math.pi * done)) / 2)
    return network.eval()


class _Descent:
    """Adam (Kingma and Ba 2015). Torch has it too, but loads its compiler for it: that takes longer than to learn."""

    def __init__(self, parameters: Sequence[Any]) -> None:
        import torch

        self._parameters = parameters
        self._mean = [torch.zeros_like(one) for one in parameters]
        self._square = [torch.zeros_like(one) for one in parameters]
        self._steps = 0

    def step(self, loss: Any, rate: float) -> None:
        """Go down a little; too long a gradient is shortened."""
        import torch

        self._steps += 1
        gradients = torch.autograd.grad(loss, self._parameters)
        with torch.no_grad():
            length = torch.stack([one.square().sum() for one in gradients]).sum().sqrt()
            shorter = min(1.0, _STEEPEST / (float(length) + 1e-6))
            size = rate / (1 - _MEMORY**self._steps)
            for value, gradient, mean, square in zip(
                self._parameters, gradients, self._mean, self._square, strict=True
            ):
                mean.lerp_(gradient * shorter, 1 - _MEMORY)
                square.lerp_((gradient * shorter).square_(), 1 - _LONG_MEMORY)
                spread = (square / (1 - _LONG_MEMORY**self._steps)).sqrt_()
                value.addcdiv_(mean, spread + 1e-8, value=-size)


def _flow(aims: Array, told: Array, seed: int) -> Any:
    """A masked autoregressive flow, trained as sbi does it."""
    from sbi.inference import NPE  # type: ignore[import-untyped]
    from sbi.neural_nets import posterior_nn  # type: ignore[import-untyped]

    if aims.shape[1] == 1:
        # A flow of one dimension is a normal distribution and no more; one that means nothing lets it bend.
        aims = np.hstack([aims, np.random.default_rng(seed).logistic(size=aims.shape)])
    with _alone(seed):
        teacher = NPE(
            prior=None,
            density_estimator=posterior_nn("maf"),
            show_progress_bars=False,
            tracker=_Silent(),
        )
        teacher.append_simulations(_tensor(aims), _tensor(told))
        return teacher.train(
            training_batch_size=min(100, len(aims) // 4),
            learning_rate=1e-3,
            max_num_epochs=300,
            stop_after_epochs=20,
        )


def _drawn(networks: list[Any], told: Array, count: int, seed: int) -> Array:
    """So many samples of each network for each row, one network after the other, (n, networks * count, d)."""
    import torch

    with _alone(seed), torch.no_grad():
        drawn = [network.sample((count,), condition=_tensor(told)).numpy() for network in networks]
    return np.concatenate(drawn).transpose(1, 0, 2).astype(float)


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
def _alone(seed: int) -> Generator[None, None, None]:
    """Work on one thread, which is faster for networks this small, with draws by this seed; leave torch as it was.

    What sbi prints would stand between results on stdout; what it warns of nobody can change from here.
    """
    import torch

    threads = torch.get_num_threads()
    with torch.random.fork_rng(), contextlib.redirect_stdout(io.StringIO()), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.manual_seed(seed)
        torch.set_num_threads(1)
        try:
            yield
        finally:
            torch.set_num_threads(threads)


def _checked(task: Task, held_out: _Rows, samples: Array) -> PosteriorCheck | None:
    if not len(held_out.quantiles):
        return None
    return check_posterior(held_out.quantiles, samples, task.space.columns, task.seeds.next())


def _found(task: Task, samples: Array, checked: PosteriorCheck | None, *, converged: bool) -> Found:
    """The mean is the point that is suggested last, the median comes before it."""
    points = task.space.at_quantiles(samples)
    return Found(
        np.array([np.median(points, axis=0), points.mean(axis=0)]),
        posterior=points,
        converged=converged,
        checked=checked,
    )
