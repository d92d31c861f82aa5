"""One open file with what has been found out about it, each thing once and only when somebody asks.

A document does not change: an edit makes a new one. The findings cost what ``check`` costs (10 ms for
a hundred lines), everything else is read from the tokens.
"""

from __future__ import annotations

import posixpath
from bisect import bisect_left
from collections.abc import Mapping
from functools import cached_property
from itertools import takewhile

from msgspec import Struct

from compiler.compile import Inspection, check
from compiler.editor.outline import Outlined, braces_of, outline
from compiler.editor.words import Role, Site, Word, site_at, words_of
from compiler.paths import rebased
from compiler.shapes import LISTS, SHAPES, Layout, generated, replaced
from compiler.world import ColumnType, Problem, World
from spec_lang.diagnostics import Diagnostic, Diagnostics
from spec_lang.lexing import Comment, tokens_of
from spec_lang.literals import read_string
from spec_lang.parsing import parse
from spec_lang.source import SourceFile, Span
from spec_lang.tokens import Token


class ColumnOf(Struct, frozen=True):
    """A column of a source: its type, and the field of the file that it is read from."""

    source: str
    name: str
    type: ColumnType | None
    field: str


class Document(Struct, frozen=True, eq=False, dict=True):
    """A file as it stands in the editor. ``world`` answers for the files beside it, ``inspect`` adds findings."""

    file: SourceFile
    world: World
    inspect: Inspection | None = None

    @property
    def text(self) -> str:
        return self.file.text

    @cached_property
    def _tokens(self) -> tuple[list[Token], tuple[Comment, ...]]:
        return tokens_of(self.file)

    @property
    def tokens(self) -> list[Token]:
        return self._tokens[0]

    @property
    def comments(self) -> tuple[Comment, ...]:
        return self._tokens[1]

    @cached_property
    def words(self) -> tuple[Word, ...]:
        return words_of(self.file, self.tokens)

    @cached_property
    def braces(self) -> dict[int, int]:
        return braces_of(self.file, self.tokens)

    @cached_property
    def blocks(self) -> dict[str, Outlined]:
        return outline(self.words, self.braces)

    @cached_property
    def findings(self) -> Diagnostics:
        return check(self.file, self.world, inspect=self.inspect)[1]

    @cached_property
    def syntax_error(self) -> Diagnostic | None:
        """The first mistake of the language itself, in the order of the text."""
        found = Diagnostics()
        parse(self.file, found)
        places = [(item.primary.span.start, item) for item in found if item.primary is not None]
        return min(places, key=lambda place: place[0])[1] if places else None

    def words_at(self, offset: int) -> tuple[Word, ...]:
        """The words under the cursor or beside it: one, or two that touch."""
        index = bisect_left(self.words, offset, key=lambda word: word.span.end)
        near = self.words[index : index + 2]
        return tuple(word for word in near if word.span.start <= offset <= word.span.end)

    def word_at(self, offset: int) -> Word | None:
        touching = self.words_at(offset)
        return touching[-1] if touching else None

    def words_of_entry(self, site: Site) -> tuple[Word, ...]:
        """The first parts of the names in the entry that a site is in."""
        start = bisect_left(self.words, site.entry_start, key=lambda word: word.span.start)
        found = takewhile(lambda word: word.site.entry_start == site.entry_start, self.words[start + 1 :])
        return tuple(word for word in found if not word.site.path)

    def site_at(self, offset: int) -> Site:
        return site_at(self.file, self.tokens, offset)

    def string(self, word: Word) -> str | None:
        """The value of a string; None when it is not closed or has a wrong escape."""
        return read_string(word.text, word.span, self.file, Diagnostics()) if word.text.endswith('"') else None

    # --- other files ----------------------------------------------------------------------------

    @cached_property
    def imports(self) -> dict[str, Document]:
        """The imported files by alias, as far as they can be read."""
        found: dict[str, Document] = {}
        path: str | None = None
        for word in self.words:
            if word.role is Role.STRING and word.site.entry == "import":
                path = self.string(word)
            elif word.role is Role.ALIAS and path:
                imported = self.imported(path)
                if imported is not None:
                    found.setdefault(word.text, imported)
        return found

    def imported(self, path: str) -> Document | None:
        name = posixpath.normpath(posixpath.join(posixpath.dirname(self.file.name), path))
        text = self.world.read_text(name)
        if isinstance(text, Problem):
            return None
        folder = posixpath.dirname(self.file.path.replace("\\", "/"))
        shown = posixpath.normpath(posixpath.join(folder, path))
        return Document(SourceFile(shown, text, name), self.world)

    # --- columns --------------------------------------------------------------------------------

    def columns_of(self, source: str) -> dict[str, ColumnOf]:
        """The columns of a source of this file or of an imported one, by name: mapped ones first."""
        block, document = self.find(source)
        if block is None or block.kind != "source":
            return {}
        return document._columns.get(block.name, {})

    @cached_property
    def _columns(self) -> dict[str, dict[str, ColumnOf]]:
        return {block.name: self._read_columns(block) for block in self.blocks.values() if block.kind == "source"}

    def _read_columns(self, block: Outlined) -> dict[str, ColumnOf]:
        fields = self._fields(block)
        mapped = [member for member in block.members if member.sort == "column" and member.value]
        columns = {m.name: ColumnOf(block.name, m.name, fields.get(m.value[0]), m.value[0]) for m in mapped}
        taken = {member.value[0] for member in mapped}
        rest = {name: ColumnOf(block.name, name, kind, name) for name, kind in fields.items() if name not in taken}
        columns |= {name: column for name, column in rest.items() if name not in columns}
        layout = self._layout(block, columns)
        if layout is None:
            return columns
        gone = replaced(layout, columns)
        made = {name: ColumnOf(block.name, name, kind, name) for name, kind in generated(layout).items()}
        return {name: column for name, column in columns.items() if name not in gone} | made

    def _layout(self, block: Outlined, columns: Mapping[str, ColumnOf]) -> Layout | None:
        """What ``shape`` says, or what columns that hold turns most likely are: nothing is read for a completion."""
        said = block.first_names("shape")
        if said:
            return SHAPES.get(said[0])
        turns = {name for name, column in columns.items() if column.type in ("list", "json")}
        return "preference" if turns >= {"chosen", "rejected"} else "conversation" if turns & {*LISTS} else None

    def fields_of(self, source: str) -> dict[str, ColumnType]:
        """The fields of a source's file, under their own names."""
        block = self.blocks.get(source)
        return self._fields(block) if block is not None else {}

    def _fields(self, block: Outlined) -> dict[str, ColumnType]:
        path = self.string(block.strings["path"]) if "path" in block.strings else None
        facts = self.world.source(rebased(path, self.file)) if path else None
        return {} if facts is None or isinstance(facts, Problem) else dict(facts.columns)

    def find(self, name: str) -> tuple[Outlined | None, Document]:
        """The block of a name, ``clean`` or ``common.clean``, and the file that it stands in."""
        alias, _, rest = name.partition(".")
        if rest and alias in self.imports:
            return self.imports[alias].find(rest)
        return self.blocks.get(name), self

    def place(self, span: Span) -> str:
        """``triage.sft:12``, for people."""
        return f"{posixpath.basename(self.file.path)}:{self.file.position(span.start)[0]}"
