"""Where the reports of ``sft run`` go: files, annotations on a stream, the summary of a workflow's step.

Places are looked at before the run, so that hours of work do not end at a folder that cannot be written; a report of an
earlier run is taken away then, so that a killed run leaves none that could be taken for its own. Nothing else is: a
file that is there and is no report of that form is somebody's work, and is refused.
"""

from __future__ import annotations

import argparse
import os
import re
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sft.reports.report import Report, Taken

STEP_SUMMARY = "GITHUB_STEP_SUMMARY"
# How a report of each form begins, ours or in its form of another tool.
_BEGINS = {
    "junit": re.compile(r"\s*(<\?xml[^>]*>\s*)?<testsuites?[\s/>]"),
    "sarif": re.compile(r'\s*\{\s*("version"\s*:\s*"[^"]*"\s*,\s*)?"\$schema"\s*:\s*"[^"]*sarif'),
    "markdown": re.compile(r"## [✗✓?] "),
    "html": re.compile(r"<!doctype html>\n<!-- sft report -->"),
}
_HEAD = 4096  # bytes that are looked at


def add_reports(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("reports of the gates, for a CI")
    group.add_argument("--junit", type=Path, metavar="FILE", help="write JUnit XML")
    group.add_argument("--sarif", type=Path, metavar="FILE", help="write SARIF 2.1.0")
    group.add_argument("--markdown", type=Path, metavar="FILE", help="write Markdown")
    group.add_argument("--github", action="store_true", help="annotate the pull request and add to the step's summary")
    group.add_argument("--require-gate", action="store_true", help="refuse to run when no gate would decide")
    group.add_argument(
        "--inconclusive",
        choices=("pass", "fail"),
        help="what an inconclusive gate counts as for exit code and reports (default: neither, exit code 3)",
    )


@dataclass(frozen=True)
class Wanted:
    """The reports that were asked for. ``aside`` sends annotations to standard error, where the other is data."""

    files: tuple[tuple[str, Path], ...] = ()
    github: bool = False
    taken: Taken = "inconclusive"
    aside: bool = False

    @classmethod
    def of(cls, args: argparse.Namespace) -> Wanted:
        files = tuple((form, path) for form in ("junit", "sarif", "markdown") if (path := getattr(args, form)))
        return cls(files, args.github, args.inconclusive or "inconclusive", args.format == "json")

    @property
    def any(self) -> bool:
        return bool(self.files or self.github)

    def prepare(self) -> None:
        """Make the folders and take away what an earlier run wrote. Raises DiagnosticError SFT0913, SFT0920."""
        from spec_lang.diagnostics import fatal

        if len({path.resolve() for _, path in self.files}) < len(self.files):
            raise fatal("SFT0920", "two reports cannot be the same file", "give each a name of its own")
        try:
            for form, path in self.files:
                refuse_foreign(form, path)
            for _, path in self.files:
                _try_out(path)
            for _, path in self.files:
                if path.is_file():  # no device, such as /dev/stdout
                    path.unlink()
        except OSError as error:
            raise unwritable(path, error) from error

    def write(self, report: Report) -> None:
        """Write every report. Raises DiagnosticError SFT0913."""
        from sft.reports.forms import FORMS

        for form, path in self.files:
            try:
                path.write_text(FORMS[form](report), encoding="utf-8", newline="\n")
            except OSError as error:
                raise unwritable(path, error) from error
        if self.github:
            from spec_lang.github import commanding

            stream = commanding(sys.stderr) if self.aside else sys.stdout
            stream.write(FORMS["github"](report))
            stream.flush()
            _summarise(report)


def refuse_foreign(form: str, path: Path) -> None:
    """Refuse what is no place for a report. Raises DiagnosticError SFT0913, OSError."""
    from spec_lang.diagnostics import fatal

    if path.is_dir():
        raise fatal("SFT0913", f"`{path}` is a folder", f"name a file: `{path / form}`")
    if ".sft" in (path.suffix, path.resolve().suffix):
        raise fatal("SFT0913", f"`{path}` is a spec, not a place for a report", "name another file")
    if path.is_file():
        with path.open("rb") as file:
            head = file.read(_HEAD).decode("utf-8-sig", "replace")
        if head and not _BEGINS[form].match(head):
            what = f"`{path}` is there, and is no earlier report in this form"
            raise fatal("SFT0913", what, f"name another file for `--{form}`, or move this one away")


def _try_out(path: Path) -> None:
    """Make the folders and open the file, which stays as it was. Raises OSError."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.exists() and not path.is_file():  # a pipe may wait for its reader
        return
    new = not path.exists()
    with path.open("ab"):
        pass
    if new:
        path.unlink()


def _summarise(report: Report) -> None:
    """Add to the summary of the step; a line in the log says so when it does not fit or cannot be written."""
    from sft.commands.common import narrate
    from sft.reports.markdown import SUMMARY_BYTES, markdown

    if not (name := os.environ.get(STEP_SUMMARY)):
        return
    path = Path(name)
    try:
        taken = path.stat().st_size if path.exists() else 0
        text = markdown(report, SUMMARY_BYTES - taken - 1)
        with path.open("a", encoding="utf-8", newline="\n") as file:
            file.write(("\n" if taken else "") + text if text else "")
        if not text:
            narrate("the summary of this step is full; nothing was added to it")
    except OSError as error:  # the run is done, and a summary is not worth its exit code
        narrate(f"the summary of this step cannot be written: {error.strerror}")


def unwritable(path: Path, error: OSError) -> Exception:
    from spec_lang.diagnostics import fatal

    return fatal("SFT0913", f"`{path}` cannot be written: {error.strerror}", "name another file")
