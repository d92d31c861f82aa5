"""The command line: one verb, one module in ``sft/commands``.

Standard output carries data, standard error narration. Exit codes: 0 done and every gate passed,
1 an error, 2 a gate failed, 3 a gate is inconclusive, 130 interrupted. Nothing heavy is imported
before a command needs it, so ``sft --help`` costs an argparse (about 40 ms).
"""

from __future__ import annotations

import argparse
import atexit
import gc
import os
import re
import sys
from collections.abc import Iterable, Sequence
from contextlib import suppress
from importlib import import_module
from typing import NoReturn, TextIO

VERBS = (
    "init",
    "check",
    "fmt",
    "lock",
    "compile",
    "plan",
    "run",
    "show",
    "report",
    "trace",
    "diff",
    "compare",
    "explain",
    "tui",
    "bless",
    "export",
    "lsp",
    "doctor",
)
ERROR = 1
INTERRUPTED = 130
CLOSED_PIPE = 141  # as a shell reports it: never 0, since what was not written may have been the bad news

# How long an idle OpenMP thread of torch spins before it sleeps, in rounds (tens of µs; by default milliseconds).
# Beside any other busy process the default is ruinous: training fell from 250 to 15 tokens/s on two cores.
SPIN_ROUNDS = "10000"

# Python looks for cycles after so many new objects, by default 700. Trees of specs are many objects without cycles, and
# looking through them again and again costs a fifth of checking a long spec.
COLLECT_AFTER = 50_000

EPILOG = """\
a first run:
  sft init my-project && sft run my-project/triage.sft

exit codes: 0 gates pass, 1 error, 2 a gate failed, 3 a gate is inconclusive, 130 interrupted;
`plan` and `diff`: 0 nothing to do or the same, 2 changes
"""


class _Parser(argparse.ArgumentParser):
    """argparse leaves with 2 on a usage error; 2 means "a gate failed" here, so usage errors are 1. A misspelt command,
    option or word gets a suggestion."""

    verbs: dict[str, argparse.ArgumentParser]

    def error(self, message: str) -> NoReturn:
        self.print_usage(sys.stderr)
        choice = re.match(_CHOICE, message)
        words = re.findall(_WORD, choice["known"]) if choice else ()
        hint = _meant(choice["given"], words) if choice else ""
        self.exit(ERROR, f"{self.prog}: error: {message}{hint}\n")

    def parse(self, argv: Sequence[str]) -> argparse.Namespace:
        """The arguments. What nobody asked for is told by the command that was given it, and not by all of them."""
        args, left = self.parse_known_args(argv)
        if left:
            parser = self.verbs.get(args.verb, self)
            options = [option for action in parser._actions for option in action.option_strings]
            wrong = next((word for word in left if word.startswith("-")), "")
            hint = _meant(wrong.partition("=")[0], options, "--")
            parser.error(f"unrecognized arguments: {' '.join(left)}{hint}")
        return args


class _Help(argparse.RawDescriptionHelpFormatter):
    """As wide as the terminal. argparse asks `shutil` for it, which takes longer to import than a parser to build."""

    def __init__(self, prog: str) -> None:
        super().__init__(prog, width=columns() - 2)


def columns() -> int:
    """Characters in a line, as `shutil.get_terminal_size` has them: what COLUMNS says, else the terminal, else 80."""
    with suppress(ValueError):
        if (named := int(os.environ.get("COLUMNS", ""))) > 0:
            return named
    with suppress(AttributeError, ValueError, OSError):
        return os.get_terminal_size(sys.__stdout__.fileno()).columns or 80  # type: ignore[union-attr]
    return 80


# How argparse words a wrong choice.
_CHOICE = r"(?s).*invalid choice: '(?P<given>[^']*)' \(choose from (?P<known>.*)\)"
_WORD = r"[\w-]+"


def _meant(given: str, known: Iterable[str], mark: str = "") -> str:
    """``; did you mean …?``, or nothing where nothing is near. ``mark`` is what all names begin with."""
    from spec_lang.suggest import closest

    near = closest(given.removeprefix(mark), [name.removeprefix(mark) for name in known if name.startswith(mark)])
    return f"; did you mean `{mark}{near[0]}`?" if near else ""


def build_parser(names: Sequence[str] = VERBS) -> _Parser:
    """The command line; with some of its commands only, it reads and helps with those as the whole one does."""
    parser = _Parser(
        prog="sft",
        description="Compile and run instruction-tuning specs: from a .sft file to a gated fine-tune.",
        epilog=EPILOG,
        formatter_class=_Help,
    )
    parser.add_argument("--version", action="version", version=_version())
    verbs = parser.add_subparsers(dest="verb", metavar="COMMAND", title="commands")
    parser.verbs = verbs.choices
    for verb in names:
        module = import_module(f"sft.commands.{verb}_command")
        sub = verbs.add_parser(
            verb,
            help=module.SUMMARY,
            description=module.__doc__,
            formatter_class=_Help,
        )
        module.add_arguments(sub)
        sub.set_defaults(execute=module.execute)
    return parser


def _version() -> str:
    from sft import __version__

    return f"sft {__version__}"


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code. No traceback reaches a user for a mistake of theirs."""
    _import_msgspec()
    from spec_lang.diagnostics import DiagnosticError

    os.environ.setdefault("GOMP_SPINCOUNT", SPIN_ROUNDS)
    gc.set_threshold(COLLECT_AFTER)
    atexit.register(_leave_cycles)
    told = sys.stderr
    try:
        words = sys.argv[1:] if argv is None else argv
        parser = build_parser(words[:1] if words and words[0] in VERBS else VERBS)
        args = parser.parse(words)
        if args.verb is None:
            parser.print_help()
            return 0
        if getattr(args, "github", False):  # what stands there comes from data, too; an error below as well
            from spec_lang.github import defused_stream

            sys.stderr = defused_stream(told)
        return int(args.execute(args))
    except DiagnosticError as error:
        from spec_lang.render import print_diagnostics

        print_diagnostics(error.diagnostics, sys.stderr)
        return ERROR
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
        return INTERRUPTED
    except BrokenPipeError:  # `sft show | head`
        _unplug()
        return CLOSED_PIPE
    except Exception as error:  # our own bug
        return _crashed(error)
    finally:
        if sys.stderr is not told:
            _give_back(told)


def _import_msgspec() -> None:
    """Import msgspec without `typing_extensions`, for which it has `typing` itself: importing that and the `inspect`
    that it takes along is a tenth of a `check`."""
    name = "typing_extensions"
    if name in sys.modules or "msgspec" in sys.modules:
        return
    sys.modules[name] = None  # type: ignore[assignment]  # an import of it fails, as if it were not installed
    try:
        import msgspec  # noqa: F401
    finally:
        del sys.modules[name]


def _give_back(stream: TextIO) -> None:
    """Put standard error back, after the last words of what stood in its place."""
    from spec_lang.github import commanding

    with suppress(OSError, ValueError):
        commanding(sys.stderr)
    sys.stderr = stream


def _leave_cycles() -> None:
    """Keep Python from looking through all objects once more before it ends, which is a sixth of a `check`. Not with
    DuckDB, which counts its own at the end and complains of what is left."""
    if "duckdb" not in sys.modules:
        gc.freeze()


def _unplug() -> None:
    """Point both streams nowhere, so that Python does not complain about the closed pipe again when it ends."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError, ValueError):
            os.dup2(nowhere, stream.fileno())


def _crashed(error: Exception) -> int:
    from runtime.internal_errors import finding_of

    finding = finding_of(error)
    print(f"error[{finding.code}]: {finding.message}", file=sys.stderr)
    print(finding.help, file=sys.stderr)
    return ERROR
