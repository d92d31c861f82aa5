"""Pieces to lines: what fits on a line stays on one, the rest breaks at fixed places.

In this order: before the clauses of a rule, before `or`, before `and`, inside the widest bracket
(one item a line, with a comma after the last). A comment inside breaks whatever is around it. A body
that its author opened on a new line stays open; one that was written on a line stays there as long
as it fits.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from spec_lang import ast
from spec_lang.columns import FIELD_SPREAD, INDENT, WIDTH, Line, cells_of, sections
from spec_lang.comments import Gap, settled
from spec_lang.flat import Flat, relaid
from spec_lang.pieces import Braces, Bracket, Entry, Run, Word
from spec_lang.tokens import Token

_HEADERS = (ast.Edition, ast.Import, ast.Param)
_CONTINUED = 2  # levels by which the later lines of a rule are indented
_ROW = WIDTH - 24  # A longer line is no row of a table: there is no room to fill up its cells.
_BOUNDS = frozenset(
    {"no_worse_than", "no_significant_regression", "equivalent", "within", "falls", "above", "below", "by"}
)


def lay_out(tokens: Sequence[Token], gaps: Sequence[Gap], items: Sequence[Entry]) -> list[Line]:
    """The lines of a file."""
    may_break = {index for entry in items for index in _breakable(tokens, entry)} | {0, len(tokens)}
    layout = _Layout(tokens, settled(gaps, may_break))
    layout.items(items)
    return layout.lines


# --- where lines may break ------------------------------------------------------------------------


def _breakable(tokens: Sequence[Token], entry: Entry) -> Iterator[int]:
    yield entry.first
    runs = [entry.pieces]
    while runs:
        run = runs.pop()
        for level in LEVELS:
            yield from (run[at].first for at in splits(tokens, run, level))
        for piece in run:
            if isinstance(piece, Bracket):
                yield piece.last
                yield from (item[0].first for item in piece.items)
                runs.extend(piece.items)
            elif isinstance(piece, Braces):
                yield piece.last
                yield from (inner.first for inner in piece.entries)
                runs.extend(inner.pieces for inner in piece.entries)


LEVELS = (frozenset({"CLAUSE", "FLAG"}), frozenset({"OR"}), frozenset({"AND"}))


def splits(tokens: Sequence[Token], run: Run, level: frozenset[str]) -> list[int]:
    """The places in a run before which a level breaks it. The first clause stays with a verb that has nothing else."""
    return [
        at
        for at, piece in enumerate(run)
        if at > 0 and tokens[piece.first].type in level and not (at == 1 and tokens[run[0].first].type == "VERB")
    ]


def parts(run: Run, splits: Sequence[int]) -> list[Run]:
    return [run[start:end] for start, end in zip([0, *splits], [*splits, len(run)], strict=True)]


# --- lines -----------------------------------------------------------------------------------------


class _Layout:
    """Writes to the last of ``lines``; every method leaves it open for what comes next."""

    def __init__(self, tokens: Sequence[Token], gaps: Sequence[Gap]) -> None:
        self.tokens = tokens
        self.gaps = gaps
        self.flat = Flat(tokens, gaps)
        self.lines: list[Line] = []

    def items(self, items: Sequence[Entry]) -> None:
        """The file: one blank line around blocks, except between neighbours of one line each."""
        before: Entry | None = None
        alone = False  # whether the item before is a block of one line
        for item, column in zip(items, self._field_columns(items), strict=True):
            single = bool(self._cells(item, 0))
            headers = before is not None and isinstance(before.node, _HEADERS) and isinstance(item.node, _HEADERS)
            together = headers or (alone and single)
            blank = self._before(item.first, 0, blank=None if together else before is not None)
            self._entry(item, 0, blank, column)
            before, alone = item, single
        self._before(len(self.tokens), 0, blank=None)

    def _body(self, braces: Braces, indent: int) -> None:
        """What stands between braces, one entry a line, and the closing brace."""
        self._append("{")
        for at, (entry, column) in enumerate(zip(braces.entries, self._field_columns(braces.entries), strict=True)):
            blank = self._before(entry.first, indent + 1, blank=None if at else False)
            self._entry(entry, indent + 1, blank, column)
        self._before(braces.last, indent + 1, blank=None if braces.entries else False)
        self._open(indent)
        self._append("}")

    def _entry(self, entry: Entry, indent: int, blank: bool, column: int) -> None:
        self._open(indent, blank)
        if cells := self._cells(entry, indent):
            line = self.lines[-1]
            line.cells, line.text = cells, " ".join(filter(None, cells))
            if line.width <= _ROW:
                line.table, line.wide = _table(entry, cells)
            return
        name = _name_length(entry)
        if name:
            head = self.flat.run(entry.pieces[:name]) or ""
            self._append(head + " " * (column - cells_of(head)) + " = ")
            self._run(entry.pieces[name + 1 :], indent)
        else:
            self._run(entry.pieces, indent)

    def _field_columns(self, entries: Sequence[Entry]) -> list[int]:
        """For every entry the column of its `=`, shared by fields that no other entry and no blank line parts."""
        columns = [0] * len(entries)
        run: list[int] = []
        for at, entry in enumerate((*entries, None)):
            name = _name_length(entry) if entry else 0
            gap = self.gaps[entry.first] if entry else None
            if run and (not name or (gap and (gap.blank or any(remark.blank for remark in gap.remarks)))):
                heads = [self.flat.run(entries[i].pieces[: _name_length(entries[i])]) or "" for i in run]
                for section in sections([(head, "") for head in heads], FIELD_SPREAD):
                    width = max(cells_of(heads[i]) for i in section)
                    for i in section:
                        columns[run[i]] = width
                run = []
            if name:
                run.append(at)
        return columns

    def _cells(self, entry: Entry, indent: int) -> tuple[str, ...]:
        """The cells of a rule or block on one line; none when it does not fit on one, or is no row of a table."""
        if not isinstance(entry.node, ast.Block | ast.Rule | ast.NamedRule):
            return ()
        text = self.flat.run(entry.pieces)
        if text is None or len(INDENT) * indent + cells_of(text) > WIDTH:
            return ()
        cells = [self.flat.run(part) or "" for part in self._columns(entry)]
        while not cells[-1]:
            cells.pop()
        return tuple(cells)

    def _columns(self, entry: Entry) -> list[Run]:
        """What of a rule or block stands in a column of its own: what it is about, the bound, further clauses."""
        run = entry.pieces
        if isinstance(entry.node, ast.Block):
            return [(piece,) for piece in run]
        clauses = splits(self.tokens, run, LEVELS[0])
        if isinstance(entry.node, ast.Rule) and entry.node.expr is None:
            return parts(run, clauses)
        end = clauses[0] if clauses else len(run)
        if isinstance(entry.node, ast.NamedRule):
            return [run[:2], run[2:end], run[end:]]
        types = [self.tokens[piece.first].type for piece in run[:end]]
        compares = not {"AND", "OR", "NOT"} & set(types)
        bound = next((at for at, type in enumerate(types) if compares and type in ("CMP", "IN", "MATCHES")), end)
        if bound == end:  # the bound may be a clause
            later = (at for at in clauses if str(self.tokens[run[at].first]) not in _BOUNDS)
            end = next(later, len(run))
        return [run[:bound], run[bound:end], run[end:]]

    # --- runs ---

    def _run(self, run: Run, indent: int, tail: int = 0) -> None:
        """Pieces on the open line, which begins at ``indent``; ``tail`` is the width of what follows on their line."""
        text = self.flat.run(run)
        if text is not None and self.lines[-1].width + cells_of(text) + tail <= WIDTH:
            self._append(text)
            return
        places = next((found for level in LEVELS if (found := splits(self.tokens, run, level))), [])
        if not places:
            self._broken(run, indent, tail)
            return
        first, *rest = parts(run, places)
        self._run(first, indent)
        for part in rest:
            self._before(part[0].first, indent + _CONTINUED, blank=False)
            self._open(indent + _CONTINUED)
            self._run(part, indent + _CONTINUED, tail)

    def _broken(self, run: Run, indent: int, tail: int) -> None:
        open_ones = self._to_break(run, indent, tail)
        for at, piece in enumerate(run):
            if at and self.flat.spaced(run, at):
                self._append(" ")
            if isinstance(piece, Word):
                self._append(relaid(self.flat.word(piece.first), INDENT * (indent + 1)))
            elif at not in open_ones:
                self._append(self.flat.piece(piece) or "")
            elif isinstance(piece, Braces):
                self._body(piece, indent)
            else:
                self._bracket(piece, indent)

    def _to_break(self, run: Run, indent: int, tail: int) -> set[int]:
        """The brackets of a run that are written over lines: those that must, then the widest until the rest fits."""
        texts = [self.flat.piece(piece) for piece in run]
        chosen = {at for at, text in enumerate(texts) if text is None}
        while True:
            width, widest = self.lines[-1].width, -1
            size = 0
            for at, text in enumerate(texts):
                if at in chosen:
                    if width + 2 > WIDTH and widest >= 0:
                        break
                    width, widest, size = len(INDENT) * indent + 1, -1, 0
                    continue
                width += cells_of(text or "") + (at > 0 and self.flat.spaced(run, at))
                piece = run[at]
                if not isinstance(piece, Word) and _holds_something(piece) and cells_of(text or "") > size:
                    widest, size = at, cells_of(text or "")
            if width + tail <= WIDTH or widest < 0:
                return chosen
            chosen.add(widest)

    def _bracket(self, bracket: Bracket, indent: int) -> None:
        self._append(self.flat.word(bracket.first))
        for item in bracket.items:
            self._before(item[0].first, indent + 1, blank=False)
            self._open(indent + 1)
            self._run(item, indent + 1, tail=1)
            if bracket.listed:
                self._append(",")
        self._before(bracket.last, indent + 1, blank=False)
        self._open(indent)
        self._append(self.flat.word(bracket.last))

    # --- lines ---

    def _open(self, indent: int, blank: bool = False) -> None:
        self.lines.append(Line(indent, blank=blank))

    def _append(self, text: str) -> None:
        self.lines[-1].text += text

    def _before(self, index: int, indent: int, *, blank: bool | None) -> bool:
        """The comments before a token; gives whether a blank line stands before the token itself.

        ``blank`` says whether there is one before the first of them; None leaves that to the author.
        """
        gap = self.gaps[index]
        for remark in gap.remarks:
            last = self.lines[-1] if self.lines else None
            if not remark.own_line and last and last.text and not last.comment:
                last.comment = remark.text
                continue
            self._open(indent, remark.blank if blank is None else blank)
            self.lines[-1].comment = remark.text
            blank = None
        return gap.blank if blank is None else blank


def _name_length(entry: Entry) -> int:
    """How many pieces stand before the `=` of a field or param; 0 for anything else."""
    return 1 if isinstance(entry.node, ast.Field) else 2 if isinstance(entry.node, ast.Param) else 0


def _holds_something(piece: Bracket | Braces) -> bool:
    return bool(piece.items if isinstance(piece, Bracket) else piece.entries)


def _table(entry: Entry, cells: tuple[str, ...]) -> tuple[object, int]:
    """Which entries form a table together, and the cell before which it has two spaces."""
    match entry.node:
        case ast.Rule(verb=verb, expr=expr):
            return ("rule", verb.text, expr is not None), 2 if expr is not None else 0
        case ast.NamedRule(word=word):
            return ("named", word.text), 2
        case _:
            return ("block", len(cells)), 0
