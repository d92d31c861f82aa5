"""What an answer took: tokens, seconds, whether the model came to an end; and whether it repeats itself.

None where the run did not record it, as for answers that were made elsewhere.
"""

from __future__ import annotations

from runtime.metrics.answer import Answer


def output_tokens(answer: Answer) -> float | None:
    """Number of tokens that the model wrote, in its own tokenizer."""
    return None if answer.output_tokens is None else float(answer.output_tokens)


def prompt_tokens(answer: Answer) -> float | None:
    """Number of tokens that were put to the model."""
    return None if answer.prompt_tokens is None else float(answer.prompt_tokens)


def latency(answer: Answer) -> float | None:
    """Seconds that the answer took: its share of the time of the batches that it was in."""
    return answer.seconds


def stopped(answer: Answer) -> float | None:
    """1 when the model ended its turn, 0 when it was cut off."""
    return None if answer.stop_reason is None else float(answer.stop_reason in ("end_of_turn", "refusal"))


def repetition(answer: Answer, *, n: int = 4) -> float | None:
    """Share of the runs of ``n`` words that stood in the output before, 0 to 1 (Welleck et al. 2020, arXiv 1908.04319,
    "rep-n"). None for an output of fewer than ``n`` words."""
    words = answer.output.split()
    runs = list(zip(*(words[start:] for start in range(n)), strict=False))
    return 1 - len(set(runs)) / len(runs) if runs else None
