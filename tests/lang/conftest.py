"""Property tests run the same cases every time, and keep no database beside the tests."""

from hypothesis import settings

settings.register_profile("repeatable", derandomize=True, deadline=None, database=None, print_blob=False)
settings.load_profile("repeatable")
