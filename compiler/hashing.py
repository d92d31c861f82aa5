"""Canonical JSON and content hashes.

One canonical form for everything that is hashed or written to a plan: keys sorted, no spaces,
UTF-8, no floats (a decimal travels as a string, so 0.1 is 0.1 on every machine). Hashes are the
first 32 hexadecimal digits of SHA-256: 128 bits, short enough to read and to name a folder. What makes them is imported
late, since `sft check` hashes next to nothing.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

HASH_LENGTH = 32
_CHUNK = 1 << 20


def canonical(value: Any) -> str:
    """Canonical JSON. Raises TypeError for what has no canonical form (floats, sets, objects)."""
    import json

    return json.dumps(_canonical_value(value), sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def _canonical_value(value: Any) -> Any:
    if value is None or isinstance(value, bool | int | str):
        return value
    if isinstance(value, Decimal):
        return decimal_text(value)
    if isinstance(value, dict):
        return {str(key): _canonical_value(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_canonical_value(item) for item in value]
    raise TypeError(f"{type(value).__name__} has no canonical form")


def decimal_text(value: Decimal) -> str:
    """One spelling a number: 1E-3, 0.001 and 0.0010 are all "0.001"."""
    text = format(value.normalize(), "f")
    return "0" if text in {"-0", "0"} else text


def hash_text(text: str) -> str:
    import hashlib

    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:HASH_LENGTH]


def hash_value(value: Any) -> str:
    return hash_text(canonical(value))


def hash_file(path: Path) -> str:
    """Hash of a file's bytes, read in 1 MiB pieces (about 1.5 GB/s with SHA extensions)."""
    import hashlib

    digest = hashlib.sha256()
    for chunk in _chunks(path):
        digest.update(chunk)
    return digest.hexdigest()[:HASH_LENGTH]


def _chunks(path: Path) -> Iterator[bytes]:
    with path.open("rb") as handle:
        while chunk := handle.read(_CHUNK):
            yield chunk
