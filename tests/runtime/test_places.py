"""What stops a run is told at its line of the spec, and kept in the store with it."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from runtime.store import Store
from sft.project import run
from spec_lang.diagnostics import Diagnostic
from spec_lang.render import render_plain

SPEC = """\
edition 2026

source one {
  path = "one.jsonl"
  licence = "CC0-1.0"   origin = human
}

template t { user = "{question}"   assistant = "{answer}" }

filter short {
  keep words(question) >= 1
  drop question matches "."   because "all of them"
}

task a {
  from = one   filters = [short]   templates = [t]
}
"""


def project(folder: Path, spec: str, **files: str) -> Path:
    folder.mkdir(exist_ok=True)
    rows = "".join(json.dumps({"question": "why " * n, "answer": str(n)}) + "\n" for n in range(1, 8))
    (folder / "one.jsonl").write_text(rows)
    for name, text in files.items():
        (folder / f"{name}.sft").write_text(text)
    (folder / "s.sft").write_text(spec)
    return folder / "s.sft"


def stopped(spec: Path) -> Diagnostic:
    outcome = run(spec)
    assert outcome.status == "failed"
    (finding,) = outcome.findings
    return finding


def line_of(finding: Diagnostic) -> tuple[str, str]:
    assert finding.primary is not None
    file = finding.primary.file
    return file.path, file.line(file.position(finding.primary.span.start)[0]).strip()


def test_the_rule_that_drops_most_is_shown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    spec = project(tmp_path / "in", SPEC)
    monkeypatch.chdir(tmp_path)
    finding = stopped(spec)
    assert (finding.code, *line_of(finding)) == (
        "SFT0412",
        "in/s.sft",
        'drop question matches "."   because "all of them"',
    )
    assert "--> in/s.sft:12:3\n" in render_plain([finding])
    rows = Store(spec.parent / ".sft").query("SELECT number, step_id, code, path, line, col FROM findings")
    assert rows == [(0, "filter:a.short", "SFT0412", "s.sft", 12, 3)]


def test_a_rule_of_another_file_is_shown_in_that_file(tmp_path: Path) -> None:
    head, _, rest = SPEC.partition("filter short")
    rule, _, task = rest.partition("task a")
    main = head.replace("edition 2026\n", 'edition 2026\n\nimport "rules.sft" as rules\n') + "task a" + task
    spec = project(tmp_path, main.replace("[short]", "[rules.short]"), rules=f"edition 2026\n\nfilter short{rule}")
    path, line = line_of(stopped(spec))
    assert path.endswith("rules.sft") and line.startswith("drop question")
    assert Store(tmp_path / ".sft").query("SELECT path, line FROM findings") == [("rules.sft", 5)]


def test_an_expression_that_fails_on_a_value_is_shown_at_its_rule(tmp_path: Path) -> None:
    """Two rules that are one statement are shown at the block: which of them failed nobody knows."""
    for rules, shown in (
        ("dedup exact on question\n  drop id * id > 100", "drop id * id > 100"),
        ("keep words(question) >= 1\n  drop id * id > 100", "filter short {"),
    ):
        head, _, rest = SPEC.partition("  keep words")
        spec = project(tmp_path, f"{head}  {rules}\n" + rest[rest.index("}") :])
        (tmp_path / "one.jsonl").write_text('{"question": "a", "answer": "x", "id": 4000000000}\n')
        finding = stopped(spec)
        assert (finding.code, line_of(finding)[1]) == ("SFT0411", shown)


def test_a_file_that_changed_meanwhile_is_shown_at_its_path(tmp_path: Path) -> None:
    from sft.project import compile, execute

    spec = project(tmp_path, SPEC)
    plan, _ = compile(spec)
    assert plan is not None
    (tmp_path / "one.jsonl").write_text('{"question": "a", "answer": "b"}\n')
    (finding,) = execute(plan, spec).findings
    assert finding.code == "SFT0408" and line_of(finding)[1] == 'path = "one.jsonl"'


def test_a_spec_that_is_edited_meanwhile_is_shown_as_it_was(tmp_path: Path) -> None:
    """The store's rows come from the files as they were when the run began."""
    spec = project(tmp_path, SPEC)

    def edit(event: object) -> None:
        spec.write_text("# gone\n")

    from sft.project import compile, execute

    plan, _ = compile(spec)
    assert plan is not None
    (finding,) = execute(plan, spec, listeners=(edit,)).findings
    assert line_of(finding)[1].startswith("drop question")


def test_a_spec_that_is_gone_leaves_the_finding_without_a_place(tmp_path: Path) -> None:
    from sft.project import compile, execute

    spec = project(tmp_path, SPEC)
    plan, _ = compile(spec)
    assert plan is not None
    spec.unlink()
    (finding,) = execute(plan, spec).findings
    assert finding.code == "SFT0412" and finding.primary is None


def test_a_training_that_is_refused_before_the_run_is_shown_at_its_block(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The proof itself needs torch, seconds of it, and is not what is tested."""
    from spec_lang.diagnostics import fatal
    from tests.tiny_model import build_tiny_model

    def refuse(step: object, spec_dir: Path) -> None:
        raise fatal("SFT0512", "the chat template cannot render a user turn")

    build_tiny_model(tmp_path / "tiny")
    train = 'model tiny { weights = "./tiny" }\n\ntrain tuned { model = tiny   data = a   overflow = drop }\n'
    spec = project(tmp_path, SPEC.replace('  drop question matches "."   because "all of them"\n', "") + "\n" + train)
    monkeypatch.setitem(sys.modules, "runtime.training.preflight", SimpleNamespace(prove_masks=refuse))
    assert line_of(stopped(spec))[1].startswith("train tuned {")
    rows = Store(tmp_path / ".sft").query("SELECT step_id, line FROM findings")
    assert rows == [(None, 20)], "no step was running yet"
