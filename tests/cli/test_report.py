"""What `--json` writes is JSON, whatever was reported."""

from __future__ import annotations

import argparse
import json

from gsim_devs.cli.report import write_json


def test_half_a_character_is_written_and_read(tmp_path):
    report = {"said": "half \ud800 and whole \u00e9"}

    write_json(argparse.Namespace(json=tmp_path / "report.json"), report)

    assert json.loads((tmp_path / "report.json").read_text(encoding="utf-8")) == report
