"""Steps of arrays: the same answers as the components give, row for row apart, and hostile files contained."""

from __future__ import annotations

import numpy as np
import pytest

from gsim_devs.errors import UsageError
from gsim_devs.execution import Limits
from gsim_devs.observation import Experiment, load_dataset
from tests.observation.sir import ARRAYS, check_moments, sir_simulator

TRUTH = {"beta": 0.5, "gamma": 0.1}
ROWS = (
    "trajectory,t,S,I,R\na,0,90,10,0\na,1,85,14,1\na,2,80,17,3\na,3,80,17,3\nb,5,700,290,0\nb,6,650,330,10\n"
)
CLOSED = "trajectory,t,S,I,R,closed\na,3,90,10,0,1\na,4,90,9,1,\na,5,90,9,1,0\na,6,80,17,3,1\n"


@pytest.fixture
def data(tmp_path, contract):
    """A dataset from the text of a CSV file."""

    def load(text: str = ROWS):
        path = tmp_path / "data.csv"
        path.write_text(text)
        return load_dataset(path, contract)

    return load


@pytest.fixture
def experiment(tmp_path, contract, data):
    """An experiment with a simulator that has these arrays."""
    made = []

    def make(arrays: str | None = ARRAYS, text: str = ROWS, limits: Limits | None = None) -> Experiment:
        folder = sir_simulator(tmp_path / f"sir{len(made)}", arrays=arrays)
        made.append(Experiment(folder, contract, data(text), workers=1, limits=limits))
        return made[-1]

    yield make
    for one in made:
        one.close()


def distance(one: np.ndarray, two: np.ndarray) -> float:
    """The largest difference of the distribution functions of two samples."""
    grid = np.union1d(one, two)
    return max(abs((one[:, None] <= grid).mean(axis=0) - (two[:, None] <= grid).mean(axis=0)))


def test_one_step_has_the_moments_of_the_binomial_formula(experiment):
    made = experiment()
    found = made.transitions()

    simulated = made.one_step([TRUTH], found, seed=1, draws=4000)

    assert simulated.shape == (1, 4000, 4, 3)
    check_moments(simulated[0], found.before, 4000, least=0.85, most=1.15)


def test_arrays_and_components_give_the_same_distributions(experiment):
    with_arrays, without = experiment(), experiment(arrays=None)
    thetas = [TRUTH, {"beta": 1.2, "gamma": 0.3}]

    one = with_arrays.one_step(thetas, with_arrays.transitions(), seed=1, draws=400)
    two = without.one_step(thetas, without.transitions(), seed=1, draws=100)

    distances = [
        distance(one[p, :, n, d], two[p, :, n, d]) for p in range(2) for n in range(4) for d in range(3)
    ]
    # At level 0.001 for each.
    assert max(distances) < 1.95 * (1 / 400 + 1 / 100) ** 0.5


def test_free_runs_give_the_same_distributions_too(experiment):
    with_arrays, without = experiment(text=CLOSED), experiment(arrays=None, text=CLOSED)
    theta = [{"beta": 2.0, "gamma": 0.2}]

    one = with_arrays.free_run(theta, with_arrays.paths(), seed=1, draws=400)[0, :, 0]
    two = without.free_run(theta, without.paths(), seed=1, draws=100)[0, :, 0]

    assert one.shape[1:] == two.shape[1:] == (3, 3)
    assert max(distance(one[:, t, d], two[:, t, d]) for t in range(3) for d in range(3)) < 0.22
    assert (one[:, :2, 0] == 90).all()
    assert one[:, 2, 0].mean() < 85


def test_trajectories_of_other_lengths_and_rates_are_padded(experiment):
    made = experiment(text=ROWS + "c,0,10,1,0\nc,4,9,1,1\nc,6,9,0,2\n")

    simulated = made.free_run([{"beta": 0.0, "gamma": 1.0}], made.paths(), seed=1)

    assert np.isnan(simulated[0, 0, :, :, 0]).tolist() == [[0, 0, 0], [0, 1, 1], [0, 0, 1]]
    assert simulated[0, 0, 2, :2].tolist() == [[10, 0, 1], [10, 0, 1]]


def test_candidates_are_compared_under_common_random_numbers(experiment):
    made = experiment()
    thetas = np.column_stack([np.linspace(0, 2, 50), np.full(50, 0.1)])

    simulated = made.one_step(thetas, made.transitions(), seed=3, draws=5)

    assert (np.diff(simulated[..., 0], axis=0) <= 0).all()
    assert (np.diff(simulated[..., 2], axis=0) == 0).all()
    assert (simulated == made.one_step(thetas, made.transitions(), seed=3, draws=5)).all()
    assert (simulated != made.one_step(thetas, made.transitions(), seed=4, draws=5)).any()


def test_a_seed_for_each_candidate_gives_what_it_would_have_alone(experiment):
    made = experiment()
    steps = made.transitions()

    simulated = made.one_step([TRUTH, TRUTH, {"beta": 1.0}], steps, seed=[3, 4, 3], draws=5)

    assert (simulated[0] != simulated[1]).any()
    for row, (theta, seed) in enumerate([(TRUTH, 3), (TRUTH, 4), ({"beta": 1.0}, 3)]):
        assert (simulated[row] == made.one_step([theta], steps, seed=seed, draws=5)[0]).all()
    with pytest.raises(UsageError, match="2 seeds for 1 candidates"):
        made.one_step([TRUTH], steps, seed=[3, 4])


def test_rows_have_random_numbers_that_have_nothing_to_do_with_each_other(experiment):
    made = experiment(text="trajectory,t,S,I,R\na,0,5000,5000,0\na,1,1,1,1\nb,0,5000,5000,0\nb,1,1,1,1\n")

    simulated = made.one_step([TRUTH] * 3000, made.transitions(), seed=list(range(3000)))[:, 0, :, 0]

    # Of 3000 independent pairs a correlation is below 5 / sqrt(3000).
    assert abs(np.corrcoef(simulated.T)[0, 1]) < 0.09
    assert abs(np.corrcoef(simulated[:-1, 0], simulated[1:, 0])[0, 1]) < 0.09


def test_the_number_of_workers_changes_nothing(experiment, contract, tmp_path):
    made = experiment()
    thetas = np.column_stack([np.linspace(0, 2, 7), np.linspace(0, 1, 7)])

    with Experiment(tmp_path / "sir0", contract, made.dataset, workers=3) as shared:
        found = shared.one_step(thetas, made.transitions(), seed=3, draws=5)
        again = shared.one_step(thetas[:1], made.transitions(), seed=3, draws=5)

    assert (found == made.one_step(thetas, made.transitions(), seed=3, draws=5)).all()
    assert (again == found[:1]).all()


def test_a_batch_of_more_rows_than_a_block_is_simulated_row_by_row(experiment):
    made = experiment(text=ROWS)

    many = made.one_step([TRUTH, {"beta": 1.5}], made.transitions(), seed=3, draws=5000)

    few = made.simulate([{"beta": 1.5}], made.transitions().starts[-1:], seed=3, draws=5000)
    assert (many[1, :, -1] == few[0, :, 0, 0]).all()


def test_calibrated_values_count_where_a_candidate_leaves_one_out(experiment, tmp_path):
    made = experiment()
    (tmp_path / "sir0" / "parameters.json").write_text('{"beta": 0.0}')
    calibrated = Experiment(tmp_path / "sir0", made.contract, made.dataset)

    with calibrated:
        simulated = calibrated.one_step([{"gamma": 0.0}, {}], made.transitions(), seed=1, draws=20)

    assert (simulated[0] == made.transitions().before).all()
    assert (simulated[1, ..., 0] == made.transitions().before[:, 0]).all()
    assert (simulated[1, ..., 2] > made.transitions().before[:, 2]).any()


def test_what_lies_off_the_steps_is_left_to_the_components(experiment):
    made = experiment(
        arrays=ARRAYS.replace("STEP = 1.0", "STEP = 2.0"), text="trajectory,t,S,I,R\na,0,9,9,0\na,3,9,9,0\n"
    )

    simulated = made.one_step([{"beta": 0.0, "gamma": 1.0}], made.transitions(), seed=1)

    assert simulated.tolist() == [[[[9, 0, 9]]]]


def test_failures_are_missing_and_counted(experiment):
    made = experiment(arrays=ARRAYS.replace("return {", "S = np.where(S > 100, np.nan, S)\n    return {"))

    simulated = made.one_step([{"beta": 5.0}, TRUTH], made.transitions(), seed=1)

    assert np.isnan(simulated[0]).all()
    assert np.isnan(simulated[1, 0, :, 0]).tolist() == [0, 0, 0, 1]
    assert (made.failures, made.simulations) == (4, 8)


@pytest.mark.parametrize("arrays", [None, ARRAYS])
def test_a_parameter_that_there_is_not_is_refused(experiment, arrays):
    made = experiment(arrays=arrays)

    with pytest.raises(UsageError, match="sir has no parameter 'alpha'"):
        made.one_step([{"alpha": 1.0}], made.transitions(), seed=1)


HOSTILE = {
    "changes what it was handed": (
        'S, I, R = state["S"]',
        'state["S"][0] = 1\n    S, I, R = state["S"]',
        "read-only",
    ),
    "mixes rows": (
        "ill, well =",
        "force = force.mean() + 0 * force\n    ill, well =",
        "other|its own values alone",
    ),
    "remembers": (
        "ill, well =",
        "step.n = getattr(step, 'n', 0) + 1\n    S = S + step.n\n    ill, well =",
        "its own values alone",
    ),
    "fails": ("ill, well =", "raise KeyError('x')\n    ill, well =", r"arrays.py: line \d+: KeyError: 'x'"),
    "ends": ("ill, well =", "import os; os._exit(0)\n    ill, well =", "its process ended"),
    "leaves": ("ill, well =", "import sys; sys.exit(3)\n    ill, well =", "SystemExit: 3"),
    "never ends": ("ill, well =", "while True: pass\n    ill, well =", "still busy after 2 s"),
    "other shape": ('"S": S - ill', '"S": np.zeros(3)', "ValueError"),
    "tells too little": ('"S": S - ill, ', "", "does not return 'S', which is in the data"),
    "no step": ("STEP = 1.0", "STEP = 0.0", "STEP must be a positive number"),
    "no number": ("STEP = 1.0", "STEP = 'x'", "could not convert"),
    "no Python": ("STEP = 1.0", "STEP = = 1", "SyntaxError"),
}


@pytest.mark.parametrize("kind", HOSTILE)
def test_a_file_that_breaks_the_rules_is_refused_in_one_sentence(experiment, kind):
    before, after, said = HOSTILE[kind]
    assert before in ARRAYS
    made = experiment(arrays=ARRAYS.replace(before, after, 1), limits=Limits(seconds=2.0))

    with pytest.raises(UsageError, match=said) as caught:
        made.one_step([TRUTH], made.transitions(), seed=1)

    assert "\n" not in str(caught.value)


def test_what_a_file_prints_does_no_harm(experiment):
    noisy = ARRAYS.replace(
        "STEP = 1.0", "STEP = 1.0\nprint('x' * 100_000)\nimport os; os.write(1, b'x' * 100_000)"
    )
    made, quiet = experiment(arrays=noisy), experiment()

    found = made.one_step([TRUTH], made.transitions(), seed=1)

    assert (found == quiet.one_step([TRUTH], made.transitions(), seed=1)).all()
