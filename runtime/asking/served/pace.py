"""How fast a server is asked: limits a minute, and what all wait for once it says that this is too fast.

A sliding window of 60 seconds holds when requests went and what each came to; what is under way counts with its
estimate. Waiting longer after each failure, with jitter, keeps requests that failed together from coming back together.
"""

from __future__ import annotations

import random
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

_WINDOW = 60.0  # seconds
_FIRST, _LONGEST = 0.5, 30.0  # seconds to wait after the first failure, and at most


@dataclass(slots=True)
class Gone:
    """A request that went at ``at``; ``tokens`` is an estimate until ``pace.came``."""

    at: float
    tokens: int


@dataclass
class Pace:
    """``requests`` and ``tokens`` are limits a minute, None where there is none."""

    requests: int | None
    tokens: int | None
    clock: Callable[[], float] = time.monotonic
    held_until: float = 0.0
    _gone: deque[Gone] = field(default_factory=deque)

    def pause(self, tokens: int) -> float:
        """Seconds until a request of about so many tokens may go; 0 when it may go now."""
        now = self.clock()
        if now < self.held_until:
            return self.held_until - now
        while self._gone and self._gone[0].at <= now - _WINDOW:
            self._gone.popleft()
        if not self._gone:
            return 0.0  # one larger than the limit goes alone
        full = self.requests is not None and len(self._gone) >= self.requests
        if not full and self.tokens is not None:
            full = sum(one.tokens for one in self._gone) + tokens > self.tokens
        return max(0.01, self._gone[0].at + _WINDOW - now) if full else 0.0

    def go(self, tokens: int) -> Gone:
        one = Gone(self.clock(), tokens)
        self._gone.append(one)
        return one

    def hold(self, seconds: float) -> None:
        """Nothing goes before so many seconds have passed."""
        self.held_until = max(self.held_until, self.clock() + seconds)


def backoff(failures: int, draw: Callable[[], float] = random.random) -> float:
    """Seconds to wait after so many failures of one request, from 1: doubled each time, between half of it and all."""
    longest = min(_LONGEST, _FIRST * 2 ** min(failures - 1, 10))
    return longest * (0.5 + 0.5 * draw())


def pause_after(failures: int, asked: float | None, draw: Callable[[], float] = random.random) -> float:
    """Seconds to wait after so many failures of one request, where the server asks for so many: never less than
    without its wish, so that a small one does not use up all attempts at once, and up to a tenth more than it."""
    own = backoff(failures, draw)
    return own if asked is None else max(own, asked * (1 + 0.1 * draw()))
