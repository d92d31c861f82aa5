"""What all tests of a process share: one thread for torch and numpy, a collector that leaves libraries alone, and
properties that try the same cases every time.

Two workers with a thread for each core spin while they wait for one another: a run of the tiny model takes a third more
of the processors, and what is computed does not depend on it. A test about threads names their number itself.

With torch, transformers and the tests loaded a full collection looks through millions of objects that stay, for half a
second to a second, and comes every few tests: a sixth of the processor that journeys of the dashboard took.

Properties keep no database beside the tests, and a busy machine fails none of them for being slow.
"""

import gc
import os

from hypothesis import settings

gc.disable()
os.environ.setdefault("OMP_NUM_THREADS", "1")
settings.register_profile("repeatable", derandomize=True, deadline=None, database=None, print_blob=False)
settings.load_profile("repeatable")


def pytest_collection_finish() -> None:
    """All modules of tests are there, and with them nearly all libraries."""
    gc.freeze()
    gc.enable()
    gc.set_threshold(10_000, 20, 20)
