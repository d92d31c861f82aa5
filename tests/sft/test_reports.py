"""Reports of a run's gates, form by form: what each says, what it never lets through, and its limits."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from sft.reports.annotations import annotations
from sft.reports.junit import junit_xml
from sft.reports.markdown import markdown
from sft.reports.of_run import _against, _cases
from sft.reports.report import Case, GateReport, Place, Report, Stop, Taken, counted
from sft.reports.sarif import sarif
from spec_lang.github import LONGEST_MESSAGE, MOST_OF_A_KIND
from tests.lang.test_formats import SHAPES, check_shape
from tui.view_models.verdicts import Requirement, Target

# Text as a model or a data row may give it: escape sequences, marks of every form, what no XML holds.
NASTY = "a|b <img src=x> `c` %0A::error::forged,x:y\r\n\x1b[31m\x00\ufffe ]]> &lt; $x$ ##[error]no @team \u202e"


def row(text: str, verdict: str, *, part: int = 0, value: str | None = None, reason: str = "Because.") -> Requirement:
    target = Target("format", "exact", "tuned", "smol", difference=True, signed=True, because="it was agreed")
    facts = (("test", "McNemar mid-p"), ("flips", "3 gained, 9 lost"))
    figures = (-0.05, -0.11, 0.01, -0.1, -0.02, 0.95, 121)
    name = None if value is None else "category"
    return Requirement("release", 0, part, text, verdict, reason, name, value, *figures, "points", facts, target)


def case(text: str, verdict: str, counts: str | None = None, slices: tuple[Case, ...] = (), line: int = 7) -> Case:
    return Case(row(text, verdict), "no_worse_than", Place("dir/spec.sft", line), counts or verdict, slices, "smol")


def part(value: str, verdict: str, counts: str | None = None) -> Case:
    own = row("r each category", verdict, part=1, value=value)
    return Case(own, "bound", Place("dir/spec.sft", 7), counts or verdict)


def report(*cases: Case, taken: Taken = "inconclusive", **more: Any) -> Report:
    verdict = "fail" if any(c.counts == "fail" for c in cases) else "inconclusive"
    if all(c.counts == "pass" for c in cases):
        verdict = "pass"
    gates = (GateReport("release", verdict, 1.5, 4, cases),) if cases else ()
    facts = {"run_id": "20260101-000000-abcd", "started_at": 1.0, "seconds": 9.25, "steps": 12, "cached": 3}
    given: dict[str, Any] = {**facts, "gated": bool(cases), "verdict": verdict if cases else None, **more}
    return Report("dir/spec.sft", given.pop("status", "done"), gates=gates, taken=taken, **given)


MIXED = report(
    case("good >= 1", "pass"),
    case("bad >= 2 at 95%", "fail", slices=(part("billing", "fail"), part("other", "pass"), part("x", "inconclusive"))),
    case("open >= 3", "inconclusive"),
)
STOPPED = report(status="failed", stops=(Stop("SFT0412", "all rows fell", "relax it", Place("spec.sft", 4, 3), "f:a"),))
EVERY_FORM = (junit_xml, annotations, markdown, lambda report: sarif(report, "0.1.0"))


# --- JUnit --------------------------------------------------------------------------------------

# The common form: element -> attributes (required ones marked `!`) and the elements that may stand in it.
JUNIT = {
    "testsuites": ("name tests failures errors skipped time", "testsuite"),
    "testsuite": ("name! tests! failures errors skipped time timestamp", "properties testcase system-out"),
    "testcase": ("name! classname! time file line", "properties failure error skipped"),
    "properties": ("", "property"),
    "property": ("name! value!", ""),
    "failure": ("message type!", ""),
    "error": ("message type!", ""),
    "skipped": ("message", ""),
    "system-out": ("", ""),
}


def junit(report: Report) -> ElementTree.Element:
    root = ElementTree.fromstring(junit_xml(report).encode("utf-8"))
    for element in root.iter():
        attributes, children = JUNIT[element.tag]
        assert {name.rstrip("!") for name in attributes.split()} >= {*element.keys()}
        assert {name[:-1] for name in attributes.split() if name.endswith("!")} <= {*element.keys()}
        assert {child.tag for child in element} <= {*children.split()}
    for suite in root.iter("testsuite"):
        cases = suite.findall("testcase")
        assert int(suite.get("tests", "")) == len(cases)
        for count, kind in (("failures", "failure"), ("errors", "error"), ("skipped", "skipped")):
            assert int(suite.get(count, "")) == sum(case.find(kind) is not None for case in cases)
        names = [(case.get("classname"), case.get("name")) for case in cases]
        assert len({*names}) == len(names)
    for count in ("tests", "failures", "errors", "skipped"):
        assert root.get(count) == str(sum(int(suite.get(count, "")) for suite in root))
    return root


def outcomes(report: Report) -> dict[str, str]:
    found = {}
    for element in junit(report).iter("testcase"):
        kind = next((child.tag for child in element if child.tag != "properties"), "pass")
        found[element.get("name", "")] = kind
    return found


def test_junit_has_a_case_a_requirement_and_slice() -> None:
    assert outcomes(MIXED) == {
        "good >= 1": "pass",
        "bad >= 2 at 95%": "failure",
        "r each category [category = billing]": "failure",
        "r each category [category = other]": "pass",
        "r each category [category = x]": "error",
        "open >= 3": "error",
    }


def test_junit_has_numbers_as_properties_and_the_place() -> None:
    element = junit(MIXED).find("testsuite/testcase")
    assert element is not None and (element.get("file"), element.get("line")) == ("dir/spec.sft", "7")
    assert element.get("classname") == "spec.release" and element.get("time") == "0.250"
    facts = {item.get("name"): item.get("value") for item in element.iter("property")}
    assert (facts["estimate"], facts["low"], facts["high"], facts["n"]) == ("-0.05", "-0.11", "0.01", "121")
    assert facts["interval"] == "[-11, 1]" and facts["unit"] == "points" and facts["test"] == "McNemar mid-p"
    assert facts["baseline"] == "smol" and facts["because"] == "it was agreed"


@pytest.mark.parametrize(("taken", "kind"), [("inconclusive", "error"), ("fail", "failure"), ("pass", "skipped")])
def test_junit_counts_inconclusive_as_the_exit_code_does(taken: Taken, kind: str) -> None:
    told = replace(MIXED, taken=taken)
    assert outcomes(told)["open >= 3"] == kind
    (found,) = [e for e in junit(told).iter("testcase") if e.get("name") == "open >= 3"]
    outcome = found.find(kind)
    assert outcome is not None and outcome.text == "Because." and "inconclusive" in outcome.get("message", "")


def test_a_part_that_does_not_decide_turns_nothing_red() -> None:
    """A small slice that fails where the requirement passes, a requirement of a gate that needs one of several."""
    assert counted("fail", "inconclusive") == "inconclusive" and counted("pass", "fail") == "pass"
    eased = report(case("open", "inconclusive", slices=(part("few", "fail", "inconclusive"),)))
    assert outcomes(eased)["r each category [category = few]"] == "error"
    passed = report(case("one of several", "fail", "pass"), case("the other", "pass"))
    assert outcomes(passed)["one of several"] == "skipped"
    assert annotations(passed) == "" and json.loads(sarif(passed, "0"))["runs"][0]["results"] == []


def test_what_a_strict_gate_takes_for_failed_is_a_failure() -> None:
    strict = report(case("open", "inconclusive", "fail"))
    assert outcomes(strict) == {"open": "failure"} and "a strict gate" in junit_xml(strict)
    assert commands(annotations(strict))[0][0] == "error"


def test_a_group_has_no_numbers_of_its_own() -> None:
    group = replace(case("any of: a; b", "fail"), rule="any", row=replace(row("any of: a; b", "fail"), n=0))
    told = report(group, case("a", "fail"))
    for form in EVERY_FORM[:3]:
        assert "n=0" not in form(told)
    assert "any of: a; b\nBecause." in commands(annotations(told))[0][2]
    assert "| any of: a; b |  |  |  | McNemar mid-p |" in markdown(told)
    inner = case("a", "fail")
    assert inner.row.target is not None
    deep = replace(inner, row=replace(inner.row, target=replace(inner.row.target, depth=2)))
    assert "| ✗ fail | ↳ ↳ a | -5pt" in markdown(report(group, deep))
    element = next(junit(told).iter("testcase"))
    assert "estimate" not in {item.get("name") for item in element.iter("property")}


def test_the_same_requirement_twice_is_two_cases() -> None:
    assert [*outcomes(report(case("a >= 1", "pass"), case("a >= 1", "fail")))] == ["a >= 1", "a >= 1 (2)"]


def test_a_run_that_broke_is_an_error_with_its_place() -> None:
    element = junit(STOPPED).find("testsuite/testcase")
    assert element is not None and (element.get("file"), element.get("line")) == ("spec.sft", "4")
    error = element.find("error")
    assert error is not None and error.get("type") == "SFT0412" and error.text == "all rows fell\nhelp: relax it"
    assert annotations(STOPPED) == (
        "::error file=spec.sft,line=4,col=3,title=SFT0412 f%3Aa::all rows fell%0Ahelp: relax it\n"
    )
    (result,) = json.loads(sarif(STOPPED, "0"))["runs"][0]["results"]
    assert result["ruleId"] == "SFT0412" and result["level"] == "error"
    assert "spec.sft:4: SFT0412: all rows fell" in markdown(STOPPED) and markdown(STOPPED).startswith("## ✗ ")


@pytest.mark.parametrize("status", ["interrupted", "running"])
def test_a_run_without_an_end_never_looks_like_a_pass(status: str) -> None:
    unfinished = report(status=status, gated=True)
    assert {*outcomes(unfinished).values()} == {"error"}
    assert annotations(unfinished).startswith("::error ") and status in annotations(unfinished)
    assert markdown(unfinished).startswith("## ? ") and status in markdown(unfinished)
    (result,) = json.loads(sarif(unfinished, "0"))["runs"][0]["results"]
    assert (result["ruleId"], result["level"]) == ("gate-no-verdict", "error")
    begun = report(case("good >= 1", "pass"), status=status, verdict=None)
    (result,) = json.loads(sarif(begun, "0"))["runs"][0]["results"]
    assert result["ruleId"] == "gate-no-verdict" and status in result["message"]["text"]
    assert annotations(begun).startswith("::error ") and markdown(begun).startswith("## ? ")


def test_a_run_without_a_gate_says_so_in_every_form() -> None:
    """promptfoo passes when nothing is asserted; here nothing reads like a pass."""
    ungated = report()
    root = junit(ungated)
    assert root.get("tests") == "0" and "no gate" in (root.findtext("testsuite/system-out") or "")
    assert annotations(ungated).startswith("::warning file=dir/spec.sft,line=1,title=no gate::")
    assert markdown(ungated).startswith("## ? dir/spec.sft: no gate")
    assert "no gate" in sarif(ungated, "0")
    for form in EVERY_FORM:
        assert "✓" not in form(ungated) and not re.search(r"\bpass", form(ungated).replace("never a pass", ""))


def cases_of(verdict: str, verdicts: list[str], requirements: list[dict[str, Any]], **params: Any) -> list[str]:
    """What the requirements of a gate count as, from its step as the plan's JSON has it."""
    lines = {f"requirements.{at}": 10 + at for at in range(len(verdicts))}
    place = {"path": "s.sft", "line": 9, "column": 1}
    step = {"params": {"requirements": requirements, **params}, "local": {"lines": lines}, "place": place}
    rows = [replace(row(f"r{at}", one), requirement=at) for at, one in enumerate(verdicts)]
    found = _cases(rows, verdict, step, Path("/elsewhere"))
    assert [one.place for one in found] == [Place("/elsewhere/s.sft", 10 + at) for at in range(len(verdicts))]
    return [one.counts for one in found]


def test_members_of_a_group_count_no_worse_than_the_group() -> None:
    any_of = [{"rule": "any", "members": [1, 2]}, {"rule": "bound"}, {"rule": "bound"}, {"rule": "bound"}]
    assert cases_of("fail", ["pass", "fail", "pass", "fail"], any_of) == ["pass", "pass", "pass", "fail"]
    assert cases_of("fail", ["fail", "fail", "fail", "pass"], any_of) == ["fail", "fail", "fail", "pass"]
    nested = [{"rule": "all", "members": [1, 3]}, {"rule": "any", "members": [2]}, {"rule": "bound"}, {"rule": "bound"}]
    assert cases_of("inconclusive", ["inconclusive", "inconclusive", "fail", "pass"], nested) == [
        *("inconclusive", "inconclusive", "inconclusive", "pass"),
    ]


def test_a_strict_gate_takes_inconclusive_for_failed() -> None:
    plain = [{"rule": "bound"}, {"rule": "bound"}]
    assert cases_of("fail", ["inconclusive", "pass"], plain, strict=True) == ["fail", "pass"]
    assert cases_of("fail", ["inconclusive", "fail"], plain) == ["inconclusive", "fail"]


def test_a_baseline_is_named_with_its_run() -> None:
    blessed = {"rule": "equivalent", "baseline": "baseline", "blessed": {"name": "main", "model": "tuned"}}
    assert _against(blessed) == "tuned of baseline main"
    assert _against({"rule": "no_worse_than", "baseline": "smol"}) == "smol" and _against({"rule": "bound"}) == ""


# --- annotations --------------------------------------------------------------------------------


def commands(text: str) -> list[tuple[str, dict[str, str], str]]:
    """What the runner reads: kind, properties, message, undone as it does it."""
    found, silent = [], ""
    for line in text.split("\n"):
        if silent:
            silent = "" if line == f"::{silent}::" else silent
            continue
        if stop := re.fullmatch(r"::stop-commands::(\w+)", line):
            silent = stop[1]
            continue
        if match := re.fullmatch(r"::(\w+) (.*?)::(.*)", line):
            pairs = (pair.split("=", 1) for pair in match[2].split(","))
            plain = {key: value.replace("%2C", ",").replace("%3A", ":").replace("%25", "%") for key, value in pairs}
            found.append((match[1], plain, match[3].replace("%0A", "\n").replace("%25", "%")))
    assert not silent
    return found


def test_annotations_stand_at_the_requirement_failures_first() -> None:
    (kind, place, message), (other, _, _) = commands(annotations(MIXED))
    assert (kind, other) == ("error", "warning")
    assert place == {"file": "dir/spec.sft", "line": "7", "title": "gate release: fail"}
    assert message.split("\n") == [
        "bad >= 2 at 95%: -5pt [-11, 1]",
        "Because.",
        "category = billing: fail, -5pt [-11, 1]",
        "category = x: inconclusive, -5pt [-11, 1]",
    ]
    assert [kind for kind, _, _ in commands(annotations(replace(MIXED, taken="fail")))] == ["error", "error"]


@pytest.mark.parametrize("count", [10, 11, 57])
def test_more_annotations_than_github_shows_are_summed_up(count: int) -> None:
    text = annotations(report(*(case(f"r{n} >= 1", "fail", line=n) for n in range(1, count + 1))))
    found = commands(text)
    assert len(found) == MOST_OF_A_KIND
    if count > MOST_OF_A_KIND:
        left = count - MOST_OF_A_KIND + 1
        assert found[-1][1]["title"] == f"{left} more errors"
        assert [f"r{n} >= 1" in text for n in range(1, count + 1)] == [True] * count


def test_a_long_message_is_cut_to_what_the_runner_passes_on() -> None:
    reason = "x" * 100_000
    long = case("r", "fail")
    (found,) = commands(annotations(report(replace(long, row=replace(long.row, reason=reason)))))
    assert len(found[2]) == LONGEST_MESSAGE and found[2].endswith("…")


# --- SARIF --------------------------------------------------------------------------------------


def test_sarif_points_at_the_lines_of_what_did_not_pass() -> None:
    log = json.loads(sarif(MIXED, "0.1.0"))
    shapes = {**SHAPES, "result": {**SHAPES["result"], "partialFingerprints": "prints", "properties": "bag"}}
    shapes |= {"prints": {"requirement/v1": str}, "bag": dict.fromkeys(log["runs"][0]["results"][0]["properties"])}
    for result in log["runs"][0]["results"]:
        assert len(result.pop("partialFingerprints")["requirement/v1"]) == 64
        assert result.pop("properties")["n"] == 121
    check_shape(log, "log", "log")
    run = log["runs"][0]
    bad, open_ = run["results"]
    assert (bad["level"], open_["level"]) == ("error", "warning")
    assert bad["locations"][0]["physicalLocation"]["region"] == {"startLine": 7}
    assert [rule["id"] for rule in run["tool"]["driver"]["rules"]] == ["gate-no-worse-than"]


def test_an_alert_stays_the_same_when_its_line_moves() -> None:
    def print_of(line: int, text: str) -> str:
        log = json.loads(sarif(report(case(text, "fail", line=line)), "0"))
        return str(log["runs"][0]["results"][0]["partialFingerprints"]["requirement/v1"])

    assert print_of(7, "a >= 1") == print_of(70, "a >= 1") != print_of(7, "a >= 2")


# --- Markdown -----------------------------------------------------------------------------------


def test_markdown_mentions_nobody_and_links_nothing() -> None:
    text = markdown(
        report(case("@org/team a@b.example https://x.example HTTP://y www.z.example WWW.q ftp://f", "fail"))
    )
    assert "@\u2060org/team" in text and not re.search(r"(?i)@\w|\w://|www\.", text)


def test_markdown_has_requirements_reasons_slices_comparison_and_looks() -> None:
    text = markdown(MIXED)
    assert text.startswith("## ✗ dir/spec.sft: fail\n")
    assert "| ✓ pass | good \\>= 1 | -5pt \\[-11, 1\\] | 121 | -2pt | McNemar mid-p |" in text
    assert "- **bad \\>= 2 at 95%** (dir/spec.sft:7): Because. Required because it was agreed." in text
    assert "| ✗ fail | category = billing | bad \\>= 2 at 95% |" in text and "category = other" not in text
    assert "| good \\>= 1 | format | exact | tuned against smol | 3 gained, 9 lost |" in text
    assert "decided 4 gates" in text
    tables = re.findall(r"(?:^\|.*\n)+", text, re.MULTILINE)
    assert len(tables) == 3
    for table in tables:
        assert len({len(re.findall(r"(?<!\\)\|", line)) for line in table.splitlines()}) == 1


def test_markdown_stays_under_the_limit_and_counts_what_is_left_out() -> None:
    many = report(*(case(f"r{n} >= {'é' * 40}", "fail") for n in range(2000)))
    whole = markdown(many)
    cut = markdown(many, 50_000)
    assert len(cut.encode()) <= 50_000 < len(whole.encode())
    left = re.search(r"([\d,]+) more lines do not fit into this summary; `sft show 2026\S+ verdicts", cut)
    assert left is not None
    lines = [line for line in whole.splitlines() if line]
    kept = [line for line in cut.splitlines() if line][:-1]
    assert kept == lines[: len(kept)] and int(left[1].replace(",", "")) == len(lines) - len(kept)
    assert markdown(many, 10) == ""


# --- what comes from data -----------------------------------------------------------------------


def test_no_form_lets_through_what_means_something_in_it() -> None:
    nasty = part(NASTY, "fail")
    bad = case(NASTY, "fail", slices=(nasty,))
    told = report(replace(bad, row=replace(bad.row, reason=NASTY, gate=NASTY)))
    stopped = replace(told, stops=(Stop("SFT0405", NASTY, NASTY, Place(NASTY, 3), NASTY),), status="failed")
    for form in EVERY_FORM:
        text = form(stopped)
        assert not re.search("[\x00-\x08\x0b-\x1f\x7f\u202e]", text)
    assert "\ufffe" not in junit_xml(stopped)
    for element in junit(stopped).iter("testcase"):
        assert "\n" not in element.get("name", "")
    found = commands(annotations(stopped))
    assert len(found) == 2 and {kind for kind, _, _ in found} == {"error"}
    assert "<img src=x>" in found[1][2] and "%0A::error::forged" in found[1][2]
    prose = markdown(stopped)
    assert not re.search(r"(?<!\\)[<>`$&]", re.sub(r"^#+ |\| |`sft show.*", "", prose))
