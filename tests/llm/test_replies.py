"""What was asked for is found in a reply, whatever stands around it."""

from __future__ import annotations

import pytest

from gsim_devs.llm import code_block, json_object


@pytest.mark.parametrize(
    "text",
    [
        "Here:\n```python\nx = 1\n```\nDone.",
        "~~~\nx = 1\n~~~",
        '```\nx = 1\n```\n\n```json\n{"a": "longer than the code"}\n```',
        "```py\nx\n```\n  ```python3 title\nx = 1\n  ```  ",
        "```text\nnever closed\n~~~python\nx = 1\n~~~",
    ],
)
def test_the_longest_block_of_code_is_found(text):
    assert code_block(text) == "x = 1\n"


def test_a_longer_fence_holds_shorter_ones():
    assert code_block("````python\n```\nx = 1\n```\n````\n") == "```\nx = 1\n```\n"


@pytest.mark.parametrize("text", ["x = 1", "```python\nx = 1", "```json\n{}\n```", "```python\nx = 1\n~~~"])
def test_without_a_block_of_code_that_is_said(text):
    with pytest.raises(ValueError, match="no block of code"):
        code_block(text)


@pytest.mark.parametrize("text", ['{"a": 1}', 'So:\n```json\n{"a": 1}\n```\n{', 'So {"a": 1} it is.'])
def test_an_object_is_found(text):
    assert json_object(text) == {"a": 1}


@pytest.mark.parametrize("unit", ["```a\n", "```a\nx\n```x\n"])
def test_a_reply_that_is_all_fences_is_read_to_its_end(unit):
    """Looking from each of them for its end would take an hour."""
    text = unit * 100_000 + "~~~python\nx = 1\n~~~\n"

    assert code_block(text) == "x = 1\n"
