"""The cells of an eval by an axis: which columns of a matrix items × cells are one template, or one number of shots."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt

from compiler.step_params import Cell, Slice

Floats = npt.NDArray[np.float64]
ALL = "*"  # all items, or the mean over all templates


def cells_of(cells: Sequence[Cell], model: str) -> list[Cell]:
    """The cells of a model, in the order of the columns."""
    return [cell for cell in cells if cell.model == model]


def by_template(cells: Sequence[Cell]) -> dict[str, list[int]]:
    """Template -> its columns, one for each number of examples. ``cells`` are those of one model."""
    found: dict[str, list[int]] = {}
    for column, cell in enumerate(cells):
        found.setdefault(cell.shown, []).append(column)
    return found


def by_few_shot(cells: Sequence[Cell]) -> dict[str, list[int]]:
    """Number of examples -> its columns, one for each template; empty where that is no axis of the eval."""
    found: dict[str, list[int]] = {}
    for column, cell in enumerate(cells):
        if cell.few_shot is not None:
            found.setdefault(str(cell.few_shot), []).append(column)
    return found


def by_trained(cells: Sequence[Cell]) -> dict[bool, list[int]]:
    """Columns with templates that the model was trained on, and with the others; empty where all are alike."""
    found: dict[bool, list[int]] = {}
    for column, cell in enumerate(cells):
        if cell.trained is not None:
            found.setdefault(cell.trained, []).append(column)
    return found


def means(answers: Floats, groups: Mapping[str, Sequence[int]]) -> Floats:
    """A matrix items × groups: of each group of columns the item's mean, NaN where any of its answers is missing."""
    return np.stack([answers[:, columns].mean(axis=1) for columns in groups.values()], axis=1)


def labels_of(cell: Cell) -> tuple[str, ...]:
    """What a cell is part of: all templates, itself, and where the number of examples is an axis all cells with its
    number (``*@5``) or of its template (``plain@*``)."""
    own = (ALL, cell.template)
    return own if cell.few_shot is None else (*own, f"{ALL}@{cell.few_shot}", f"{cell.shown}@{ALL}")


def mean_labels(cells: Sequence[Cell]) -> list[str]:
    """The means over some cells that are not those over one cell or over all."""
    counts, templates = by_few_shot(cells), by_template(cells)
    if len(counts) < 2 or len(templates) < 2:
        return []
    return [*(f"{ALL}@{count}" for count in counts), *(f"{name}@{ALL}" for name in templates)]


def slice_labels(piece: Slice, cells: Sequence[Cell]) -> dict[str, str]:
    """For every value of a slice by template or by number of examples which cells it is, as a label."""
    if piece.by == "few_shot":
        return {count: f"{ALL}@{count}" for count in by_few_shot(cells)}
    several = bool(by_few_shot(cells))
    return {name: f"{name}@{ALL}" if several else name for name in by_template(cells)}


def slice_columns(piece: Slice, cells: Sequence[Cell]) -> dict[str, tuple[int, ...]]:
    """The same as columns of a model's matrix items × cells."""
    groups = by_few_shot(cells) if piece.by == "few_shot" else by_template(cells)
    return {name: tuple(columns) for name, columns in groups.items()}
