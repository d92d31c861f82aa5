"""``sft export`` of rows: every layout against its documented form, the card, and the folder's safety."""

from __future__ import annotations

import json
import os
import re
import shlex
from pathlib import Path
from typing import Any

import pytest
import yaml

from runtime.exporting.data import write_rows
from runtime.exporting.layouts import LAYOUTS
from runtime.exporting.layouts.base import Names
from runtime.exporting.rows import Part
from runtime.relational import engine, literal
from runtime.store import Store
from sft.commands.export_command import LAYOUTS as OFFERED
from sft.exporting import Outcome, Wanted, export, only_spec
from spec_lang.diagnostics import DiagnosticError

SPEC = """\
edition 2026
source tickets { path = "tickets.jsonl"   licence = "CC-BY-SA-4.0"   origin = human   consent = "terms, 2025" }
source forum   { path = "forum.jsonl"     licence = "CC-BY-NC-4.0"   origin = model }
source found   { path = "found.jsonl"     licence = "unknown"        origin = mixed }
template plain { system = "Sort: ``` the\\nmessage."   user = "{message}"   assistant = "{label}" }
template bare  { user = "{message}"   assistant = "{label}" }
filter clean   { keep words(message) >= 2 because "one word | is `none`"   dedup exact on message }
task triage {
  from = tickets   filters = [clean]   templates = [plain, bare]
  split { key = message   train = 70%   validation = 10%   test = 20% }
}
task chat      { from = forum   templates = [bare] }
task raw       { from = found }
task odd       { from = found   templates = [bare] }
mixture mix    { use triage.train cap 20   use chat weight 50%   total = 40 }
"""
HOSTILE = '"}\n---\n| a | `b` \\ \u2028 \x1b[31m é 你好 {message}'


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("export")
    rows = [{"message": f"ticket number {n} {HOSTILE}", "label": f"answer {n}"} for n in range(60)]
    rows += [rows[0], {"message": "alone", "label": "x"}]
    (root / "tickets.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows) + '{"cut\n', encoding="utf-8")
    chat = [{"message": f"say {n}", "label": f"said {n}"} for n in range(30)]
    (root / "forum.jsonl").write_text("".join(json.dumps(row) + "\n" for row in chat), encoding="utf-8")
    (root / "found.jsonl").write_text('{"message": "a b", "label": "c"}\n', encoding="utf-8")
    (root / "triage.sft").write_text(SPEC, encoding="utf-8")
    return root


@pytest.fixture(scope="module")
def exported(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder a layout, of every part of ``triage``."""
    root = tmp_path_factory.mktemp("layouts")
    runs = [run(folder, "triage", root / name, layout=name).run for name in LAYOUTS]
    assert runs[0] is not None and runs[1:] == [None] * (len(LAYOUTS) - 1)  # computed once
    return root


def run(folder: Path, name: str, to: Path, **options: Any) -> Outcome:
    return export(Wanted(name, to, **options), folder / "triage.sft", Store(folder / ".sft"))


def refused(folder: Path, name: str, to: Path, **options: Any) -> tuple[str, str]:
    with pytest.raises(DiagnosticError) as caught:
        run(folder, name, to, **options)
    return caught.value.diagnostics[0].code, f"{caught.value.diagnostics[0].message} {caught.value.diagnostics[0].help}"


def lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").split("\n") if line]


def artifact(folder: Path, step_id: str) -> list[tuple[str, list[dict[str, str]]]]:
    """Row ids and messages of a finished step, read past the exporter."""
    store = Store(folder / ".sft")
    step_hash = store.query("SELECT step_hash FROM steps WHERE step_id = ? LIMIT 1", [step_id])[0][0]
    with engine(folder) as db:
        path = literal(str(folder / ".sft" / "objects" / step_hash / "rows.parquet"))
        return [
            (row[0], json.loads(row[1]))
            for row in db.rows(f"SELECT row_id, messages FROM {path} ORDER BY file_row_number")
        ]


def front_matter(card: Path) -> dict[str, Any]:
    head = card.read_text(encoding="utf-8").split("---\n")[1]
    loaded: dict[str, Any] = yaml.safe_load(head)
    return loaded


def parquet_rows(path: Path) -> list[tuple[Any, ...]]:
    with engine(path.parent) as db:
        return db.rows(f"SELECT row_id, messages, template FROM {literal(str(path))}")


def test_the_command_offers_the_layouts_there_are() -> None:
    assert list(LAYOUTS) == list(OFFERED)


def test_every_layout_has_the_rows_of_the_step_in_order(folder: Path, exported: Path) -> None:
    for part in ("train", "validation", "test"):
        truth = artifact(folder, f"render:triage.{part}")
        for name in ("jsonl", "axolotl", "llamafactory"):
            rows = lines(exported / name / f"{part}.jsonl")
            assert [(row["row_id"], row["messages"]) for row in rows] == truth
            assert {row["template"] for row in rows} <= {"plain", "bare"}
        rows = lines(exported / "trl" / f"{part}.jsonl")
        assert [(row["row_id"], row["prompt"] + row["completion"]) for row in rows] == truth
        assert all(len(row["completion"]) == 1 and row["completion"][0]["role"] == "assistant" for row in rows)
        for file in (f"parquet/{part}.parquet", f"hf/data/{part}-00000-of-00001.parquet"):
            assert [(row[0], row[1]) for row in parquet_rows(exported / file)] == truth


def test_configurations_name_the_files_and_the_keys_that_the_tools_document(exported: Path) -> None:
    trl = yaml.safe_load((exported / "trl/trl.yaml").read_text())
    assert trl["completion_only_loss"] is True and trl["dataset_test_split"] == "validation"
    axolotl = yaml.safe_load((exported / "axolotl/axolotl.yaml").read_text())
    assert axolotl["datasets"][0]["path"] == "train.jsonl" and axolotl["datasets"][0]["type"] == "chat_template"
    assert axolotl["test_datasets"][0]["path"] == "validation.jsonl"
    info = json.loads((exported / "llamafactory/dataset_info.json").read_text())
    assert set(info) == {"triage_train", "triage_validation", "triage_test"}
    assert info["triage_train"]["file_name"] == "train.jsonl" and info["triage_train"]["formatting"] == "sharegpt"
    assert info["triage_train"]["tags"]["user_tag"] == "user"
    assert front_matter(exported / "hf/README.md")["configs"][0]["data_files"][1] == {
        "split": "train",
        "path": "data/train-00000-of-00001.parquet",
    }


def test_a_mixture_and_a_task_without_split_are_one_part_called_train(folder: Path, tmp_path: Path) -> None:
    mixed = run(folder, "mix", tmp_path / "mix")
    rows = lines(tmp_path / "mix/train.jsonl")
    assert mixed.rows == {"train.jsonl": 40} and {row["task"] for row in rows} == {"triage.train", "chat"}
    assert run(folder, "chat", tmp_path / "chat").rows == {"train.jsonl": 30}
    card = (tmp_path / "mix/README.md").read_text()
    assert "| triage.train |  |" in card and "| chat |  | 30 | 50.00% | 20.0 | 20 | 0.6667 times |" in card


def test_rendering_for_an_export_is_the_rendering_of_a_training(folder: Path, tmp_path: Path) -> None:
    """Hashes are equal, and a plan of the spec has no step for what only an export wants."""
    from sft.project import compile

    run(folder, "triage.train", tmp_path / "rows")
    known = {row[0] for row in Store(folder / ".sft").query("SELECT step_hash FROM results WHERE kind = 'render'")}
    plan, _ = compile(folder / "triage.sft")
    assert plan is not None
    rendered = {step.id: step.hash for step in plan if step.kind == "render"}
    assert set(rendered) == {"render:triage.train", "render:chat.all"}  # for the mixture
    assert rendered["render:triage.train"] in known


def test_the_card_counts_names_and_escapes(folder: Path, tmp_path: Path) -> None:
    outcome = run(folder, "mix", tmp_path / "mix", layout="hf")
    card = (tmp_path / "mix/README.md").read_text(encoding="utf-8")
    assert any("conflict: CC-BY-SA-4.0, CC-BY-NC-4.0" in note for note in outcome.notes)
    assert "> Licences in conflict" in card and "Not for commercial use" in card
    assert "| ingest:tickets | 63 | 62 | 1 |" in card
    assert "| filter:triage.clean | dedup exact on message | 1 |" in card
    assert "one word \\| is \\`none\\`" in card and "terms, 2025" in card
    assert "````text\nsystem: Sort: ```" in card  # the fence is longer than what it holds
    assert front_matter(tmp_path / "mix/README.md")["license"] == ["cc-by-nc-4.0", "cc-by-sa-4.0"]
    assert str(folder) not in card and "\x1b" not in card
    again = tmp_path / "again"
    run(folder, "mix", again, layout="hf")
    assert (again / "README.md").read_text(encoding="utf-8") == card
    run(folder, "odd", tmp_path / "odd")
    assert "Unknown licence: found" in (tmp_path / "odd/README.md").read_text()


@pytest.mark.parametrize(
    ("name", "part", "code", "says"),
    [
        ("何か", None, "SFT0921", "it has"),
        ("triag", None, "SFT0921", "`triage`?"),
        ("triage.tran", None, "SFT0921", "`train`?"),
        ("chat.train", None, "SFT0921", "no split"),
        ("mix", "train", "SFT0921", "only a task has parts"),
        ("triage.train", "test", "SFT0921", "leave it out: `sft export triage.train` or `sft export triage.test`"),
        ("triage.train", "train", "SFT0921", "`triage.train` names a part already"),
        ("raw", None, "SFT0921", "no `templates`"),
        ("tickets", None, "SFT0921", "is a source"),
    ],
)
def test_what_cannot_be_exported_is_named(
    folder: Path, tmp_path: Path, name: str, part: str | None, code: str, says: str
) -> None:
    found, text = refused(folder, name, tmp_path / "no", part=part)
    assert found == code and says in text and not (tmp_path / "no").exists()


def test_an_export_never_goes_over_files_of_others(folder: Path, tmp_path: Path) -> None:
    target = tmp_path / "out"
    target.mkdir()
    run(folder, "chat", target)  # an empty folder is fine
    assert refused(folder, "chat", target)[0] == "SFT0923"
    run(folder, "odd", target, replace=True)
    assert lines(target / "train.jsonl")[0]["messages"][0]["content"] == "a b"
    (target / "notes.txt").write_text("mine")
    assert "`notes.txt`" in refused(folder, "odd", target, replace=True)[1]
    (target / "notes.txt").unlink()
    with (target / "README.md").open("a") as card:
        card.write("an edit\n")
    assert "`README.md`" in refused(folder, "odd", target, replace=True)[1]
    (tmp_path / "other").mkdir()
    (tmp_path / "other/x").write_text("x")
    assert refused(folder, "odd", tmp_path / "other", replace=True)[0] == "SFT0923"
    (tmp_path / "hollow/inside").mkdir(parents=True)
    for replace in (False, True):
        assert "no export of sft" in refused(folder, "odd", tmp_path / "hollow", replace=replace)[1]
    run(folder, "odd", tmp_path / "nested", layout="hf")
    (tmp_path / "nested/data/mine").mkdir()
    assert "`data/mine`" in refused(folder, "odd", tmp_path / "nested", replace=True)[1]
    (tmp_path / "nested/data/mine").rmdir()
    run(folder, "odd", tmp_path / "nested", replace=True)
    left = ["hollow", "nested", "other", "out"]
    assert sorted(path.name for path in tmp_path.iterdir()) == left  # nothing temporary is left


@pytest.mark.parametrize("dead", [2**22 + 1, os.getpid()], ids=["of nobody", "our own"])
def test_a_killed_export_leaves_the_old_one_and_no_rubbish(folder: Path, tmp_path: Path, dead: int) -> None:
    run(folder, "chat", tmp_path / "out")
    (tmp_path / "out").rename(tmp_path / f".out.sft-{dead}.old")  # killed between the two renames
    (tmp_path / f".out.sft-{dead}.new").mkdir()
    assert refused(folder, "chat", tmp_path / "out")[0] == "SFT0923"  # the old one is back
    run(folder, "odd", tmp_path / "out", replace=True)
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


def test_rows_that_a_tool_would_skip_are_refused_before_anything_is_written(tmp_path: Path) -> None:
    def turn(role: str, **more: Any) -> dict[str, Any]:
        return {"role": role, "content": "x", **more}

    tools = {"role": "tools", "content": '[{"type": "function"}]'}
    talks = [
        [turn("user"), turn("assistant"), turn("user"), turn("assistant")],
        [turn("user"), turn("user"), turn("assistant")],
        [turn("user"), turn("assistant", loss=False), turn("user"), turn("assistant")],
        [tools, turn("user"), turn("assistant", tool_calls=[{"name": "f"}]), turn("tool"), turn("assistant")],
    ]
    file = tmp_path / "rows.parquet"
    with engine(tmp_path) as db:
        values = [[str(i) for i in range(4)], [json.dumps(talk) for talk in talks]]
        listed = "unnest(?::VARCHAR[]) AS row_id, unnest(?::VARCHAR[]) AS messages"
        db.copy(f"SELECT {listed}, 'h' AS template_hash, '' AS expected", file, values)
        db.copy(f"FROM {literal(str(file))} WHERE row_id < '3'", tmp_path / "three.parquet")
        db.copy(f"FROM {literal(str(file))} WHERE row_id < '2'", tmp_path / "two.parquet")
    whole, three, two = (Part("train", tmp_path / f"{name}.parquet", {"h": "one"}) for name in ("rows", "three", "two"))
    for layout, rows in (("llamafactory", "3 of 4"), ("hf", "2 of 4"), ("trl", "2 of 4"), ("axolotl", "1 of 4")):
        with pytest.raises(DiagnosticError) as caught:
            write_rows(Names("x", "x"), [whole], LAYOUTS[layout], tmp_path / layout)
        finding = caught.value.diagnostics[0]
        assert finding.code == "SFT0924" and rows in finding.message
        assert finding.help is not None and finding.help.endswith("with `--as jsonl`, which takes all of these rows")
    for layout, part, count in (("jsonl", whole, 4), ("axolotl", three, 3), ("trl", two, 2)):
        (tmp_path / layout).mkdir()
        write_rows(Names("x", "x"), [part], LAYOUTS[layout], tmp_path / layout)
        found = lines(tmp_path / layout / "train.jsonl")
        assert [row["messages"] for row in found] == [[t for t in talk if t != tools] for talk in talks[:count]]
    assert [row["tools"] for row in lines(tmp_path / "jsonl/train.jsonl")] == [None, None, None, tools["content"]]
    assert yaml.safe_load((tmp_path / "trl/trl.yaml").read_text())["assistant_only_loss"] is True
    axolotl = yaml.safe_load((tmp_path / "axolotl/axolotl.yaml").read_text())
    assert axolotl["datasets"][0]["message_field_training"] == "loss"


TALKS = [
    [{"role": "user", "content": "q1"}, {"role": "assistant", "content": "a1"}],
    [
        {"role": "user", "content": "q2"},
        {"role": "assistant", "content": "", "tool_calls": [{"id": "1", "function": {"name": "f", "arguments": "{}"}}]},
        {"role": "tool", "content": "r", "tool_call_id": "1"},
        {"role": "assistant", "content": "a2"},
    ],
    [{"role": "user", "content": "q3"}, {"role": "assistant", "content": "a3", "weight": 0},
     {"role": "user", "content": "more"}, {"role": "assistant", "content": "a3"}],
]  # fmt: skip


def test_a_refusal_names_a_row_the_rule_that_drops_it_and_the_layouts_that_take_it(tmp_path: Path) -> None:
    spec = """edition 2026
source talk { path = "talk.jsonl"   licence = "CC0-1.0"   origin = human }
source told { path = "told.jsonl"   licence = "CC0-1.0"   origin = human }
source sums { path = "sums.jsonl"   licence = "CC0-1.0"   origin = human }
filter fits { RULE }
template shown { user = "{q}"   assistant = "{a}"   few_shot { count = 1   rows = shots } }
template plain { user = "{q}"   assistant = "{a}" }
task whole { from = talk   FILTERS }
task tools { from = told   FILTERS }
task shots { from = sums   templates = [plain] }
task few   { from = sums   templates = [shown] }
"""
    told = {"tools": [{"type": "function", "function": {"name": "f"}}], "messages": TALKS[0]}
    rows = {
        "talk": [{"messages": talk} for talk in TALKS],
        "told": [told, {"messages": TALKS[0]}],
        "sums": [{"q": f"{n} + {n}", "a": f"{2 * n}"} for n in range(4)],
    }
    for name, lines_of in rows.items():
        (tmp_path / f"{name}.jsonl").write_text("".join(json.dumps(row) + "\n" for row in lines_of), encoding="utf-8")

    def write(rules: str) -> None:
        text = spec.replace("RULE", rules or "keep turns > 0").replace("FILTERS", "filters = [fits]" if rules else "")
        (tmp_path / "triage.sft").write_text(text, encoding="utf-8")

    write("")
    calls = refused(tmp_path, "whole", tmp_path / "no", layout="axolotl")[1]
    found = re.search(r"such as row `([0-9a-f]{12})`", calls)
    run(tmp_path, "whole", tmp_path / "jsonl")
    assert found and lines(tmp_path / "jsonl/train.jsonl")[1]["row_id"].startswith(found[1])
    rules = []
    for name, layout, others in (
        ("whole", "axolotl", "`--as jsonl`,"),
        ("tools", "hf", "`--as jsonl` or `--as trl` or `--as axolotl`,"),
    ):
        said = refused(tmp_path, name, tmp_path / "no", layout=layout)[1]
        rule = re.search(r"`(drop .*?)`", said)
        assert rule and others in said
        rules.append(rule[1])
    few = refused(tmp_path, "few", tmp_path / "no", layout="trl")[1]
    assert "examples of `few_shot` are answers that are not learned" in few and "`--as jsonl` or `--as axolotl`" in few
    run(tmp_path, "few", tmp_path / "few", layout="axolotl")
    write(" ".join(rules))
    assert run(tmp_path, "whole", tmp_path / "whole", layout="axolotl").rows == {"train.jsonl": 2}
    assert run(tmp_path, "tools", tmp_path / "tools", layout="hf").rows == {"data/train-00000-of-00001.parquet": 1}
    marked = re.search(r"`(drop [^`]*loss[^`]*)`", refused(tmp_path, "whole", tmp_path / "no", layout="trl")[1])
    assert marked
    write(" ".join([*rules, marked[1]]))
    assert run(tmp_path, "whole", tmp_path / "marked", layout="trl").rows == {"train.jsonl": 1}


def test_the_name_of_a_folder_is_no_command_and_no_line_of_a_configuration(folder: Path, tmp_path: Path) -> None:
    name = "a $(touch x)'\n\U0001f600: b"
    run(folder, "chat", tmp_path / name, layout="trl")
    text = (tmp_path / name / "trl.yaml").read_text(encoding="utf-8")
    assert yaml.safe_load(text)["dataset_name"] == name
    words = shlex.split(text.splitlines()[1])
    assert words[:4] == ["#", "trl", "sft", "--config"] and words[4].endswith("/trl.yaml") and words[6] == "MODEL"


def test_the_only_spec_of_a_folder_is_meant(folder: Path, tmp_path: Path) -> None:
    assert only_spec(folder) == folder / "triage.sft"
    with pytest.raises(DiagnosticError) as caught:
        only_spec(tmp_path)
    assert caught.value.diagnostics[0].code == "SFT0925"


@pytest.mark.parametrize("layout", list(LAYOUTS))
def test_datasets_loads_every_layout(folder: Path, exported: Path, tmp_path: Path, layout: str) -> None:
    datasets = pytest.importorskip("datasets", reason="needs datasets: make test-export")
    loaded = datasets.load_dataset(str(exported / layout), cache_dir=str(tmp_path / "cache"))
    for part in ("train", "validation", "test"):
        truth = artifact(folder, f"render:triage.{part}")
        found = [
            (r["row_id"], r["prompt"] + r["completion"] if layout == "trl" else r["messages"]) for r in loaded[part]
        ]
        assert found == truth


def test_trl_trains_on_the_answers_of_its_layout(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    trl = pytest.importorskip("trl", reason="needs TRL: make test-export")
    from datasets import load_dataset

    from tests.tiny_model import build_tiny_model

    run(folder, "triage", tmp_path / "rows", layout="trl")
    monkeypatch.chdir(tmp_path)
    parser = trl.TrlParser((trl.ScriptArguments, trl.SFTConfig))
    words = ["--config", "rows/trl.yaml", "--output_dir", str(tmp_path / "to"), "--use_cpu", "true", "--bf16", "false"]
    script, config = parser.parse_args_and_config([*words, "--max_length", "512", "--report_to", "none"])
    rows = load_dataset(script.dataset_name, cache_dir=str(tmp_path / "cache"))
    model = str(build_tiny_model(tmp_path / "tiny"))
    trainer = trl.SFTTrainer(model=model, args=config, train_dataset=rows[script.dataset_train_split])
    batch = next(iter(trainer.get_train_dataloader()))
    for ids, labels in zip(batch["input_ids"].tolist(), batch["labels"].tolist(), strict=True):
        learned = [token for token, label in zip(ids, labels, strict=True) if label != -100]
        assert trainer.processing_class.decode(learned).startswith("answer ")
