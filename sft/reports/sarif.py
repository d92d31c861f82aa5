"""A report as SARIF 2.1.0: a result at the line of each requirement that did not pass, a rule a kind of requirement.

What passed is left out: code scanning services show every result as an alert. The fingerprint is made of the gate and
the words of the requirement, so an alert stays the same one when its line moves.
"""

from __future__ import annotations

import json
from hashlib import sha256
from math import isfinite
from typing import Any

from sft.reports.report import Case, Place, Report, Stop, kind_of
from spec_lang import codes
from spec_lang.plain_text import visible
from spec_lang.sarif import code_rule, location, sarif_log

# What a kind of requirement asks, for the rule's page; kinds that are not here go by their name.
ASKS = {
    "bound": "A metric has to reach a floor, or stay under a ceiling. With a level the bound of its interval has to.",
    "no_worse_than": "A model may be worse than its baseline by a margin at most, paired item by item.",
    "no_significant_regression": "A model may not be worse than its baseline by a drop that is significant.",
    "equivalent": "A model and its baseline may differ by a margin at most, in either direction.",
    "never": "No item with a tag may fail.",
    "any": "One of several requirements has to hold.",
    "all": "All of several requirements have to hold.",
    "spread": "The best and the worst template, number of examples or slice may differ by a limit at most.",
    "worst": "The worst template, number of examples or slice has to reach a floor, or stay under a ceiling.",
    "unseen": "Templates that are new to a model may be worse than those of its training by a margin at most.",
}
NO_VERDICT = "gate-no-verdict"


def sarif(report: Report, version: str) -> str:
    """A whole SARIF log; ``version`` is that of the tool."""
    shown = [case for case in report.cases if kind_of(case.counts, report.taken) != "pass"]
    rules = {_rule_id(case): _rule(case.rule) for case in shown}
    rules |= {stop.code: code_rule(stop.code) for stop in report.stops if codes.page(stop.code)}
    # Gates that were decided before a run was cut short are not its verdict.
    silent = not report.stops and (not report.gates or report.status in ("interrupted", "running"))
    if silent:
        rules[NO_VERDICT] = _plain_rule(NO_VERDICT, "A run has to end with the verdict of a gate.")
    order = list(rules)
    results = [_stop(stop, order) for stop in report.stops]
    results += [_requirement(case, report, order) for case in shown]
    if silent:
        level = "warning" if report.status == "done" else "error"
        results.append(_result(NO_VERDICT, order, level, report.headline, Place(report.spec, 1)))
    return sarif_log(list(rules.values()), results, version)


def _rule_id(case: Case) -> str:
    return f"gate-{case.rule.replace('_', '-') or 'requirement'}"


def _rule(rule: str) -> dict[str, Any]:
    words = rule.replace("_", " ") or "requirement"
    return _plain_rule(f"gate-{words.replace(' ', '-')}", ASKS.get(rule, f"A requirement of a gate: {words}."))


def _plain_rule(id: str, asks: str) -> dict[str, Any]:
    name = "".join(part.capitalize() for part in id.split("-"))
    page = f"{asks} What could not be shown is inconclusive, never a pass."
    return {
        "id": id,
        "name": name,
        "shortDescription": {"text": asks},
        "help": {"text": page, "markdown": page},
    }


def _requirement(case: Case, report: Report, order: list[str]) -> dict[str, Any]:
    row = case.row
    shown = f": {row.shown}" if case.measured else ""
    message = visible(f"{row.verdict}: {row.text}{shown}. {row.reason}")
    result = _result(_rule_id(case), order, kind_of(case.counts, report.taken), message, case.place)
    words = json.dumps([row.gate, row.text])
    result["partialFingerprints"] = {"requirement/v1": sha256(words.encode("utf-8", "backslashreplace")).hexdigest()}
    result["properties"] = {
        "gate": row.gate,
        "verdict": row.verdict,
        **{key: _finite(getattr(row, key)) for key in ("estimate", "low", "high", "threshold", "level", "n")},
        "unit": row.unit,
        "slices": [
            {"slice": visible(part.row.title.strip()), "verdict": part.row.verdict, "reason": visible(part.row.reason)}
            for part in case.not_passed
        ],
    }
    return result


def _finite(value: float | None) -> float | None:
    """JSON has no number that is none."""
    return value if value is not None and isfinite(value) else None


def _stop(stop: Stop, order: list[str]) -> dict[str, Any]:
    help = f"\n{stop.help}" if stop.help else ""
    return _result(stop.code, order, "error", visible(stop.message + help, newlines=True), stop.place)


def _result(rule: str, order: list[str], level: str, message: str, place: Place | None) -> dict[str, Any]:
    result: dict[str, Any] = {"ruleId": rule} if rule else {}
    if rule in order:
        result["ruleIndex"] = order.index(rule)
    result |= {"level": level, "message": {"text": message}}
    if place is not None:
        column = {} if place.column is None else {"startColumn": place.column}
        result["locations"] = [location(place.path, {"startLine": place.line, **column})]
    return result
