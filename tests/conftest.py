"""One thread a process for torch and numpy, before either is imported.

Two workers with a thread for each core spin while they wait for one another: a run of the tiny model takes a third more
of the processors, and what is computed does not depend on it. A test about threads names their number itself.
"""

import os

os.environ.setdefault("OMP_NUM_THREADS", "1")
