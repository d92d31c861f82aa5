"""Choices by hash, in SQL: the same row makes the same choice on every machine, in every order, on any thread.

A hash is the first 52 bits of SHA-256 over the seed and the row's value, so it is uniform and fits a
BIGINT; shares are compared as whole numbers, without floats.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from fractions import Fraction

HASH_BITS = 52
_SPACES = r"[\s\x{0B}\x{1C}-\x{1F}\x{85}\pZ]+"  # what Python's str.split takes for white space


def hash_number(text: str) -> str:
    """SQL for a whole number in [0, 2^52) from an SQL text expression."""
    return f"('0x' || left(sha256({text}), {HASH_BITS // 4}))::BIGINT"


def plain_text(text: str) -> str:
    """SQL that lower-cases a text and makes every run of white space one space, none at the ends.

    ``text`` is SQL without parameters, since it stands there three times. ASCII words with single spaces need no more
    than lower case.
    """
    whole = f"trim(regexp_replace(lower(nfc_normalize({text})), '{_SPACES}', ' ', 'g'))"
    return f"CASE WHEN regexp_full_match({text}, '[!-~]+(?: [!-~]+)*') THEN lower({text}) ELSE {whole} END"


def is_blank(text: str) -> str:
    """SQL condition: missing, or nothing but white space."""
    return f"coalesce(regexp_full_match({text}, '({_SPACES})?'), true)"


def upper_ends(shares: Sequence[Decimal] | Sequence[Fraction]) -> list[int]:
    """Exclusive upper ends of each share in [0, 2^52): cumulative, the last one takes what rounding leaves."""
    ends, total = [], Fraction(0)
    for share in shares:
        total += Fraction(share)
        ends.append(int(total * (1 << HASH_BITS)))
    ends[-1] = 1 << HASH_BITS
    return ends
