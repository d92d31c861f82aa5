"""``sft report``: one file that needs nothing else, whatever the rows and models said."""

from __future__ import annotations

import base64
import hashlib
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest

from runtime.store import Store
from sft.run_report.drawing import Curve, curves, parts, strip, ticks
from sft.run_report.facts import run_facts
from sft.run_report.html_page import html_page
from sft.run_report.markdown_page import MOST_CHARACTERS, markdown_page
from sft.run_report.markup import CUT, el, joined, text
from tests.command import sft
from tests.tui import sample_store
from tests.tui.sample_store import HOSTILE, RUN

HTML = "<script>alert(1)</script><img src=x onerror=alert(2)>\"'</pre></style><!-- & javascript:alert(3)"
VOID = {"meta", "br"}
FORBIDDEN = {
    "script",
    "img",
    "iframe",
    "object",
    "embed",
    "link",
    "form",
    "input",
    "base",
    "audio",
    "video",
    "foreignobject",
}


class Page(HTMLParser):
    """The elements of a page, and whether every one of them is closed where it should be."""

    def __init__(self, page: str) -> None:
        super().__init__(convert_charrefs=True)
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.words: list[str] = []
        self.feed(page)
        self.close()
        assert not self.open

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.words.append(data)

    def handle_comment(self, data: str) -> None:
        assert data.strip() == "sft report"

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.words).split())


@pytest.fixture(scope="module")
def nasty(tmp_path_factory: pytest.TempPathFactory) -> Store:
    """The hostile store with HTML in every text, and one output of a megabyte in one line."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sample_store, "HOSTILE", HTML + HOSTILE)
        store = sample_store.build(tmp_path_factory.mktemp("nasty"), hostile=True)
    with store.writing() as con:
        failed = "SELECT min(row_id) FROM item_metrics WHERE model = 'tuned' AND metric = 'exact' AND value = 0"
        con.execute(f"UPDATE predictions SET output = repeat('🙂<b>', 250000) WHERE row_id = ({failed})")
    return store


@pytest.fixture(scope="module")
def page(done: Store) -> str:
    return html_page(run_facts(done, RUN, 200), [("triage.sft", "edition 2026\n", "")])


def test_the_page_says_what_the_run_came_to(page: str) -> None:
    seen = Page(page).text
    for words in (
        "✗ fail",
        "92.5% [85.8, 96.6]",
        "They differ by 11.7pt".lower(),
        "because the base model must not be better",
        "3 slices, 1 of which did not pass",
        "dedup near on instruction at 90%",
        "8 of 8 failures. Why: wrong value 8.",
        "tickets.jsonl",
        "CC0-1.0",
        "edition 2026",
    ):
        assert words in seen or words in seen.lower(), words


def test_the_page_needs_nothing_else_and_runs_nothing(page: str, nasty: Store) -> None:
    for made in (page, html_page(run_facts(nasty, RUN, 200), [("x" + HTML, HTML, HTML)])):
        for tag, attributes in Page(made).elements:
            assert tag not in FORBIDDEN
            assert not [name for name in attributes if name.startswith("on") or name in ("style", "src", "srcdoc")]
            assert (attributes.get("href") or "#").startswith("#")
        assert "url(" not in made.partition("<style>")[2].partition("</style>")[0]


def test_the_page_allows_its_own_style_sheet_and_nothing_more(page: str) -> None:
    (policy,) = [a["content"] for t, a in Page(page).elements if a.get("http-equiv") == "Content-Security-Policy"]
    css = page.partition("<style>")[2].partition("</style>")[0]
    own = base64.b64encode(hashlib.sha256(css.encode()).digest()).decode()
    assert policy == f"default-src 'none'; style-src 'sha256-{own}'; base-uri 'none'; form-action 'none'"


def test_hostile_text_stands_there_as_text(nasty: Store) -> None:
    made = html_page(run_facts(nasty, RUN, 200), [("spec.sft", HTML, "")])
    assert not re.search(r"[\x00-\x08\x0b-\x1f\x7f\u202a-\u202e\u2066-\u2069]", made)
    seen = Page(made).text
    assert "<script>alert(1)</script>" in seen and "[bold]markup[/bold]" in seen and "␛]52;c;aGk=" in seen
    assert f"({1_000_000 - CUT:,} characters more)" in seen
    assert len(made) < 4_000_000


def test_what_is_left_out_is_said(done: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "3 of 8 failures." in Page(html_page(run_facts(done, RUN, 3), [])).text
    assert "0 of 8 failures." in Page(html_page(run_facts(done, RUN, 0), [])).text
    monkeypatch.setattr("sft.run_report.html_page.MOST_BYTES", 6_000)
    seen = Page(html_page(run_facts(done, RUN, 200), [])).text
    assert re.search(r"[1-7] of 8 failures\. More would make this page too large\.", seen)


def test_a_run_that_goes_on_and_one_without_a_gate_have_a_page(running: Store) -> None:
    seen = Page(html_page(run_facts(running, RUN, 200), [])).text
    assert "the run is running: no verdict" in seen and "failures" not in seen


def test_the_markdown_is_that_of_the_gates_and_more(done: Store) -> None:
    made = markdown_page(run_facts(done, RUN, 200))
    assert re.match(r"## ✗ \S*triage\.sft: fail\n", made) and "#### Why" in made
    assert "| filter triage.clean | 611 | 38 | 6.2% | 573 |" in made
    assert "5 of 8 failures of tuned by exact" in made


def test_the_markdown_fits_into_a_comment_and_counts_what_does_not(
    nasty: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = markdown_page(run_facts(nasty, RUN, 200))
    assert "<script>" not in whole and "\x1b" not in whole and "do not fit" not in whole
    monkeypatch.setattr("sft.run_report.markdown_page.MOST_CHARACTERS", len(whole) // 2)
    made = markdown_page(run_facts(nasty, RUN, 200))
    *kept, blank, last = made.splitlines()
    assert sum(len(line) + 1 for line in kept) <= len(whole) // 2 and blank == ""
    left = re.fullmatch(r"([\d,]+) more lines do not fit here; `sft report \S+ -o report.html` has all\.", last)
    assert kept == whole.splitlines()[: len(kept)] and left is not None
    assert int(left[1].replace(",", "")) == sum(bool(line) for line in whole.splitlines()[len(kept) :])
    assert MOST_CHARACTERS < 65_536  # what GitHub takes


def test_numbers_stand_under_the_names_of_the_models_that_they_are_of(three: Path) -> None:
    """Every eval has a pair of its own in a report."""
    from dataclasses import replace

    facts = run_facts(Store(three / ".sft"), _newest(three), 5)
    (one,) = facts.evals
    assert one.compared is not None
    result = one.compared.result
    other = replace(one.compared, eval="other", result=replace(result, first="r:a", second="r:b"))
    lonely = replace(one, name="third|x", compared=None, not_compared="there is no model `a|b`")
    page_ = markdown_page(replace(facts, evals=[one, replace(one, name="other", compared=other), lonely]))
    changed = page_.partition("### What changed")[2].partition("### Data")[0]
    first, second = changed.split("r:b against r:a")
    assert f"{result.second} against {result.first}" in first and "exam.exact" in first and "other.exact" not in first
    assert "other.exact" in second and "exam.exact" not in second
    assert "third\\|x: there is no model \\`a\\|b\\`" in changed


BLESSED = """gate release {
  baseline = blessed("main")
  require exam.exact(new) no_worse_than baseline by 5pt at 95%
}
"""


@pytest.fixture(scope="module")
def against_blessed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a run that was blessed, and one that is worse than it allows."""
    from runtime.baselines import bless
    from sft.project import run
    from tests.tui.recorded_project import SPEC, write_project

    folder = tmp_path_factory.mktemp("blessed")
    assert run(write_project(folder, wrong=4)).status == "done"
    bless(Store(folder / ".sft"), "last", "main", folder, note=None, replace=False, anyway=True)
    spec = SPEC.partition("gate release")[0] + BLESSED
    assert run(write_project(folder, wrong=14, spec=spec)).verdict == "fail"
    return folder


def test_a_report_shows_what_failed_the_gate_also_against_a_blessed_run(against_blessed: Path) -> None:
    """And not the comparison with another model of the run, of which the verdict says nothing."""
    store = Store(against_blessed / ".sft")
    facts = run_facts(store, _newest(against_blessed), 20)
    (one,) = facts.evals
    assert one.beside == "new in main" and one.compared is not None
    assert one.compared.result.buckets["regressed"] == 10 and "fixed" not in one.compared.result.buckets
    seen = Page(html_page(facts, [])).text
    assert "exam: new beside new in main, by exact" in seen
    assert [output.model for output in one.failures[0][0].outputs] == ["new in main", "new"]
    first, second = (f"{run}:new" for run in (one.chosen.base_run, facts.run.run_id))
    assert f"{second} against {first}" in markdown_page(facts)


def test_a_blessed_run_that_is_not_in_the_store_is_said(against_blessed: Path, tmp_path: Path) -> None:
    import shutil

    store = Store(Path(shutil.copytree(against_blessed, tmp_path / "own")) / ".sft")
    newest = _newest(tmp_path / "own")
    with store.writing() as con:
        con.execute("DELETE FROM steps WHERE run_id <> ?", [newest])
    facts = run_facts(store, newest, 20)
    (one,) = facts.evals
    assert one.beside is None and one.compared is None and "which was `main`, are not in this store" in one.not_compared
    seen = Page(html_page(facts, [])).text
    assert one.not_compared in seen and "14 of 14 failures." in seen


def _newest(folder: Path) -> str:
    from tui import queries

    return queries.runs(Store(folder / ".sft"), 1)[0].run_id


def test_a_run_without_an_end_took_no_time_that_is_known(killed: Store) -> None:
    facts = run_facts(killed, RUN, 5)
    assert facts.report.seconds is None
    assert re.search(r"14 steps, 0 of them cached\.\n", markdown_page(facts))
    assert "0 ms" not in markdown_page(facts)


def test_the_command_writes_a_file_and_takes_the_place_of_an_earlier_report_only(done: Store, tmp_path: Path) -> None:
    store = str(done.root)
    for _ in range(2):
        made = sft("report", "last", "-o", "out/report.html", "--store", store, cwd=tmp_path)
        assert made.returncode == 0, made.stderr
    assert (tmp_path / "out/report.html").read_text(encoding="utf-8").startswith("<!doctype html>\n<!-- sft report -->")
    assert sft("report", "-o", "out/report.md", "--store", store, cwd=tmp_path).returncode == 0
    assert (tmp_path / "out/report.md").read_text(encoding="utf-8").startswith("## ✗ ")
    (tmp_path / "mine.html").write_text("<html>mine</html>", encoding="utf-8")
    refused = sft("report", "-o", "mine.html", "--store", store, cwd=tmp_path)
    assert refused.returncode == 1 and "SFT0913" in refused.stderr
    assert (tmp_path / "mine.html").read_text(encoding="utf-8") == "<html>mine</html>"
    assert sft("report", "--format", "md", "--store", store, cwd=tmp_path).stdout.startswith("## ✗ ")
    assert "SFT0914" in sft("report", "nope", "--store", store, cwd=tmp_path).stderr


def test_text_is_escaped_wherever_it_is_put() -> None:
    assert el("td", "<b>", title='"x') == '<td title="&quot;x">&lt;b&gt;</td>'
    assert el("p", el("b", "1"), "&", class_="n") == '<p class="n"><b>1</b>&amp;</p>'
    assert joined("\x1b[31m", None, el("br")) == "␛[31m<br>"
    assert text("a" * (CUT + 5)).endswith("… (5 characters more)")
    assert el("details", open=True, hidden=False) == "<details open></details>"


def test_pictures_tell_their_numbers() -> None:
    drawn = strip(0.7, 0.9, 0.8, 0.75, "share", "pass")
    assert 'aria-label="80%, interval 70% to 90%, threshold 75%"' in drawn
    assert strip(None, None, None, 0.5, "share", "fail") == ""
    assert "3 regressed, 1 fixed" in parts([("regressed", 3, "bad"), ("fixed", 1, "good"), ("failing", 0, "weak")])
    assert "no values" in curves([Curve("a", ())], "plain", "step", "a")
    plotted = curves([Curve("a", ((0.0, 1.0), (10.0, 2.0)), "primary")], "plain", "step", "a over steps")
    assert plotted.count("<polyline") == 1 and "NaN" not in plotted and "inf" not in plotted


@pytest.mark.parametrize(
    ("low", "high"), [(0.0, 1.0), (0.013, 2.7), (0.0, 51.0), (1e-5, 1e-3), (-3.0, 4.0), (5.0, 5.0)]
)
def test_ticks_are_round_and_lie_within(low: float, high: float) -> None:
    found = ticks(low, high, 5)
    assert 1 <= len(found) <= 11 and all(low - 1e-9 <= tick <= high + 1e-9 for tick in found)
    assert found == sorted(set(found))
