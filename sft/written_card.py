"""What a card says of rows that a model wrote: by which model, from which rows, how, and how many passed."""

from __future__ import annotations

from compiler.plan import Step
from compiler.step_params import GenerateParams, Sample
from runtime.exporting.provenance import Provenance
from sft.plain_tables import markdown_table, markdown_text

_COLUMNS = ("step", "model", "weights or served name", "method", "written from", "decoding", "candidates", "accepted")


def written_section(behind: Provenance, heading: str = "##") -> str:
    """A section with a line a generate step; nothing where no model wrote a row."""
    rows = [
        (*_told(fact.step, fact.step.params), f"{fact.result.rows_in:,}", f"{fact.result.rows_out:,}")
        for fact in behind.steps
        if isinstance(fact.step.params, GenerateParams)
    ]
    if not rows:
        return ""
    note = (
        "Rows of these steps were written by a model, and so is what the rows are made of that come from them. The "
        "licences of the sources say nothing of a model's output, whose terms may be its own."
    )
    return f"{heading} Written by a model\n\n{markdown_text(note)}\n\n{markdown_table('', _COLUMNS, rows, 6, 7)}"


def _told(step: Step, params: GenerateParams) -> tuple[str, ...]:
    labels = step.local.get("labels", {})
    served = step.local.get("served")
    where = str(step.local.get("weights") or (served or {}).get("name") or "a server")
    method = params.method.method.replace("_", " ")
    return step.id, str(labels.get("model", "")), where, method, str(labels.get("from", "")), _decoding(params)


def _decoding(params: GenerateParams) -> str:
    decode = params.decode
    if not isinstance(decode, Sample):
        return f"greedy, {decode.max_new_tokens:,} tokens"
    top_k = f", top_k {decode.top_k}" if decode.top_k is not None else ""
    drawn = f"temperature {decode.temperature}, top_p {decode.top_p}{top_k}, seed {decode.seed}"
    return f"{drawn}, {decode.max_new_tokens:,} tokens"
