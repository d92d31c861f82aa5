"""The layouts that an export can have, by the name that ``--as`` takes.

Each is one module: which file a part becomes, the columns in it, what the tool cannot take, and the files that the
tool wants beside the rows.
"""

from __future__ import annotations

from collections.abc import Mapping

from runtime.exporting.layouts.axolotl import AXOLOTL
from runtime.exporting.layouts.base import Layout
from runtime.exporting.layouts.hf import HF
from runtime.exporting.layouts.jsonl import JSONL
from runtime.exporting.layouts.llamafactory import LLAMAFACTORY
from runtime.exporting.layouts.parquet import PARQUET
from runtime.exporting.layouts.trl import TRL

LAYOUTS: Mapping[str, Layout] = {layout.name: layout for layout in (JSONL, PARQUET, HF, TRL, AXOLOTL, LLAMAFACTORY)}
