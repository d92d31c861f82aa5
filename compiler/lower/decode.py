"""``greedy { … }`` and ``sample { … }`` as parameters of the steps that ask a model."""

from __future__ import annotations

from compiler.schema.eval import GreedyBody, SampleBody
from compiler.step_params import Greedy, Sample


def decode_of(body: GreedyBody | SampleBody) -> Greedy | Sample:
    """What a body says, its defaults included."""
    if isinstance(body, GreedyBody):
        return Greedy(max_new_tokens=body.max_new_tokens.value)
    return Sample(
        max_new_tokens=body.max_new_tokens.value,
        temperature=body.temperature.value,
        top_p=body.top_p.value,
        top_k=body.top_k.value,
        seed=body.seed.value,
    )
