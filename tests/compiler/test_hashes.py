"""What changes a step's hash, and what must not: every edit reaches exactly the steps that it can change."""

from __future__ import annotations

import os
import random
import re
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from compiler.compile import compile_spec
from compiler.plan import Plan
from compiler.world import SourceFacts
from spec_lang import ast
from spec_lang.diagnostics import Diagnostics
from spec_lang.parsing import parse
from spec_lang.printer import print_spec
from spec_lang.source import SourceFile
from tests.compiler.fake_world import FakeWorld
from tests.compiler.quickstart import QUICKSTART, changed

ROOT = Path(__file__).parents[2]


def plan_of(text: str, world: FakeWorld | None = None, path: str = "triage.sft") -> Plan:
    diagnostics = Diagnostics()
    plan = compile_spec(SourceFile(path, text), world or FakeWorld(), diagnostics)
    assert plan is not None, [item.message for item in diagnostics]
    return plan


def hashes(plan: Plan) -> dict[str, str]:
    return {step.id: step.hash for step in plan}


BEFORE = hashes(plan_of(QUICKSTART))


def reached(text: str, world: FakeWorld | None = None) -> set[str]:
    """Kinds of steps whose hash is not the quickstart's; steps are compared by id."""
    after = hashes(plan_of(text, world))
    assert after.keys() == BEFORE.keys()
    return {step_id.partition(":")[0] for step_id in BEFORE if after[step_id] != BEFORE[step_id]}


@pytest.mark.parametrize(
    "text",
    [
        changed("# loss on the assistant's tokens only", "# something else"),
        changed("  epochs        = 1\n", ""),  # the default, written or not
        changed("alpha = 32", ""),
        changed('because "too short or too long to be a ticket"', 'because "no"'),
        changed('"CC0-1.0"', '"CC-BY-4.0"'),
        changed("origin  = human", "origin  = mixed"),
        changed("learning_rate = 1e-3", "learning_rate = 0.0010"),
        changed("1e-3", "1_0e-4"),
        changed("70%   validation = 10%   test = 20%", "70.0%   test = 20%   validation = 10%"),
        changed("instruction = message   output = label", "output = label   instruction = message   id = id"),
        QUICKSTART.replace("plain", "formal"),
    ],
    ids=range(11),
)  # fmt: skip
def test_what_carries_no_meaning_changes_no_data_or_model_step(text: str) -> None:
    after = {step.hash for step in plan_of(text) if step.kind not in ("measure", "gate")}
    assert after == {value for step_id, value in BEFORE.items() if not step_id.startswith(("measure", "gate"))}


def test_names_of_sources_and_filters_are_not_hashed() -> None:
    renamed = QUICKSTART.replace("tickets", "mails").replace("mails.jsonl", "tickets.jsonl").replace("clean", "tidy")
    assert set(hashes(plan_of(renamed)).values()) == set(BEFORE.values())


ALL_DATA = {"filter", "split", "decontaminate", "render", "train", "predict", "measure", "gate"}


@pytest.mark.parametrize(
    ("old", "new", "kinds"),
    [
        (">= 80%", ">= 81%", {"gate"}),
        ("at 95%\n  require format.exact(tuned) no", "at 99%\n  require format.exact(tuned) no", {"gate"}),
        ("exact_match()", "exact_match(normalise = json)", {"measure", "gate"}),
        ('json_field(output, "category")', 'json_field(output, "urgent")', {"measure", "gate"}),
        ("max_new_tokens = 48", "max_new_tokens = 49", {"predict", "measure", "gate"}),
        ("learning_rate = 1e-3", "learning_rate = 2e-3", {"train", "predict", "measure", "gate"}),
        ("A customer writes", "A client writes", {"render", "predict", "measure", "gate"}),
        ("3..80", "3..90", ALL_DATA),
        ("test = 20%", "test = 20%   seed = 1", ALL_DATA - {"filter"}),
        ("output = label", "output = label   urgency = urgent", ALL_DATA | {"ingest"}),
    ],
)
def test_an_edit_reaches_what_it_can_change(old: str, new: str, kinds: set[str]) -> None:
    assert reached(changed(old, new)) == kinds


def test_a_changed_file_reaches_everything_but_its_path_nothing() -> None:
    world = FakeWorld()
    facts: SourceFacts = world.sources["tickets.jsonl"]
    world.sources["tickets.jsonl"] = replace(facts, files=(("tickets.jsonl", "0" * 32),))
    assert reached(QUICKSTART, world) == ALL_DATA | {"ingest"}
    world.sources["moved.jsonl"] = facts
    assert reached(changed('"tickets.jsonl"', '"moved.jsonl"'), world) == set()


def test_the_chat_template_enters_train_and_predict() -> None:
    assert reached(QUICKSTART, FakeWorld(chat_template="other")) == {"train", "predict", "measure", "gate"}


def test_a_validation_part_that_is_trained_on_later_is_another_train() -> None:
    plan = plan_of(QUICKSTART + "\ntrain more {\n  model = tuned\n  data = triage.train\n  overflow = drop\n}\n")
    assert plan.step("train:more").inputs["base"] == "train:tuned"
    assert {step_id: BEFORE[step_id] for step_id in BEFORE} == {k: v for k, v in hashes(plan).items() if k in BEFORE}


# --- laws ---------------------------------------------------------------------------------------------


def shuffled(spec: ast.SpecFile, rng: random.Random) -> ast.SpecFile:
    """Blocks in another order, fields and nested blocks in another order; rules keep theirs."""

    def entries(body: ast.Body) -> ast.Body:
        free = [e for e in body.entries if isinstance(e, ast.Field | ast.Block)]
        ruled = [e for e in body.entries if not isinstance(e, ast.Field | ast.Block)]
        moved = [replace(e, body=entries(e.body)) if isinstance(e, ast.Block) else e for e in free]
        rng.shuffle(moved)
        return replace(body, entries=(*moved, *ruled))

    blocks = [replace(block, body=entries(block.body)) for block in spec.blocks]
    rng.shuffle(blocks)
    return replace(spec, blocks=tuple(blocks))


@settings(max_examples=25)
@given(st.integers(0, 2**32))
def test_order_and_layout_mean_nothing(seed: int) -> None:
    rng = random.Random(seed)
    spec = parse(SourceFile("triage.sft", QUICKSTART), Diagnostics()).spec
    text = print_spec(shuffled(spec, rng))
    words = re.sub(r"\n", lambda _: rng.choice(["\n", "\n\n", "  # note\n"]), text)
    assert hashes(plan_of(words)) == BEFORE


def test_plans_are_the_same_bytes_under_any_hash_seed_and_path() -> None:
    code = (
        "from tests.compiler.test_hashes import plan_of, QUICKSTART\n"
        "import sys; sys.stdout.write(plan_of(QUICKSTART, path='a/b/triage.sft').to_json())"
    )
    for seed in ("0", "1"):
        env = os.environ | {"PYTHONHASHSEED": seed, "PYTHONPATH": str(ROOT)}
        done = subprocess.run(
            [sys.executable, "-c", code], env=env, cwd=ROOT, capture_output=True, text=True, check=True
        )
        assert done.stdout == plan_of(QUICKSTART).to_json()


def test_a_plan_survives_its_file() -> None:
    plan = plan_of(QUICKSTART)
    again = Plan.from_json(plan.to_json())
    assert again == plan
    assert again.to_json() == plan.to_json()
    position = {step.id: index for index, step in enumerate(plan)}
    assert all(position[source] < position[step.id] for step in plan for source in step.inputs.values())


MIXED = """edition 2026
source tickets {
  path = "tickets.jsonl"   licence = "CC0-1.0"   origin = human   columns { instruction = message   output = label }
}
source sums { path = "sums.jsonl"   licence = "CC0-1.0"   origin = human }
template plain { user = "{instruction}"   assistant = "{output}" }
template terse { user = "Q: {instruction}"   assistant = "{output}" }
task one { from = tickets   templates = [plain] }
task two { from = sums   templates = [plain] }
task three { from = sums   templates = [terse] }
mixture inner { use three   use two cap 300 }
mixture all { use one   use two cap 100   use inner weight 30% }
"""


def test_names_and_order_of_uses_are_not_in_the_hash_of_a_mixture() -> None:
    mixed = hashes(plan_of(MIXED))["mix:all"]
    renamed = re.sub(r"\bone\b", "zebra", re.sub(r"\btwo\b", "aardvark", MIXED).replace("inner", "b"))
    assert hashes(plan_of(renamed))["mix:all"] == mixed
    turned = MIXED.replace("use three   use two cap 300", "use two cap 300   use three").replace(
        "use one   use two cap 100   use inner weight 30%", "use inner weight 30%   use two cap 100   use one"
    )
    assert turned != MIXED and hashes(plan_of(turned))["mix:all"] == mixed
    for old, new in (("cap 100", "cap 101"), ("weight 30%", "weight 31%"), ("cap 300", "cap 301"), ("Q: ", "A: ")):
        assert hashes(plan_of(MIXED.replace(old, new)))["mix:all"] != mixed


def test_the_order_of_scores_means_nothing() -> None:
    fields = ["hard = perplexity(model = smol)", "easy = perplexity(model = other)"]
    text = QUICKSTART.replace("  templates = [plain]\n  split", "  scores = [quality]\n  templates = [plain]\n  split")
    text += 'model other { weights = "./other" }\n'
    assert "scores = [quality]" in text
    plans = [plan_of(f"{text}score quality {{ {'   '.join(order)} }}\n") for order in (fields, fields[::-1])]
    assert hashes(plans[0]) == hashes(plans[1])
