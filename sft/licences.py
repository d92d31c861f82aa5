"""What declared licences mean together, as far as their names tell. No legal advice: it says where to look.

Looked at are names, those of SPDX and as people write them (``CC BY-NC 4.0``): unknown terms, terms that forbid
changes or commerce, and share-alike terms that no single licence of the whole can satisfy.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from runtime.exporting.provenance import SourceFile

_UNKNOWN = frozenset({"", "unknown", "none", "noassertion", "other", "?", "n/a", "tbd"})
_NON_COMMERCIAL = re.compile(r"\bnc\b|\bnon-?commercial|\bresearch-only\b")
_NO_CHANGES = re.compile(r"\bnd\b|\bno-?deriv")
_SHARE_ALIKE = re.compile(
    r"\bsa\b|\bshare-?alike|\b[al]?gpl|\bgeneral-public-licen[cs]e|\bodbl|\bopen-database-licen[cs]e"
)


def licence_notes(sources: Sequence[SourceFile]) -> list[str]:
    """Sentences about the licences of an export's sources, the gravest first; none when there is nothing to say. Those
    that rows were only compared with come last, if they have terms of that kind."""
    terms = _terms([file for file in sources if not file.compared])
    given = {file.source for file in sources if not file.compared}
    apart: dict[str, str] = {f.source: (f.licence or "").strip() or "unknown" for f in sources if f.compared}
    grave = [name for name, of in apart.items() if name not in given and _limits(of)]
    if grave:
        shown = ", ".join(f"{apart[name]} ({name})" for name in grave)
        terms.append(f"Only compared with, no row was taken: {shown}.")
    return terms


def _limits(licence: str) -> bool:
    return licence.lower() in _UNKNOWN or any(_says(terms, licence) for terms in (_NON_COMMERCIAL, _NO_CHANGES))


def _terms(sources: Sequence[SourceFile]) -> list[str]:
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
        if _says(_NO_CHANGES, licence)
    ]
    alike = [licence for licence in known if _says(_SHARE_ALIKE, licence)]
    limited = [licence for licence in known if _says(_NON_COMMERCIAL, licence)]
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


def _says(terms: re.Pattern[str], licence: str) -> bool:
    """Whether a name has such terms, whatever stands between its words."""
    return terms.search(re.sub(r"[\s_]+", "-", licence.lower())) is not None


def _names(by_licence: dict[str, list[str]], licences: Sequence[str]) -> str:
    return ", ".join(name for licence in licences for name in by_licence[licence])
