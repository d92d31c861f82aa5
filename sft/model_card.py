"""The card of an exported model: what it was made from, on which rows, with which options, and what was measured."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from compiler.plan import Plan, Step
from compiler.step_params import MeasureParams
from runtime.exporting.provenance import Provenance
from runtime.exporting.trained import SavedModel
from runtime.exporting.yaml_text import yaml_text
from runtime.store import Store
from sft.data_card import sources_table, steps_table
from sft.licences import licence_notes
from sft.plain_tables import markdown_table, markdown_text
from sft.written_card import written_section
from tui.formats import interval, number

_OF_THE_CLOCK = ("tokens_per_second",)


@dataclass(frozen=True)
class Figure:
    """An aggregate of an eval: ``template`` None is the mean over its templates."""

    eval: str
    metric: str
    template: str | None
    estimate: float | None
    low: float | None
    high: float | None
    n: int
    unit: str


@dataclass(frozen=True)
class ModelFacts:
    name: str
    spec: str
    version: str
    step: Step
    saved: SavedModel
    behind: Provenance
    figures: Sequence[Figure]


def measured(store: Store, plan: Plan, step: Step) -> list[Figure]:
    """What the evals of the plan measured of a trained model, as far as they have run."""
    hashes = {item.hash: item.name for item in plan.steps if isinstance(item.params, MeasureParams)}
    rows = store.query(
        "SELECT step_hash, metric, template, estimate, low, high, n, unit FROM metrics "
        "WHERE step_hash IN (SELECT unnest(?::VARCHAR[])) AND model = ? AND slice = '*' ORDER BY ALL",
        [list(hashes), step.name],
    )
    return [Figure(hashes[row[0]], row[1], None if row[2] == "*" else row[2], *row[3:]) for row in rows]


def model_card(facts: ModelFacts) -> str:
    """The text of ``README.md``."""
    sections = (_head(facts), _use(facts), _training(facts), _results(facts), _data(facts))
    return _front_matter(facts) + "\n".join(section for section in sections if section)


def _front_matter(facts: ModelFacts) -> str:
    lines = ["---", f"library_name: {'peft' if facts.saved.is_adapter else 'transformers'}"]
    if facts.saved.base:
        lines.append(f"base_model: {yaml_text(facts.saved.base)}")
    return "\n".join([*lines, "pipeline_tag: text-generation", 'tags: ["sft"]', "---", "", ""])


def _head(facts: ModelFacts) -> str:
    what = "A LoRA adapter" if facts.saved.is_adapter else "A model, in float32,"
    base = markdown_text(str(facts.step.local["weights"]))
    notes = "".join(f"\n> {markdown_text(note)}\n" for note in licence_notes(facts.behind.sources))
    return f"# {markdown_text(facts.name)}\n\n{what} trained from {base} by {markdown_text(facts.spec)}.\n{notes}"


def _use(facts: ModelFacts) -> str:
    if facts.saved.is_adapter:
        base = json.dumps(facts.saved.base or "the base model")
        if facts.saved.revision:
            base += f", revision={json.dumps(facts.saved.revision)}"
        code = (
            "from peft import PeftModel\nfrom transformers import AutoModelForCausalLM, AutoTokenizer\n\n"
            f"base = AutoModelForCausalLM.from_pretrained({base})\n"
            'model = PeftModel.from_pretrained(base, "this folder")\n'
        )
    else:
        code = (
            "from transformers import AutoModelForCausalLM, AutoTokenizer\n\n"
            'model = AutoModelForCausalLM.from_pretrained("this folder")\n'
        )
    hashes = "".join(f"- {name}: `{value}`\n" for name, value in sorted(facts.step.content.items()))
    code += 'tokenizer = AutoTokenizer.from_pretrained("this folder")\n'
    return f"## Use\n\n```python\n{code}```\n\nHashes of what was trained:\n\n{hashes}"


def _training(facts: ModelFacts) -> str:
    params: Mapping[str, Any] = facts.step.params.model_dump(mode="json", exclude={"kind"})
    summary = next(fact.result.summary for fact in facts.behind.steps if fact.step.id == facts.step.id)
    options = [(name, _value(value)) for name, value in params.items()]
    came = [(name.replace("_", " "), _value(value)) for name, value in summary.items() if name not in _OF_THE_CLOCK]
    tables = (markdown_table("", (what, "value"), rows) for what, rows in (("option", options), ("figure", came)))
    return "## Training\n\n" + "\n".join(tables)


def _value(value: Any) -> str:
    if isinstance(value, Mapping):
        return ", ".join(f"{name} {_value(inner)}" for name, inner in value.items() if name != "kind")
    if isinstance(value, list):
        return ", ".join(str(item) for item in value) or "all linear layers"
    return "none" if value is None else f"{value:.6g}" if isinstance(value, float) else str(value)


def _results(facts: ModelFacts) -> str:
    rows = [
        (
            *(one.eval, one.metric, one.template or "all"),
            *(number(one.estimate, one.unit), interval(one.low, one.high, one.unit), f"{one.n:,}"),
        )
        for one in facts.figures
    ]
    columns = ("eval", "metric", "template", "estimate", "interval", "n")
    return "## Results\n\n" + markdown_table("", columns, rows, 3, 5) if rows else ""


def _data(facts: ModelFacts) -> str:
    version = f"sft {facts.version}, step `{facts.step.hash}`.\n"
    tables = (sources_table(facts.behind), written_section(facts.behind, "###"), steps_table(facts.behind), version)
    return "## Data\n\n" + "\n".join(text for text in tables if text)
