"""How an answer begins and ends, what it repeats, its letters and its language.

Languages are told by py3langid (:mod:`runtime.languages`), which tells the same text the same way every time; the
published program asks langdetect, which draws at random. Linear in the answer; about 1 ms for a language, 1 s for the
first one.
"""

from __future__ import annotations

import re
from functools import lru_cache

_POSTSCRIPTS = {"P.P.S": re.compile(r"p\.\s?p\.\s?s"), "P.S.": re.compile(r"p\.\s?s\.")}


def repeats(answer: str, *, prompt_to_repeat: str) -> bool:
    """The answer begins with a text; letters of either case are one."""
    return answer.strip().lower().startswith(prompt_to_repeat.strip().lower())


def ends_with(answer: str, *, end_phrase: str) -> bool:
    """Letters of either case are one, and quotes around the answer do not count."""
    return answer.strip().strip('"').lower().endswith(end_phrase.strip().lower())


def is_quoted(answer: str) -> bool:
    text = answer.strip()
    return len(text) > 1 and text[0] == text[-1] == '"'


def has_postscript(answer: str, *, postscript_marker: str) -> bool:
    """The marker occurs; spaces may stand inside ``P.S.`` and ``P.P.S``."""
    pattern = _POSTSCRIPTS.get(postscript_marker)
    text = answer.lower()
    return pattern.search(text) is not None if pattern else postscript_marker.strip().lower() in text


def has_no_comma(answer: str) -> bool:
    return "," not in answer


def is_upper_english(answer: str) -> bool:
    return answer.isupper() and _language(answer) == "en"


def is_lower_english(answer: str) -> bool:
    return answer.islower() and _language(answer) == "en"


def is_in_language(answer: str, *, language: str) -> bool:
    return _language(answer) == language


@lru_cache(maxsize=64)  # the eight forms of an answer are few, and two instructions may ask for its language
def _language(answer: str) -> str | None:
    from runtime.languages import tell_languages

    return tell_languages([answer])[0].language
