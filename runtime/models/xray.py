"""An X-ray of a spec's models for ``sft doctor``: what the chat template does, shown on an example.

Loads each model's tokenizer (3 s with the import of transformers), never its weights.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

from compiler.plan import Plan, StepKind
from runtime.models.folders import model_folder
from runtime.models.loading import load_tokenizer
from runtime.training.masks import MaskProof, prove
from spec_lang.diagnostics import DiagnosticError


def xray_models(plan: Plan, spec_dir: Path) -> Iterator[tuple[str, dict[str, str], bool]]:
    """``(weights, facts to show, whether something is wrong)`` for each model that the plan trains or asks."""
    seen: set[tuple[str, str | None]] = set()
    for step in plan.steps:
        if step.kind not in (StepKind.TRAIN, StepKind.PREDICT):
            continue
        weights, template = step.local["weights"], step.local.get("chat_template")
        if (weights, template) in seen:
            continue
        seen.add((weights, template))
        facts = {name: step.content[name] for name in ("weights", "tokenizer", "chat_template") if name in step.content}
        facts = {f"hash of {name.replace('_', ' ')}": value for name, value in facts.items()}
        try:
            folder = model_folder(weights, spec_dir, lambda line: print(line, file=sys.stderr))
            proof = prove(load_tokenizer(folder, template, spec_dir))
        except DiagnosticError as error:
            finding = error.diagnostics[0]
            yield weights, {**facts, "loss mask": f"NOT proven: {finding.message} ({finding.code})"}, True
        else:
            yield weights, {**facts, **_shown(proof)}, False


def _shown(proof: MaskProof) -> dict[str, str]:
    pad = "none" if proof.pad is None else f"`{proof.pad}`"
    if proof.pad_is_end_of_turn:
        pad += ", the same token as end-of-turn: end-of-turn is trained all the same, the mask goes by place"
    return {
        "end of turn": f"`{proof.end_of_turn}` (token {proof.end_of_turn_id}), supervised",
        "pad": pad,
        "system message": "accepted" if proof.has_system_role else "the template refuses a system message",
        "default system message": proof.default_system or "none is inserted",
        "white space": "the template strips text at the edges of a turn" if proof.strips_content else "kept",
        "turns": "several" if proof.multi_turn else "one exchange only",
        "loss mask": "proven; supervised text stands between ⟦ and ⟧",
        "example": marked(proof.example, proof.spans),
    }


def marked(text: str, spans: tuple[tuple[int, int], ...]) -> str:
    """The rendered probe with its supervised characters in ⟦ ⟧."""
    pieces, last = [], 0
    for start, end in spans:
        pieces += [text[last:start], "⟦", text[start:end], "⟧"]
        last = end
    return "".join([*pieces, text[last:]])
