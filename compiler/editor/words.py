"""Every word of a file with its role, from the tokens alone.

A parser needs whole items; a person who types has none. This walk over the tokens keeps what is
open (braces, calls, lists) and the entry it is in, and so knows of every word whether it is a
field, a part of a name, a function or a clause. It never fails and is linear in the tokens; 2 ms
for a hundred lines, most of it the lexer's.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from enum import StrEnum

from msgspec import Struct
from msgspec.structs import replace

from spec_lang.lexing import OPERATORS
from spec_lang.recovery import segments
from spec_lang.source import SourceFile, Span
from spec_lang.tokens import Token


class Role(StrEnum):
    HEADER = "header"  # edition, import, as, param
    ALIAS = "alias"
    PARAM = "param"
    KIND = "kind"
    BLOCK = "block"  # the name of a block
    FIELD = "field"
    VERB = "verb"
    CLAUSE = "clause"
    NAMED = "named"  # metric, slice
    MEMBER = "member"  # the name that follows them
    TAG = "tag"  # lora { … }
    FUNCTION = "function"
    ARGUMENT = "argument"  # exact_match(normalise = …)
    VALUE = "value"
    STRING = "string"
    NUMBER = "number"
    OPERATOR = "operator"
    UNKNOWN = "unknown"  # a word that nothing follows yet


class Frame(Struct, frozen=True):
    """An open brace: ``word`` and ``name`` stand before it; ``field`` is set where it belongs to a tagged value."""

    word: str
    name: str
    field: str
    start: int


class Site(Struct, frozen=True):
    """Where a word stands. ``calls`` are the functions whose brackets are open, innermost last; a list counts as
    ``[``. ``operand`` tells that a value has to follow; ``path`` holds the parts of a name up to a dot."""

    frames: tuple[Frame, ...] = ()
    role: Role | None = None  # of the entry: FIELD, VERB, NAMED, PARAM, HEADER
    entry: str = ""  # the field, the verb, or the word metric or slice
    entry_start: int = 0
    clause: str = ""
    calls: tuple[str, ...] = ()
    argument: str = ""
    operand: bool = False
    path: tuple[str, ...] = ()

    @property
    def block(self) -> Frame | None:
        return self.frames[0] if self.frames else None


class Word(Struct, frozen=True):
    """A word or literal with its role. ``text`` is a name without its backticks; ``site`` is as before the word."""

    text: str
    span: Span
    role: Role
    site: Site


_NAMES = frozenset({"NAME", "QUOTED"})
_WORDS = _NAMES | {"VERB", "CLAUSE", "FLAG", "NAMED", "EDITION", "IMPORT", "AS", "PARAM"}
_LITERALS = {"STRING": Role.STRING, "NUMBER": Role.NUMBER, "QUANTITY": Role.NUMBER}
_PREFIXES = frozenset({"NOT", "MINUS"})


def words_of(file: SourceFile, tokens: list[Token]) -> tuple[Word, ...]:
    """All words of a file in order."""
    return tuple(word for segment in segments(file, tokens) for word in _Walk(segment.tokens).words())


def site_at(file: SourceFile, tokens: list[Token], offset: int) -> Site:
    """Where a word would stand that begins at ``offset``: what is open there. Tokens from there on do not count."""
    before = [token for token in tokens if token.span.end <= offset]
    if not before:
        return Site()
    last = list(segments(file, before))[-1]
    walk = _Walk(last.tokens)
    for _ in walk.words():
        pass
    return walk.site


def text_of(token: Token) -> str:
    """A name as it is meant: without backticks."""
    text = token.text
    return text[1:-1].replace("``", "`") if token.type == "QUOTED" else text


class _Walk:
    """One item. ``parents`` are the sites that go on after the open braces, ``header`` is what a brace would belong
    to."""

    def __init__(self, tokens: Sequence[Token]) -> None:
        self.tokens = tokens
        self.site = Site()
        self.parents: list[Site] = []
        self.header = Frame("", "", "", 0)

    def words(self) -> Iterator[Word]:
        for index, token in enumerate(self.tokens):
            role = self._role(index, token.type)
            if role is not None:
                yield Word(text_of(token), token.span, role, self.site)
            self._step(index, token, role)

    def _next(self, index: int, ahead: int = 1) -> str:
        return self.tokens[index + ahead].type if index + ahead < len(self.tokens) else ""

    # --- what a token is ------------------------------------------------------------------------

    def _role(self, index: int, type: str) -> Role | None:
        if type in _LITERALS:
            return _LITERALS[type]
        if type == "WRONG":
            return Role.STRING if self.tokens[index].text.lstrip("r").startswith('"') else None
        if type in ("TRUE", "FALSE"):
            return Role.VALUE
        if type in OPERATORS and self.tokens[index].text.isalpha():
            return Role.OPERATOR
        if type not in _WORDS:
            return None
        if not self.site.frames:
            return self._outside(index, type)
        return self._inside(index, type)

    def _outside(self, index: int, type: str) -> Role | None:
        if type in ("EDITION", "IMPORT", "AS", "PARAM"):
            return Role.HEADER
        if self.site.role is Role.PARAM or self.site.role is Role.HEADER:
            if self.site.operand:
                return self._operand(index)
            return Role.PARAM if self.site.entry == "param" else Role.ALIAS
        return Role.KIND if index == 0 else Role.BLOCK if index == 1 else Role.UNKNOWN

    def _inside(self, index: int, type: str) -> Role:
        call = bool(self.site.calls) and self.site.calls[-1] != "["
        following = self._next(index)
        if self.site.path:
            return Role.FUNCTION if self._called(index) else Role.VALUE
        if following == "_EQUAL" and type in _NAMES and not call and self.site.role is not Role.NAMED:
            return Role.FIELD
        if self.site.role is Role.NAMED and self.site.entry_start == self._start(index - 1):
            return Role.MEMBER
        if self.site.operand and type in _NAMES:
            return Role.ARGUMENT if call and following == "_EQUAL" else self._operand(index)
        if type == "VERB":
            return Role.VERB
        if type in ("CLAUSE", "FLAG"):
            return Role.CLAUSE
        if type == "NAMED":
            return Role.NAMED
        if following == "_EQUAL" and type in _NAMES:
            return Role.FIELD
        if following == "LBRACE":
            return Role.BLOCK if self._header_before(index) else Role.KIND
        if following == "NAME" and self._next(index, 2) == "LBRACE":
            return Role.KIND
        return Role.UNKNOWN

    def _operand(self, index: int) -> Role:
        if self._called(index):
            return Role.FUNCTION
        return Role.TAG if self._next(index) == "LBRACE" else Role.VALUE

    def _called(self, index: int) -> bool:
        """Whether the dotted name that goes on here is called."""
        while self._next(index) == "DOT" and self._next(index, 2) in _WORDS:
            index += 2
        return self._next(index) == "LPAR"

    def _header_before(self, index: int) -> bool:
        return self.site.role is Role.KIND and self.site.entry_start == self._start(index - 1)

    def _start(self, index: int) -> int:
        return self.tokens[index].span.start

    # --- what it changes ------------------------------------------------------------------------

    def _step(self, index: int, token: Token, role: Role | None) -> None:
        site, type = self.site, token.type
        if type == "LBRACE":
            self._open(token)
        elif type == "RBRACE":
            inside = len(self.parents) > 1
            self.site = replace(self.parents.pop(), operand=False, path=()) if inside else Site()
        elif type in ("LPAR", "LSQB"):
            called = type == "LPAR" and bool(site.path)
            name = ".".join(site.path) if called else "(" if type == "LPAR" else "["
            self.site = replace(site, calls=(*site.calls, name), operand=True, path=(), argument="")
        elif type in ("RPAR", "RSQB"):
            self.site = replace(site, calls=site.calls[:-1], operand=False, path=(), argument="")
        elif type == "COMMA":
            self.site = replace(site, operand=True, path=(), argument="")
        elif type == "_EQUAL" or (type in OPERATORS and type not in _PREFIXES):
            self.site = replace(site, operand=True, path=())
        elif type == "DOT":
            self.site = replace(site, operand=True)
        elif role is not None and type not in _PREFIXES:
            self._word(index, token, role)

    def _word(self, index: int, token: Token, role: Role) -> None:
        site, text = self.site, text_of(token)
        if role in (Role.FIELD, Role.VERB, Role.NAMED, Role.KIND, Role.UNKNOWN, Role.HEADER):
            kind = Role.PARAM if text == "param" else role
            self.site = Site(site.frames, kind, text, token.span.start, operand=role is Role.VERB)
            self.header = Frame(text, "", "", 0)
        elif role is Role.BLOCK:
            self.header = replace(self.header, name=text.strip('"'))
        elif role is Role.TAG:
            self.header = Frame(text, "", site.entry, 0)
        elif role is Role.CLAUSE:
            self.site = replace(site, clause=text, calls=(), argument="", operand=token.type != "FLAG", path=())
        elif role is Role.ARGUMENT:
            self.site = replace(site, argument=text, path=())
        elif role in (Role.VALUE, Role.FUNCTION):
            dotted = index > 0 and self.tokens[index - 1].type == "DOT"
            path = (*site.path, text) if dotted else (text,)
            self.site = replace(site, path=path if self._next(index) in ("DOT", "LPAR") else (), operand=False)
        elif role in (Role.STRING, Role.NUMBER):
            self.site = replace(site, operand=False, path=())

    def _open(self, token: Token) -> None:
        self.parents.append(self.site)
        self.site = Site((*self.site.frames, replace(self.header, start=token.span.start)))
        self.header = Frame("", "", "", 0)
