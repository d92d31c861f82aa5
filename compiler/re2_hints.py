r"""What other engines of regular expressions have and RE2 has not, and what to write for it."""

from __future__ import annotations

_CONDITION = "write the condition with `and`, `not` and another `matches`"

GROUPS = (
    ("(?=", "look-ahead", _CONDITION),
    ("(?!", "negative look-ahead", _CONDITION),
    ("(?<=", "look-behind", _CONDITION),
    ("(?<!", "negative look-behind", _CONDITION),
    ("(?<", "this kind of named group", "write `(?P<name>…)`"),
    ("(?P=", "a back-reference", _CONDITION),
    ("(?>", "an atomic group", "write `(?:…)`"),
    ("(?(", "a condition", _CONDITION),
    ("(?#", "a comment", "write it above the rule, after `#`"),
    ("(?|", "a branch reset", "write `(?:…)`"),
)

_CODE = r"write `\x{20AC}`"
CLASS_ESCAPES = {"u": _CODE, "U": _CODE, "N": _CODE, "e": r"write `\x1b`", "b": r"write `\x08`"}
CLASS_ESCAPES |= {"h": r"write `\t\p{Zs}`", "Q": r"write a `\` before each of the characters"}
CLASS_ESCAPES |= dict.fromkeys("123456789", r"write `\x41` for a character by its number")
ESCAPES = {"u": _CODE, "U": _CODE, "N": _CODE, "e": r"write `\x1b`", "h": r"write `[\t\p{Zs}]`"}
ESCAPES |= {"Z": r"write `\z` for the end of the text", "R": r"write `(?:\r?\n)`", "E": r"it ends what `\Q` began"}
