"""A judge that says what a script says, for whole runs."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from runtime.asking import Request, Result
from runtime.asking.scripted import Scripted


@pytest.fixture
def scripted(monkeypatch: pytest.MonkeyPatch) -> Callable[[Callable[[Request], str | Result]], list[Request]]:
    """Puts a script in the place of the judge; gives what it was asked."""

    def use(script: Callable[[Request], str | Result]) -> list[Request]:
        asked: list[Request] = []
        backend = Scripted(script, asked=asked)
        monkeypatch.setattr("runtime.asking.opening.backend_of", lambda ctx, model: backend)
        return asked

    return use
