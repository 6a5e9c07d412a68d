"""Plans for people: what a language model said is shown, and does nothing to the terminal."""

from __future__ import annotations

from gsim_devs.contracts import PlanTree, parse_yaml
from gsim_devs.planning import Draft, Part, as_mermaid, as_tree, coverage, cut
from tests.pipeline.metronome import PLAN


def test_what_would_move_the_cursor_is_shown_as_an_escape():
    plan = parse_yaml(PlanTree, PLAN, "plan")
    about = "beats\x1b[2J\n\u202etwice, …"
    plan = plan.model_copy(update={"root": plan.root.model_copy(update={"about": about})})
    draft = Draft(
        plan, cut("One thing is so."), {"Metronome": Part((), split=False)}, {1: "a\x07title\n[2] B"}
    )

    assert as_tree(plan) == "tick  beats\\x1b[2J\\n\\u202etwice, …\n└─ metronome: Metronome  reports beat\n"
    assert coverage(draft) == "[1] One thing is so.\n      - (a\\x07title\\n[2] B)\n"
    assert as_mermaid(plan).splitlines()[0] == "flowchart LR"
