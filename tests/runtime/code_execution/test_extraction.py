"""Where the code of an answer is found."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runtime.code_execution.extraction import code_of

TWO = "First:\n```python\na = 1\n```\nthen\n```python\nb = 2\n```\n"


@pytest.mark.parametrize(
    ("answer", "wanted"),
    [
        ("x = 1\n", "x = 1\n"),
        ("Here:\n```python\nx = 1\n```\nDone.", "x = 1\n"),
        ("```py\nx = 1\n```", "x = 1\n"),
        ("```Python3 title=a\nx = 1\n```", "x = 1\n"),
        ("```\nx = 1\n```", "x = 1\n"),
        ("~~~python\nx = 1\n~~~", "x = 1\n"),
        ("````python\ns = '''\n```\n'''\n````", "s = '''\n```\n'''\n"),
        ("```python\nx = 1", "x = 1\n"),  # cut off
        ("```python\nx = 1\n", "x = 1\n"),
        ("```python\r\nx = 1\r\ny = 2\r\n```\r\n", "x = 1\ny = 2\n"),
        ("```python\nx = 'a\u2028b\x0cc\x85d'\n```", "x = 'a\u2028b\x0cc\x85d'\n"),
        ("```python\n```", ""),
        ("  ```python\n  if x:\n      y\n  ```", "if x:\n    y\n"),
        ("```bash\npip install a\n```\n```python\nx = 1\n```", "x = 1\n"),
        ("```\nx = 1\n```\n```bash\nls\n```", "x = 1\n"),
        ("```json\n1\n```", "1\n"),
        (TWO, "a = 1\n"),
        ("use `x` and ``` here ``` inline", "use `x` and ``` here ``` inline"),
        ("", ""),
    ],
)
def test_the_first_block_of_python(answer: str, wanted: str) -> None:
    assert code_of(answer) == wanted


def test_the_last_block_or_all_of_it() -> None:
    assert code_of(TWO, "last") == "b = 2\n"
    assert code_of(TWO, "none") == TWO


@given(st.text(st.sampled_from("`~ \nax\t\r"), max_size=60))
def test_any_answer_has_code(answer: str) -> None:
    for which in ("first", "last", "none"):
        code_of(answer, which)


@given(st.text(st.characters(exclude_characters="`~", exclude_categories=["Cs", "Cc", "Zl", "Zp"])))
def test_a_block_gives_back_what_was_put_in(line: str) -> None:
    assert code_of(f"Sure.\n```python\n{line}\n```\nBye.") == f"{line}\n"
