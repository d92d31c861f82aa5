"""The answers of a blessed run, lined up with those of the run at hand.

They come from the committed file and from nowhere else, so that a fresh clone with an empty store decides the same as
the machine that blessed the run. Lines are found by the content hash of the item, which the order of rows and their
files do not change.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from compiler.blessed_params import Blessed
from compiler.hashing import HASH_LENGTH
from compiler.world import Problem
from runtime.blessed_file import column, read_document, short_id
from runtime.gating import wording
from runtime.gating.compared import Against
from runtime.gating.evidence import Evidence
from spec_lang.diagnostics import fatal

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class BlessedRun:
    """A baseline's document, as ``runtime/blessed_file.py`` describes it."""

    document: Mapping[str, Any]

    @classmethod
    def read(cls, spec_dir: Path, name: str, content: str) -> BlessedRun:
        """Read the file again. Raises DiagnosticError SFT0661, SFT0662: also when it is not the one of the plan."""
        found = read_document(spec_dir, name)
        if isinstance(found, Problem):
            raise fatal(found.code, found.message, found.help)
        if found["content"] != content:
            raise fatal("SFT0662", f"baseline `{name}` changed after the plan was made", "run again")
        return cls(found)

    def against(self, blessed: Blessed, of: Evidence, eval: str, metric: str) -> tuple[Floats, Against]:
        """The answers of the blessed model to the items of ``of``, NaN where there is none; and how they are told."""
        measured = self.document["evals"].get(eval, {"columns": [], "values": []})
        first = measured["values"][0] if measured["values"] else ""
        full = len(first.partition(" ")[0]) >= HASH_LENGTH
        position = {row_id if full else short_id(row_id): index for index, row_id in enumerate(of.row_ids)}
        columns = {name: index for index, name in enumerate(measured["columns"])}
        was = {one.template: one.was for one in blessed.renamed}
        wanted = [columns.get(column(blessed.model, was.get(name, name), metric)) for name in of.templates]
        answers, strange = np.full((len(of.row_ids), len(of.templates)), np.nan), 0
        found = np.zeros(len(of.row_ids), dtype=bool)
        for line in measured["values"]:
            row_id, *values = line.split(" ")
            index = position.get(row_id)
            if index is None:
                strange += 1
                continue
            found[index] = True
            answers[index] = [np.nan if at is None or values[at] == "." else float(values[at]) for at in wanted]
        run = self.document["run"]
        shown = f"`{blessed.model}` of baseline `{blessed.name}` (run {run}, {self.document['ended']})"
        differs = (*blessed.differs, *self._items(int((~found).sum()), strange, blessed.name))
        return answers, Against(shown, differs)

    def _items(self, new: int, gone: int, name: str) -> list[str]:
        told = []
        if new:
            told.append(f"{wording.count(new, 'items')} {wording.verb(new, 'was', 'were')} not asked in the baseline")
        if gone:
            told.append(f"{wording.count(gone, 'items')} of the baseline {wording.verb(gone, 'is', 'are')} not here")
        return [f"baseline `{name}` is of other data ({' and '.join(told)})"] if told else []
