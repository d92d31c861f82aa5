"""Property tests repeat exactly, and a busy machine fails none of them for being slow."""

from hypothesis import settings

settings.register_profile("repeatable", derandomize=True, deadline=None, database=None, print_blob=False)
settings.load_profile("repeatable")
