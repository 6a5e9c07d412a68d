"""`gsim-devs doctor`: the whole command in a process of its own, against a service on this machine."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

from tests.llm.fault_server import FaultServer, answer, refusal

KEY = "sk-secret-1234"
NUMBER = '{"legs": 24}'


@pytest.fixture
def doctor(tmp_path):
    def call(*arguments, **environment):
        kept = {
            name: value for name, value in os.environ.items() if not name.startswith(("OPENAI", "GSIM_DEVS"))
        }
        return subprocess.run(
            [sys.executable, "-m", "gsim_devs", "doctor", *arguments],
            env={**kept, **environment},
            cwd=tmp_path,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    return call


def asked(doctor, treat, **environment):
    with FaultServer(treat) as server:
        found = doctor(
            "--llm",
            **{"OPENAI_BASE_URL": server.url, "OPENAI_API_KEY": KEY, "GSIM_DEVS_MODEL": "m", **environment},
        )
    assert KEY not in found.stdout + found.stderr
    assert "Traceback" not in found.stderr
    return found, server


def form_of(request):
    return request.get("response_format", {}).get("type", "text")


def test_it_says_what_this_machine_has(doctor, tmp_path):
    found = doctor("--json", "found.json")

    assert (found.returncode, found.stderr) == (0, "")
    lines = json.loads((tmp_path / "found.json").read_text())["lines"]
    subjects = {line["subject"]: line["status"] for line in lines}
    assert (subjects["python"], subjects["xdevs"], subjects["openai"]) == ("ok", "ok", "ok")
    assert subjects["torch"] in ("ok", "absent")
    assert "pytest" not in subjects
    assert any(line["subject"] == "isolation" for line in lines)


def test_a_good_service_is_told_with_all_that_works(doctor):
    found, server = asked(doctor, lambda request: answer(NUMBER if form_of(request) != "text" else "24"))

    assert found.returncode == 0
    assert [form_of(request) for request in server.requests] == ["text", "json_object", "json_schema"]
    assert "text: served-model answered in" in found.stdout
    assert "the service enforces it" in found.stdout
    assert "says how many tokens it takes" in found.stdout
    assert '[llm.prices."m"]' in found.stdout


def test_a_service_that_refuses_schemas_is_told_with_what_that_means(doctor):
    def treat(request):
        if form_of(request) == "json_schema":
            return refusal(400, "response_format json_schema is not supported")
        return answer(NUMBER, usage=None)

    found, server = asked(doctor, treat)

    assert found.returncode == 0
    assert server.calls == 3
    assert "json_schema: m: response_format json_schema is not supported" in found.stdout
    assert "that they fit the schema is asked for in words" in found.stdout
    assert "does not say how many tokens" in found.stdout


def test_a_service_that_ignores_what_it_is_asked_for_is_noticed(doctor):
    found, _ = asked(doctor, lambda request: answer("24 legs"))

    assert found.returncode == 0
    assert found.stdout.count("takes it and ignores it") == 2
    assert "asked for in words only" in found.stdout


def test_a_model_with_the_other_name_for_its_limit_is_understood(doctor):
    def treat(request):
        if "max_tokens" in request:
            return refusal(400, "'max_tokens' is not supported, use 'max_completion_tokens'")
        return answer(NUMBER)

    found, _ = asked(doctor, treat)

    assert found.returncode == 0
    assert "the service enforces it" in found.stdout


@pytest.mark.parametrize(
    ("treat", "calls", "sentence"),
    [
        (lambda request: refusal(401, f"wrong key {KEY}"), 1, "check OPENAI_API_KEY"),
        (lambda request: refusal(404, "no such model"), 1, "Check the model and the base URL"),
        (lambda request: refusal(500), 1, "The service failed"),
    ],
)
def test_a_service_that_does_not_answer_is_one_sentence_with_what_to_change(doctor, treat, calls, sentence):
    found, server = asked(doctor, treat)

    assert found.returncode == 1
    assert server.calls == calls
    assert sentence in found.stdout.splitlines()[-1]
    assert found.stdout.splitlines()[-1].startswith("wrong")


@pytest.mark.parametrize(
    ("environment", "sentence"),
    [
        ({}, "which model?"),
        ({"GSIM_DEVS_MODEL": "m"}, "OPENAI_API_KEY is not set"),
    ],
)
def test_a_setting_that_is_missing_is_asked_for(doctor, environment, sentence):
    found = doctor("--llm", **environment)

    assert found.returncode == 2
    assert sentence in found.stderr
