"""The reference simulator of the alternating bit protocol, run every way that there is."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from gsim_devs.assembly import assemble, pack, read_sources
from gsim_devs.contracts import load_contract, load_plan
from gsim_devs.execution import Job, Limits, Pool, run

ROOT = Path(__file__).parents[2]
REFERENCE = ROOT / "scenarios" / "abp" / "reference"
ARGUMENTS = {
    "total_packets": 3, "seed": 17, "timeout": 24, "sender_delay": 6, "receiver_delay": 9,
    "channel_delay": 4, "simulate_time": 600,
}  # fmt: skip


@pytest.fixture(scope="module")
def abp(tmp_path_factory):
    folder = tmp_path_factory.mktemp("built") / "abp"
    contract = load_contract(ROOT / "contracts" / "abp.yaml")
    return assemble(
        load_plan(REFERENCE / "plan.yaml"), read_sources(REFERENCE / "components"), contract, folder
    )


@pytest.fixture(scope="module")
def archive(abp):
    return pack(abp, abp.with_suffix(".pyz"))


def test_a_run_has_the_known_result(abp):
    result = run(abp, ARGUMENTS)

    records = [json.loads(line) for line in result.trace.splitlines()]
    sent = [record["payload"]["is_retry"] for record in records if record["event"] == "packet_sent"]
    assert result.ok
    assert (len(sent), sum(sent), records[-1]["time"]) == (5, 2, 129.0)


def test_folder_archive_and_pool_print_the_same(abp, archive):
    printed = {run(simulator, ARGUMENTS).trace for simulator in (abp, archive)}
    for simulator in (abp, archive):
        with Pool(simulator, workers=2) as pool:
            printed |= {result.trace for result in pool.run([Job(ARGUMENTS)] * 3, records=False)}

    assert len(printed) == 1


def test_detail_is_the_same_once_and_in_a_pool(abp):
    with Pool(abp, workers=1) as pool:
        pooled = list(pool.run([Job(ARGUMENTS, detail=True)], records=False))

    assert pooled[0].trace == run(abp, ARGUMENTS, detail=True).trace


def test_records_are_what_is_printed(abp):
    with Pool(abp, workers=1) as pool:
        (result,) = pool.run([Job(ARGUMENTS)])

    printed = [json.loads(line) for line in run(abp, ARGUMENTS).trace.splitlines()]
    assert [
        dict(zip(("time", "entity", "event", "payload"), record, strict=True)) for record in result.records
    ] == printed


@pytest.mark.parametrize("arguments", [{"total_packets": 0}, {"total_packets": 3, "tiemout": 5}, {}])
def test_a_refusal_is_the_same_once_and_in_a_pool(abp, arguments):
    with Pool(abp, workers=1) as pool:
        (pooled,) = pool.run([Job(arguments)])
    alone = run(abp, arguments)

    assert (pooled.status, pooled.code) == (alone.status, alone.code) == ("refused", 2)
    assert "Traceback" not in alone.stderr + pooled.stderr


def test_a_run_that_is_stopped_leaves_a_valid_trace(abp):
    endless = {"total_packets": 10**9, "simulate_time": 10**9}

    result = run(abp, endless, limits=Limits(seconds=1))

    assert result.status == "timeout"
    assert len([json.loads(line) for line in result.trace.splitlines()]) > 1000


def test_running_imports_no_torch_openai_evotorch_sbi_and_no_numpy_where_nothing_is_drawn(abp):
    text = (
        "import runpy, sys\n"
        "sys.argv = sys.argv[1:]\n"
        "try: runpy.run_path(sys.argv[0], run_name='__main__')\n"
        "except SystemExit as end: assert not end.code\n"
        "print(*sys.modules, file=sys.stderr)\n"
    )

    done = subprocess.run(
        [sys.executable, "-c", text, str(abp), "--total_packets", "3"],
        capture_output=True,
        text=True,
        check=True,
    )

    modules = set(done.stderr.split())
    assert "xdevs" in modules
    assert not modules & {
        "torch",
        "openai",
        "evotorch",
        "sbi",
        "scipy",
        "ray",
        "numpy",
        "pydantic",
        "yaml",
        "gsim_devs",
    }
