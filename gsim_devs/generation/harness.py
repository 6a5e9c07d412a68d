"""Runs inside the sandbox: drives one component alone with stimuli, and writes what it did as JSON.

Called as `python -I harness.py FOLDER`, where FOLDER holds `messages.py`, the component and a copy of the runtime.
Reads the stimuli from stdin. Whoever reads its output believes nothing of it.
"""

from __future__ import annotations

import importlib
import json
import sys
from typing import Any


def main(folder: str) -> None:
    """Play every stimulus to a fresh component; one line of JSON each."""
    sys.path[:0] = [folder]
    told = json.load(sys.stdin)
    for stimulus in told["stimuli"]:
        sys.stdout.write(json.dumps(_played(told, stimulus), default=str) + "\n")


def _played(told: dict[str, Any], stimulus: list[dict[str, Any]]) -> dict[str, Any]:
    records: list[Any] = []
    sent: list[Any] = []
    error: dict[str, str] | None = None
    try:
        kernel = _kernel(told, records, sent)
        for one in stimulus:
            kernel.inject(one["port"], _message(one["message"]), one["time"], in_turn=one["in_turn"])
        kernel.run(told["horizon"])
        kernel.finish()
    except Exception as caught:  # noqa: BLE001  (whatever it does is what is wanted to be known)
        cause = caught.__cause__ or caught
        event = getattr(caught, "event", "its making")
        error = {"kind": type(cause).__name__, "text": str(cause), "event": str(event), "line": _line(cause)}
    return {"records": records[:500], "sent": sent[:500], "error": error}


def _kernel(told: dict[str, Any], records: list[Any], sent: list[Any]) -> Any:
    runtime: Any = importlib.import_module("runtime")
    module = importlib.import_module(f"components.{told['module']}")
    component = getattr(module, told["model"])(**told["arguments"])
    component.name = "component"
    system = runtime.Coupled("trial")
    system.add_component(component)
    for direction, ports, add in (
        ("in", component.in_ports, system.add_in_port),
        ("out", component.out_ports, system.add_out_port),
    ):
        for port in list(ports):
            outer = type(port)(port.p_type, port.name)
            add(outer)
            system.add_coupling(*((outer, port) if direction == "in" else (port, outer)))

    def keep(tick: int, entity: str, event: str, payload: dict[str, Any], path: str) -> None:
        if len(records) < 500:
            records.append([entity, event, payload])

    def left(time: float, port: str, message: Any) -> None:
        if len(sent) < 500:
            sent.append([time, port])

    return runtime.Kernel(
        system, sink=keep, on_output=left, ticks_per_unit=told["ticks_per_unit"], max_rounds=10_000
    )


def _message(told: Any) -> Any:
    """A message, or a value within one."""
    if isinstance(told, dict):
        kind = getattr(importlib.import_module("messages"), told["type"])
        return kind(**{name: _message(value) for name, value in told["fields"].items()})
    return tuple(map(_message, told)) if isinstance(told, list) else told


def _line(error: BaseException) -> str:
    """Where in the component it happened."""
    found = ""
    trace = error.__traceback__
    while trace is not None:
        if "components" in trace.tb_frame.f_code.co_filename:
            found = str(trace.tb_lineno)
        trace = trace.tb_next
    return found


if __name__ == "__main__":
    main(sys.argv[1])
