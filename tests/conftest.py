"""One thread a process for torch and numpy, before either is imported; and no example of hypothesis has a deadline.

Two workers with a thread for each core spin while they wait for one another: a run of the tiny model takes a third more
of the processors, and what is computed does not depend on it. A test about threads names their number itself. How long
an example takes says how busy the machine is, and is no verdict.
"""

import os

os.environ.setdefault("OMP_NUM_THREADS", "1")

from hypothesis import HealthCheck, settings

settings.register_profile("sft", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("sft")
