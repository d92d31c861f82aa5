"""The labels of people that a judge is measured against: which rows, which columns, and how people wrote its labels.

``calibrate = ROWS`` takes the columns that are called so (`output`, `label`; of a review its `final`), the block names
them. What is not named and not there is a mistake, never a guess.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from compiler.column_scope import ColumnScope
from compiler.known import Known
from compiler.names import Names
from compiler.reporting import suggestion
from compiler.resolve.slices import resolve_slice
from compiler.resolve.tables import Tables, find_column, rows_or_source
from compiler.resolve.task import columns_of, scored_columns
from compiler.resolved import ResolvedSource, Rows
from compiler.resolved_judge import ResolvedCalibration
from compiler.resolved_slice import ResolvedSlice
from compiler.schema.fields import Value
from compiler.schema.judge import Calibration, Judge
from compiler.schema.review import Review
from compiler.typed import Typed
from spec_lang.ast import Name, Ref
from spec_lang.source import Span

_PROMPTS = ("prompt", "instruction", "question")
_PLAIN = ("text", "number", "bool")
_OF_PAIRS = ("chosen", "rejected", "first", "second")


def resolve_calibration(
    block: Judge, labels: Known[str], names: Names, tables: Tables, reviews: Mapping[str, Review]
) -> ResolvedCalibration | None:
    """What the judge is held against; None without it, after a report, or where it is not known."""
    body, ref = block.calibrate_, block.calibrate.value
    if body is not None and ref is not None:
        also = [(block.calibrate.span, "named here")]
        names.report.error("SFT0225", "`calibrate` is a name and a block", body.head, "keep one of them", also)
        return None
    if body is not None:
        ref = body.rows.value
    written = _written(body, labels, names)
    if ref is None:
        return None
    field = "rows" if body is not None else "calibrate"
    review = reviews.get(names.full(ref)) if names.kind(ref) == "review" else None
    rows = _rows(ref, field, review, names, tables)
    if rows is None:
        return None
    scope = _scope(rows, names)
    slices = Known({rule.name.text: resolve_slice(rule, scope, cells=False) for rule in body.slices} if body else {})
    place = body.head if body is not None else ref.span
    given = _Given(body, place, block.name, scope)
    if block.pairwise.given:
        return _of_pairs(rows, given, scope, written, slices)
    given.refuse(_OF_PAIRS, "of a pairwise judge, and this one reads one answer")
    output = given.column("output", "output")
    final = review.final.value if review is not None else None
    label = given.column("label", final.text if final is not None else "label")
    prompt = given.column("prompt", next((name for name in _PROMPTS if name in scope.columns.items), ""))
    recorded = _recorded(block, scope)
    if output is None or label is None or (recorded is None and _is_recorded(block)):
        return None
    return ResolvedCalibration(rows, output, prompt, label, recorded, written, slices)


def _of_pairs(
    rows: Rows | ResolvedSource,
    given: _Given,
    scope: ColumnScope,
    written: Mapping[str, tuple[str, ...]],
    slices: Known[ResolvedSlice],
) -> ResolvedCalibration | None:
    """Pairs of answers: the one that people preferred and the other, or two with a label."""
    given.refuse(("output",), "what is judged alone, and a pairwise judge compares two answers")
    labelled = any(given.names(field) for field in ("first", "second", "label"))
    if labelled:
        given.refuse(("chosen", "rejected"), "not allowed beside `first`, `second` and `label`")
    elif written:
        given.wrong("written", "`written` is not allowed without `label`: the answer in `chosen` is the better one")
    usual = ("first", "second") if labelled else ("chosen", "rejected")
    first, second = (given.column(name, name) for name in usual)
    label = given.column("label", "label") if labelled else None
    source = rows.task.source if isinstance(rows, Rows) else rows
    turns = source is not None and source.layout == "preference" and not given.names("prompt")
    usual_prompt = next((name for name in _PROMPTS if name in scope.columns.items), "")
    prompt = None if turns else given.column("prompt", usual_prompt)
    if first is None or second is None or (labelled and label is None):
        return None
    return ResolvedCalibration(rows, first, prompt, label, None, written, slices, second, turns)


def _is_recorded(block: Judge) -> bool:
    return block.using.value is not None and block.using.value.form.name == "recorded"


def _rows(ref: Ref, field: str, review: Review | None, names: Names, tables: Tables) -> Rows | ResolvedSource | None:
    if names.kind(ref) != "review":
        return rows_or_source(ref, field, names, tables, others=("review",))
    names.stands(ref, ("review",), field)
    source = review.from_.value if review is not None else None
    return tables.sources.get(names.of(review.file).full(source)) if review is not None and source is not None else None


def _scope(rows: Rows | ResolvedSource, names: Names) -> ColumnScope:
    if isinstance(rows, Rows):
        return scored_columns(rows.task, names.report, names)
    return columns_of(rows, names.report, names)


class _Given:
    """The columns that the block names, and those of their usual names where it does not."""

    def __init__(self, body: Calibration | None, place: Span, judge: str, scope: ColumnScope) -> None:
        self.body, self.place, self.judge, self.scope = body, place, judge, scope

    def names(self, field: str) -> bool:
        """Whether the block says which column a field is."""
        value = self._field(field)
        return value is not None and (value.given or not value.known)

    def refuse(self, fields: Sequence[str], why: str) -> None:
        for field in fields:
            if self.names(field):
                self.wrong(field, f"`{field}` is {why}")

    def wrong(self, field: str, message: str) -> None:
        place = self.place if self.body is None else self.body.lines.get(field, self.place)
        self.scope.report.error("SFT0225", message, place, "leave it out")

    def _field(self, field: str) -> Value[Ref | None] | None:
        attribute = "label_" if field == "label" else field
        value: Value[Ref | None] | None = getattr(self.body, attribute) if self.body is not None else None
        return value

    def column(self, field: str, usual: str) -> Typed | None:
        value = self._field(field)
        if value is not None and (value.given or not value.known):
            return _plain(value.value, f"`{field}`", self.scope)
        if usual and not self.scope.columns.lacks(usual):
            return find_column(Ref((Name(usual, self.place, True),), self.place), self.scope, f"`{field}`")
        if field != "prompt":
            what = f"has the {field} answer" if field in _OF_PAIRS else f"is the {field}"
            message = f"`calibrate` of judge `{self.judge}` does not say which column {what}"
            known = suggestion("", self.scope.columns.names, "columns")
            help = f"write `calibrate {{ rows = …   {field} = COLUMN }}`; {known}"
            self.scope.report.error("SFT0207", message, self.place, help)
        return None


def _plain(ref: Ref | None, where: str, scope: ColumnScope) -> Typed | None:
    found = find_column(ref, scope, where)
    if found is None or found.type in _PLAIN:
        return found
    scope.report.error("SFT0303", f"{where} takes text, numbers or true and false, not {found.type}", found.span)
    return None


def _recorded(block: Judge, scope: ColumnScope) -> Typed | None:
    """The judge's own label in the labelled rows."""
    using = block.using.value
    column = using.argument("column") if using is not None and _is_recorded(block) else None
    return _plain(column, "`recorded`", scope) if isinstance(column, Ref) else None


def _written(body: Calibration | None, labels: Known[str], names: Names) -> dict[str, tuple[str, ...]]:
    """How people wrote labels; two labels may not be written alike."""
    found: dict[str, tuple[str, ...]] = {}
    taken: set[str] = set()
    for entry in body.written.labels if body is not None and body.written is not None else ():
        label = entry.name.text
        if labels.lacks(label):
            message = f"the judge has no label `{label}`"
            names.report.error("SFT0253", message, entry.name.span, suggestion(label, labels.names, "labels"))
        elif taken.intersection(entry.value):
            message = f'"{next(text for text in entry.value if text in taken)}" is written for two labels'
            names.report.error("SFT0205", message, entry.span, "give each label texts of its own")
        else:
            found[label] = entry.value
            taken.update(entry.value)
    return found
