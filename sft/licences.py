"""What declared licences mean together, as far as their names tell. No legal advice: it says where to look.

Looked at are SPDX names: unknown terms, terms that forbid changes or commerce, and share-alike terms that no single
licence of the whole can satisfy.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from runtime.exporting.provenance import SourceFile

_UNKNOWN = frozenset({"", "unknown", "none", "noassertion", "other", "?"})
_NON_COMMERCIAL = re.compile(r"(^|-)nc(-|$)|non-?commercial", re.IGNORECASE)
_NO_CHANGES = re.compile(r"(^|-)nd(-|$)|no-?deriv", re.IGNORECASE)
_SHARE_ALIKE = re.compile(r"(^|-)sa(-|$)|^a?gpl|^lgpl|^odbl", re.IGNORECASE)


def licence_notes(sources: Sequence[SourceFile]) -> list[str]:
    """Sentences about the licences of an export's sources, the gravest first; none when there is nothing to say."""
    by_licence: dict[str, list[str]] = {}
    for file in sources:
        names = by_licence.setdefault((file.licence or "").strip(), [])
        if file.source not in names:
            names.append(file.source)
    unknown = [name for licence, names in by_licence.items() if licence.lower() in _UNKNOWN for name in names]
    known = [licence for licence in by_licence if licence.lower() not in _UNKNOWN]
    notes = []
    if unknown:
        notes.append(f"Unknown licence: {', '.join(unknown)}. Nobody may rely on a right to use these rows.")
    notes += [
        f"{licence} ({', '.join(by_licence[licence])}) forbids sharing changed copies, and these rows are changed."
        for licence in known
        if _NO_CHANGES.search(licence)
    ]
    alike = [licence for licence in known if _SHARE_ALIKE.search(licence)]
    limited = [licence for licence in known if _NON_COMMERCIAL.search(licence)]
    against = [licence for licence in limited if licence not in alike]
    if len(alike) > 1 or (alike and against):
        notes.append(
            f"Licences in conflict: {', '.join(dict.fromkeys([*alike, *against]))}. A share-alike licence wants the "
            "whole under its own terms, which the other one does not allow."
        )
    if limited:
        notes.append(f"Not for commercial use: {', '.join(limited)} ({_names(by_licence, limited)}).")
    if len(known) > 1:
        notes.append(f"{len(known)} licences hold side by side: {', '.join(sorted(known))}. The terms of each apply.")
    return notes


def _names(by_licence: dict[str, list[str]], licences: Sequence[str]) -> str:
    return ", ".join(name for licence in licences for name in by_licence[licence])
