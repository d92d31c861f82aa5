"""The bytes of a file, unpacked when its name says that it is packed: ``.gz`` or ``.zst``.

DuckDB unpacks both by itself; this is for everything that Python looks at. gzip gives about 170 MB a second,
zstd about 220 (of random words, on one busy core). Zstandard is in the standard library from Python 3.14 on, before
that in its backport, and is imported only where a name ends in ``.zst``.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable
from pathlib import Path
from typing import IO, Any

ENDINGS = (".gz", ".zst")
PACKED = (*ENDINGS, ".parquet")


def open_bytes(path: Path) -> IO[bytes]:
    """The file's bytes. Reading raises what ``broken_archive`` names where the file is damaged."""
    ending = path.suffix.lower()
    if ending == ".gz":
        import gzip

        return gzip.open(path, "rb")  # type: ignore[return-value]
    if ending == ".zst":
        opened: IO[bytes] = _zstd().open(path, "rb")
        return opened
    return path.open("rb")


def is_packed(path: Path) -> bool:
    return path.suffix.lower() in ENDINGS


def text_bytes(paths: Iterable[Path]) -> int:
    """About how many bytes the rows of these files take as text: what is packed, as Parquet is too, some five times."""
    return sum(path.stat().st_size * (5 if path.suffix.lower() in PACKED else 1) for path in paths)


def last_bytes(path: Path) -> tuple[bytes, int]:
    """The end of the file, and its size, unpacked."""
    if is_packed(path):
        tail, size = b"", 0
        with open_bytes(path) as handle:
            while chunk := handle.read(1 << 20):
                tail, size = (tail + chunk)[-4096:], size + len(chunk)
        return tail, size
    size = path.stat().st_size
    with path.open("rb") as handle:
        handle.seek(-min(4096, size), 2)
        return handle.read(), size


def unpacked_name(name: str) -> str:
    """``rows.jsonl.gz`` is ``rows.jsonl``."""
    path = Path(name)
    return path.stem if is_packed(path) else path.name


def broken_archive() -> tuple[type[Exception], ...]:
    """What reading a damaged packed file raises; asked only once something was raised."""
    import gzip
    import zlib

    loaded = [module for name, module in sys.modules.items() if name in ("backports.zstd", "compression.zstd")]
    return (EOFError, gzip.BadGzipFile, zlib.error, *(module.ZstdError for module in loaded))


def _zstd() -> Any:
    if sys.version_info >= (3, 14):
        from compression import zstd
    else:
        from backports import zstd
    return zstd
