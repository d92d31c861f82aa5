"""One module a verb: ``SUMMARY``, ``add_arguments(parser)``, ``execute(args) -> exit code``."""
