"""Sources whose rows an export has none of, because they were only compared with: their terms bind nothing here."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml

from runtime.store import Store
from sft.exporting import Wanted, export

SPEC = """edition 2026
source ours   { path = "ours.jsonl"   licence = "MIT"           origin = human }
source theirs { path = "theirs.jsonl" licence = "CC-BY-NC-4.0"  origin = human }
source twice  { path = "twice.jsonl"  licence = "CC-BY-ND-4.0"  origin = human }
source shots  { path = "shots.jsonl"  licence = "GPL-3.0"       origin = human }
template plain { user = "{message}" assistant = "{label}" }
filter bench { decontaminate against [theirs] }
filter other { dedup exact on message against twice }
task a    { from = ours filters = [bench, other] templates = [plain] }
task held { from = theirs templates = [plain] }
task more { from = shots templates = [plain] }
mixture all  { use a use more total = 20 decontaminate against [held] }
mixture both { use a use held total = 20 }
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("compared")
    for name in ("ours", "theirs", "twice", "shots"):
        rows = [{"message": f"{name} says {n} to {n * 7} of {n * n}", "label": f"{name} {n}"} for n in range(30)]
        (root / f"{name}.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    (root / "x.sft").write_text(SPEC)
    return root


@pytest.mark.parametrize(
    ("name", "licences", "apart"),
    [
        ("a", ["mit"], ["theirs", "twice"]),
        ("all", ["gpl-3.0", "mit"], ["theirs", "twice"]),
        ("both", ["cc-by-nc-4.0", "mit"], ["twice"]),
    ],
)
def test_the_terms_are_those_of_the_rows(
    folder: Path, tmp_path: Path, name: str, licences: list[str], apart: list[str]
) -> None:
    outcome = export(Wanted(name, tmp_path / "to"), folder / "x.sft", Store(folder / ".sft"))
    head, body = (tmp_path / "to" / "README.md").read_text().split("---\n")[1:3]
    assert yaml.safe_load(head)["license"] == licences
    assert any("Not for commercial use" in note for note in outcome.notes) == ("theirs" not in apart)
    assert not any("forbids" in note for note in outcome.notes)
    (told,) = (note for note in outcome.notes if note.startswith("Only compared with"))
    sources, compared = body.partition("## Steps")[0].split("### only compared with")
    for source in ("ours", "theirs", "twice", "shots"):
        assert (f"({source})" in told) == (source in apart)
        assert (f"| {source} |" in compared) == (source in apart)
        assert not (f"| {source} |" in sources and source in apart)
