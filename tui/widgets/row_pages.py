"""The rows of a long list that have been read: pages by position, of which those that were seen last stay.

``PAGES_KEPT`` pages of ``PAGE`` rows whatever the length, so a table of a million rows costs what one of two thousand
does. When the list is renewed its old rows can stay to be looked at until the new ones are there.
"""

from __future__ import annotations

from collections import OrderedDict

from tui.widgets.columns import Row

PAGE = 10  # so that little more is read than is seen
PAGES_KEPT = 200


class RowPages:
    def __init__(self) -> None:
        self._pages: OrderedDict[int, list[Row]] = OrderedDict()
        self._old: dict[int, list[Row]] = {}

    def __len__(self) -> int:
        return len(self._pages)

    def renew(self, *, keep: bool) -> None:
        """Nothing is read any more; with ``keep`` the rows so far are the old ones."""
        self._old = dict(self._pages) if keep else {}
        self._pages.clear()

    def forget_old(self) -> None:
        self._old.clear()

    def has(self, begin: int, end: int) -> bool:
        """Whether rows ``begin`` to ``end - 1`` are read."""
        return all(page in self._pages for page in _pages_of(begin, end))

    def row(self, position: int) -> Row | None:
        """The row there, or an old one."""
        page, place = divmod(position, PAGE)
        rows = self._pages.get(page) or self._old.get(page)
        return rows[place] if rows and place < len(rows) else None

    def missing(self, begin: int, end: int) -> tuple[int, int] | None:
        """The stretch, in whole pages, that has to be read to have rows ``begin`` to ``end - 1``."""
        pages = _pages_of(begin, end)
        for page in self._pages.keys() & set(pages):
            self._pages.move_to_end(page)
        wanted = [page for page in pages if page not in self._pages]
        return (wanted[0] * PAGE, (wanted[-1] + 1) * PAGE) if wanted else None

    def put(self, begin: int, end: int, rows: list[Row]) -> None:
        """Rows that were read from ``begin``, where a page begins; fewer than asked for leave pages that are empty."""
        for start in range(0, end - begin, PAGE):
            page = (begin + start) // PAGE
            self._pages[page] = rows[start : start + PAGE]
            self._old.pop(page, None)
        while len(self._pages) > PAGES_KEPT:
            self._pages.popitem(last=False)


def _pages_of(begin: int, end: int) -> range:
    return range(begin // PAGE, (end - 1) // PAGE + 1)
