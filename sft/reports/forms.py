"""The forms of a report by the names that the command line has for them, each in a module of its own."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from sft.reports.report import Report


def _junit(report: Report) -> str:
    from sft.reports.junit import junit_xml

    return junit_xml(report)


def _sarif(report: Report) -> str:
    from sft import __version__
    from sft.reports.sarif import sarif

    return sarif(report, __version__)


def _github(report: Report) -> str:
    from sft.reports.annotations import annotations

    return annotations(report)


def _markdown(report: Report) -> str:
    from sft.reports.markdown import markdown

    return markdown(report)


FORMS: Mapping[str, Callable[[Report], str]] = {
    "junit": _junit,
    "sarif": _sarif,
    "github": _github,
    "markdown": _markdown,
}
