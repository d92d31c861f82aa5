"""Code that a model wrote, run with tests: taken out of its answer, confined as far as the platform lets an ordinary
user confine a process, and believed in nothing. ``docs/code-execution.md`` says what holds where.
"""
