"""The answers behind a requirement, as matrices items × templates, read from the store.

A gate reads what a measure step left in ``item_metrics`` and ``item_slices`` and nothing else, so a
changed threshold runs no model and measures nothing again.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from compiler.hashing import hash_value
from compiler.plan import Step
from compiler.step_params import Cell, MeasureParams, Metric
from runtime.measuring.cells import cells_of, slice_columns
from runtime.measuring.slices import Mask, Part, parts
from runtime.store import Store

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Evidence:
    """Item-level results of one evaluation. Rows follow ``row_ids`` (sorted), columns ``templates`` (spec order)."""

    store: Store
    step_hash: str
    templates: tuple[str, ...]
    row_ids: tuple[str, ...]
    metrics: Mapping[str, Metric]  # by their name in the eval
    params: MeasureParams

    @classmethod
    def of(cls, store: Store, measure: Step) -> Evidence:
        assert isinstance(measure.params, MeasureParams)
        templates = tuple(dict.fromkeys(cell.template for cell in measure.params.cells))
        rows = store.query(
            "SELECT DISTINCT row_id FROM item_metrics WHERE step_hash = ? ORDER BY row_id", [measure.hash]
        )
        metrics = {metric.name: metric for metric in measure.params.metrics}
        return cls(store, measure.hash, templates, tuple(row[0] for row in rows), metrics, measure.params)

    @property
    def held_out(self) -> str:
        """Identity of the held-out set: the hash of the contents of its items, whatever was asked about them."""
        return hash_value(list(self.row_ids))

    @property
    def seed(self) -> int:
        """Seed of everything drawn from this evaluation; editing a threshold does not change it."""
        return int(self.step_hash[:15], 16)

    @property
    def lost(self) -> int:
        """How many items were answered that are in no file behind the data."""
        return int(self._summary.get("lost", 0))

    @property
    def unread(self) -> int:
        """How many lines of the data could not be read, so that the items on them are not there."""
        return int(self._summary.get("unread", 0))

    def unlike(self, one: str, other: str) -> list[str]:
        """What differs between the recorded answers of two models beside the models."""
        pairs = self._summary.get("unlike", ())
        return next((told for first, second, told in pairs if {first, second} == {one, other}), [])

    @property
    def _summary(self) -> dict[str, Any]:
        rows = self.store.query("SELECT summary FROM results WHERE step_hash = ?", [self.step_hash])
        return dict(json.loads(rows[0][0])) if rows and rows[0][0] else {}

    def answers(self, metric: str, model: str) -> Floats:
        """The metric of a model for every item and template; NaN where it is missing."""
        position = {row_id: index for index, row_id in enumerate(self.row_ids)}
        column = {template: index for index, template in enumerate(self.templates)}
        matrix = np.full((len(self.row_ids), len(self.templates)), np.nan)
        for row_id, template, value in self.store.query(
            "SELECT row_id, template, value FROM item_metrics WHERE step_hash = ? AND metric = ? AND model = ?",
            [self.step_hash, metric, model],
        ):
            matrix[position[row_id], column[template]] = np.nan if value is None else value
        return matrix

    @property
    def samples(self) -> int:
        """How often each item was asked; answers are the means."""
        return self.params.samples

    def votes(self, metric: str) -> int:
        """How many zeros and ones an answer's value of a metric is the mean of: samples, and orders of a pair."""
        return self.params.samples * self.metrics[metric].votes

    def cells(self, model: str) -> list[Cell]:
        """What the columns of a model's answers are."""
        return cells_of(self.params.cells, model)

    def tagged(self, tag: str) -> Mask:
        """Which items carry a tag."""
        found = self.store.query("SELECT row_id FROM item_tags WHERE step_hash = ? AND tag = ?", [self.step_hash, tag])
        carrying = {row[0] for row in found}
        return np.array([row_id in carrying for row_id in self.row_ids], dtype=bool)

    def tags(self) -> list[str]:
        """All tags that items carry, the most frequent first."""
        rows = self.store.query(
            "SELECT tag FROM item_tags WHERE step_hash = ? GROUP BY tag ORDER BY count(*) DESC, tag", [self.step_hash]
        )
        return [row[0] for row in rows]

    def parts(self, slice_name: str) -> Sequence[Part]:
        """The slice's values in order, small ones pooled into one; empty when there are no items. One by template or by
        number of examples has all items in each part, with the answers of these cells."""
        piece = next((piece for piece in self.params.slices if piece.name == slice_name), None)
        if piece is not None and piece.by != "value":
            everything: Mask = np.ones(len(self.row_ids), dtype=bool)
            groups = slice_columns(piece, self.cells(self.params.cells[0].model)) if len(everything) else {}
            return [Part(value, everything, columns=columns) for value, columns in groups.items()]
        values: dict[str, list[str]] = {row_id: [] for row_id in self.row_ids}
        for row_id, value in self.store.query(
            "SELECT row_id, value FROM item_slices WHERE step_hash = ? AND slice = ?", [self.step_hash, slice_name]
        ):
            values[row_id].append(value)
        return parts([values[row_id] for row_id in self.row_ids])
