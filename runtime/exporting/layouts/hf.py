"""A folder that ``datasets.load_dataset`` takes, and that can be put on the hub as it is.

Files are named as the hub's own tools name them; the card's front matter says which split each is:
https://huggingface.co/docs/hub/datasets-manual-configuration
"""

from __future__ import annotations

from collections.abc import Sequence

from runtime.exporting.layouts.base import Layout, Names, Written
from runtime.exporting.layouts.parquet import PLAIN, columns, only_plain


def _usage(names: Names, parts: Sequence[Written]) -> str:
    return '```python\nfrom datasets import load_dataset\n\nrows = load_dataset("this folder")\n```'


HF = Layout(
    "hf",
    "Hugging Face datasets",
    lambda part: f"data/{part}-00000-of-00001.parquet",
    "parquet",
    columns,
    _usage,
    fits=only_plain,
    takes=PLAIN,
)
