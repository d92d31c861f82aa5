"""Whether two sides of ``benchmarks/eval.py`` agree, item by item, and where not, why.

Two ways to add the same numbers differ in their last digits, so two greedy decodings part where the two likeliest
tokens are closer than that. For an item that differs this shows the first token that does, and how far apart the
logits of the two tokens are in the model's own forward pass.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

WITHIN = 1e-4  # nats of a log-likelihood
SAME_TEXT = 0.98


def choices(items: Sequence[dict[str, Any]], ours: Sequence[Any], theirs: Sequence[Any]) -> list[str]:
    """Lines on the agreement of a choice by log-likelihood."""
    apart = max(
        abs(mine[0] - other[0])
        for one, two in zip(ours, theirs, strict=True)
        for mine, other in zip(one, two, strict=True)
    )
    greedy = sum(
        mine[1] == other[1] for one, two in zip(ours, theirs, strict=True) for mine, other in zip(one, two, strict=True)
    )
    options = sum(len(item["options"]) for item in items)
    lines = [
        f"largest difference of {options} log-likelihoods: {apart:.1e} nats ({_met(apart <= WITHIN)} {WITHIN:.0e})"
    ]
    lines.append(f"the same option is the greedy continuation: {greedy} of {options}")
    for name, lengths in (("acc", None), ("acc_norm", "characters")):
        picked = [
            [_best(item, side, lengths) for item, side in zip(items, answers, strict=True)]
            for answers in (ours, theirs)
        ]
        same = sum(one == other for one, other in zip(*picked, strict=True))
        rights = [sum(at == item["right"] for at, item in zip(side, items, strict=True)) for side in picked]
        lines.append(
            f"{name}: the same choice in {same} of {len(items)} items; {rights[0] / len(items):.4f} here, "
            f"{rights[1] / len(items):.4f} there"
        )
        for number, (one, other) in enumerate(zip(*picked, strict=True)):
            if one != other:
                gap = abs(theirs[number][one][0] - theirs[number][other][0])
                lines.append(f"  item {number}: option {one} here, {other} there; they are {gap:.1e} nats apart")
    return lines


def _best(item: dict[str, Any], scores: Sequence[Any], lengths: str | None) -> int:
    values = [score[0] / (len(option) if lengths else 1) for score, option in zip(scores, item["options"], strict=True)]
    return values.index(max(values))


def texts(folder: str, items: Sequence[dict[str, Any]], ours: Sequence[str], theirs: Sequence[str]) -> list[str]:
    """Lines on the agreement of greedy outputs."""
    pairs = [(one.strip(), other.strip()) for one, other in zip(ours, theirs, strict=True)]
    differing = [number for number, (one, other) in enumerate(pairs) if one != other]
    share = 1 - len(differing) / len(pairs)
    lines = [f"the same text in {share:.1%} of {len(pairs)} outputs ({_met(share >= SAME_TEXT)} {SAME_TEXT:.0%})"]
    if differing:
        lines += _explained(folder, [(number, items[number]["text"], *pairs[number]) for number in differing])
    return lines


def _explained(folder: str, differing: Sequence[tuple[int, str, str, str]]) -> list[str]:
    import torch

    from runtime.models.loading import load_model, load_tokenizer

    tokenizer = load_tokenizer(Path(folder))
    model = load_model(Path(folder), torch.float32, torch.device("cpu"))
    lines = []
    for number, prompt, one, other in differing:
        ids, mine, their = (tokenizer(text, add_special_tokens=False)["input_ids"] for text in (prompt, one, other))
        ends = [tokenizer.eos_token_id]
        at = next((at for at, pair in enumerate(zip(mine, their, strict=False)) if pair[0] != pair[1]), None)
        place = min(len(mine), len(their)) if at is None else at
        first, second = (mine + ends)[place], (their + ends)[place]
        with torch.inference_mode():
            logits = model(torch.tensor([ids + mine[:place]]), logits_to_keep=1).logits[0, -1]
        gap = float((logits[first] - logits[second]).abs())
        shown = " and ".join(repr(tokenizer.decode([token])) for token in (first, second))
        lines.append(f"  item {number}: token {place + 1} is {shown}, {gap:.1e} apart in their logits")
    return lines


def _met(met: bool) -> str:
    return "within" if met else "NOT within"
