r"""A parser of RE2's syntax, which tells what RE2 would refuse, without RE2: there is none in Python.

It follows RE2's own parser (``re2/parse.cc``) construct by construct, and refuses besides what RE2 takes for something
else than its author means (``a++``, ``a{,5}``). Tests hold it to DuckDB's RE2.
"""

from __future__ import annotations

import re
import unicodedata

from msgspec import Struct

from compiler.re2_hints import CLASS_ESCAPES, ESCAPES, GROUPS
from compiler.re2_names import POSIX, SIZES, UNICODE, meant
from spec_lang.suggest import closest

_MAX_REPEAT = 1000  # RE2's own limit, also of what nested repetitions come to
_MAX_SIZE = 698_000  # instructions of the program that RE2 makes of a pattern, within the memory that DuckDB gives it
_LAST = 0x10FFFF

_REPEAT = re.compile(r"\{(0|[1-9][0-9]*)(?:(,)(0|[1-9][0-9]*)?)?\}")
_UP_TO = re.compile(r"\{,[0-9]+\}")
_FLAGS = re.compile(r"\(\?(?:[imsU]*(?:-[imsU]+)?)[:)]")
_NAMED = re.compile(r"\(\?P<([^>]*)>")
_HEX = re.compile(r"x(?:\{([0-9A-Fa-f]+)\}|([0-9A-Fa-f]{2}))")
_OCTAL = re.compile(r"0[0-7]{0,2}")
_CONTROLS = {"n": 10, "r": 13, "t": 9, "a": 7, "f": 12, "v": 11}
_NAME_KINDS = frozenset(["Lu", "Ll", "Lt", "Lm", "Lo", "Nl", "Mn", "Mc", "Nd", "Pc"])


class Refusal(Exception):
    """``unsupported`` tells what RE2 leaves out on purpose from what is simply malformed."""

    def __init__(self, message: str, help: str | None = None, unsupported: bool = False) -> None:
        super().__init__(message)
        self.message, self.help, self.unsupported = message, help, unsupported


class _Sequence(Struct):
    """What a group holds so far. ``last`` is what a repetition would repeat: its size, and how often what is inside of
    it is repeated; None where there is nothing."""

    size: int = 0
    repeated: int = 1
    last: tuple[int, int] | None = None

    def put(self, size: int, repeated: int = 1) -> None:
        self.close()
        self.last = (size, repeated)

    def close(self) -> None:
        if self.last is not None:
            self.size += self.last[0]
            self.repeated = max(self.repeated, self.last[1])
        self.last = None


class Parser:
    """Reads one pattern; ``groups`` counts those that capture."""

    def __init__(self, pattern: str) -> None:
        self.text = pattern
        self.at = 0
        self.groups = 0
        self._open = [_Sequence()]
        self._repetition: str | None = None  # the repetition that ends here, if one does

    def read(self) -> None:
        """The whole pattern. Raises Refusal."""
        while self.at < len(self.text):
            before, self._repetition = self._repetition, None
            self._step(self.text[self.at], before)
        if len(self._open) > 1:
            raise Refusal("a `(` is never closed", r"write `\(` for the character itself")
        self._open[0].close()
        if self._open[0].size > _MAX_SIZE:
            raise Refusal("the pattern is too large for RE2", "repeat less, or name a smaller class of characters")

    def _step(self, char: str, before: str | None) -> None:
        if char == "(":
            self._group()
        elif char == ")":
            self._close()
        elif char == "|":
            self._open[-1].close()
            self.at += 1
        elif char == "[":
            self._open[-1].put(self._class())
        elif char == "\\":
            self._escaped()
        elif char in "*+?" or _REPEAT.match(self.text, self.at):
            self._repeat(char, before)
        elif self._open[-1].last is not None and (found := _UP_TO.match(self.text, self.at)):
            written, known = found.group(), found.group().replace("{", "{0")
            raise Refusal(f"`{written}` stands for itself, and repeats nothing", f"write `{known}`", True)
        else:
            self._open[-1].put(len(char.encode("utf-8", "replace")))
            self.at += 1

    def _group(self) -> None:
        if not self.text.startswith("(?", self.at):
            self.groups += 1
            self._open.append(_Sequence())
            self.at += 1
        elif named := _NAMED.match(self.text, self.at):
            if not all(unicodedata.category(char) in _NAME_KINDS for char in named[1]) or not named[1]:
                raise Refusal(f"`{named[1]}` is no name of a group", "write it in letters, digits and `_`")
            self.groups += 1
            self._open.append(_Sequence())
            self.at = named.end()
        elif flags := _FLAGS.match(self.text, self.at):
            if flags.group().endswith(":"):
                self._open.append(_Sequence())
            self.at = flags.end()
        else:
            raise self._no_group()

    def _no_group(self) -> Refusal:
        for start, name, help in GROUPS:
            if self.text.startswith(start, self.at):
                return Refusal(f"{name} (`{start}`) is not supported", help, True)
        flag = re.compile(r"\(\?[a-zA-Z-]*[:)]").match(self.text, self.at)
        if flag is not None:
            return Refusal(f"`{flag.group()}` is not supported", "the flags are `i`, `m`, `s` and `U`: `(?i)`", True)
        return Refusal(f"`{self.text[self.at : self.at + 3]}` begins no group", r"write `\(` for the character itself")

    def _close(self) -> None:
        if len(self._open) == 1:
            raise Refusal("a `)` closes nothing", r"write `\)` for the character itself")
        inner = self._open.pop()
        inner.close()
        self._open[-1].put(inner.size, inner.repeated)
        self.at += 1

    def _repeat(self, char: str, before: str | None) -> None:
        found = _REPEAT.match(self.text, self.at)
        written = found.group() if found else char
        last = self._open[-1].last
        if before is not None and written == "+":
            raise Refusal(f"a possessive repetition (`{before}+`) is not supported", None, True)
        if before is not None:
            raise Refusal(f"`{before}{written}` repeats a repetition", "put the inner one in parentheses: `(?:…)`")
        if last is None:
            raise Refusal(f"there is nothing for `{written}` to repeat", f"write `\\{written}` for the text itself")
        size, repeated = last
        if found is not None:
            low, high = int(found[1]), int(found[3] or found[1])
            if max(low, high) > _MAX_REPEAT:
                raise Refusal(f"`{written}` repeats more than {_MAX_REPEAT} times", None, True)
            if high < low:
                raise Refusal(f"`{written}` counts from more to less", f"write `{{{high},{low}}}`")
            repeated *= max(high, 1)
            size *= high
        if repeated > _MAX_REPEAT:
            message = f"repetitions inside of `{written}` come to more than {_MAX_REPEAT} times"
            raise Refusal(message, None, True)
        self._open[-1].last = (size, repeated)
        self.at += len(written)
        lazy = self.text.startswith("?", self.at)
        self.at += lazy
        self._repetition = written + "?" * lazy

    def _escaped(self) -> None:
        following = self.text[self.at + 1 : self.at + 2]
        if following == "Q":
            end = self.text.find("\\E", self.at)
            for char in self.text[self.at + 2 : end if end >= 0 else len(self.text)]:
                self._open[-1].put(len(char.encode("utf-8", "replace")))
            self.at = end + 2 if end >= 0 else len(self.text)
        elif following in ("p", "P"):
            self._open[-1].put(self._unicode())
        elif following in tuple("dDsSwWbBAzC"):
            self._open[-1].put(1)
            self.at += 2
        else:
            if following in tuple("123456789"):
                raise Refusal(f"a back-reference (`\\{following}`) is not supported", None, True)
            self._open[-1].put(len(chr(self._character(ESCAPES)).encode("utf-8", "replace")))

    def _character(self, hints: dict[str, str]) -> int:
        r"""The character that an escape stands for, at its ``\``."""
        start = self.at + 1
        following = self.text[start : start + 1]
        if not following:
            raise Refusal(r"a `\` ends the pattern", r"write `\\` for the character itself")
        if following in _CONTROLS or (following.isascii() and not following.isalnum()):
            self.at = start + 1
            return _CONTROLS.get(following, ord(following))
        found = _HEX.match(self.text, start) or _OCTAL.match(self.text, start)
        if found is None:
            if following == "x":
                raise Refusal(r"`\x` names no character", r"write `\x41` or `\x{20AC}`")
            if not following.isascii():
                raise Refusal(f"`\\{following}` is no escape", f"write `{following}`")
            where = " inside of `[…]`" if hints is CLASS_ESCAPES else ""
            raise Refusal(f"`\\{following}` is not supported{where}", hints.get(following), following in hints)
        octal = found.re is _OCTAL
        code = int(found.group(), 8) if octal else int(found[1] or found[2], 16)
        if code > _LAST:
            raise Refusal(f"`\\{found.group()}` is beyond the last character, `\\x{{10FFFF}}`")
        self.at = found.end()
        return code

    def _unicode(self) -> int:
        r"""``\pL``, ``\p{Greek}``; the size of the class."""
        start, end = self.at + 2, self.at + 3
        if self.text.startswith("{", start):
            end = self.text.find("}", start) + 1
        written = self.text[self.at : end] if end else self.text[self.at :]
        name = self.text[start:end].strip("{}") if end else ""
        known = name.removeprefix("^")
        if known not in UNICODE:
            other = meant(known) or next(iter(closest(known, UNICODE)), None)
            help = f"did you mean `{written[:2]}{{{other}}}`?" if other else r"such as `\pL`, `\p{Lu}` or `\p{Greek}`"
            raise Refusal(f"`{written}` is no class of characters", help)
        self.at = end
        return SIZES.get(known, 1) if written[1] == "p" and known == name else 1

    def _class(self) -> int:
        """``[…]``; its size at least."""
        size, first = 1, True
        self.at += 1 + self.text.startswith("^", self.at + 1)
        while first or not self.text.startswith("]", self.at):
            if self.at >= len(self.text):
                raise Refusal("a `[` is never closed", r"write `\[` for the character itself")
            size = max(size, self._member())
            first = False
        self.at += 1
        return size

    def _member(self) -> int:
        """One character, range or class between brackets; its size."""
        if self.text.startswith("[:", self.at) and (end := self.text.find(":]", self.at + 2)) >= 0:
            name = self.text[self.at + 2 : end]
            if name.removeprefix("^") not in POSIX:
                known = closest(name, POSIX)
                help = f"did you mean `[:{known[0]}:]`?" if known else "such as `[[:alpha:]]` or `[[:digit:]]`"
                raise Refusal(f"`[:{name}:]` is no class of characters", help)
            self.at = end + 2
            return 1
        following = self.text[self.at + 1 : self.at + 2] if self.text[self.at] == "\\" else ""
        if following and following in "pP":
            return self._unicode()
        if following and following in "dDsSwW":
            self.at += 2
            return 1
        start, low = self.at, self._single()
        if self.text.startswith("-", self.at) and self.text[self.at + 1 : self.at + 2] not in ("]", ""):
            self.at += 1
            if self._single() < low:
                raise Refusal(f"the range `{self.text[start : self.at]}` ends before it begins")
        return 1

    def _single(self) -> int:
        if self.text[self.at] != "\\":
            self.at += 1
            return ord(self.text[self.at - 1])
        return self._character(CLASS_ESCAPES)
