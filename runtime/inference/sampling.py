"""Choosing the next token: the most likely one, or one drawn from the item's own random stream.

An item's stream is fixed by the decode seed, its row id and which of its answers it is for, one number a token, so an
item gets the same draws whatever it is batched with and whether or not a run was interrupted. A draw inverts the
cumulative distribution (temperature first, then top_k, then top_p, as transformers orders them). Greedy
costs one argmax; top_p alone sorts only the likeliest 1,024 tokens unless they hold too little.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch

from compiler.step_params import Decode, Greedy, Sample

_HEAD = 1024  # candidates looked at before a full sort
_BLOCK = 256  # tokens whose largest logit is found before the likeliest token itself


def draws_of(seed: int, row_id: str, count: int, sample: int = 0) -> tuple[float, ...]:
    """The random numbers in [0, 1) of one answer to an item, one a token. Philox, keyed by SHA-256 of seed, row id and,
    after the first, the number of the answer: asking more often leaves the answers that are there as they are."""
    key_text = f"{seed}\n{row_id}" if sample == 0 else f"{seed}\n{row_id}\n{sample}"
    digest = hashlib.sha256(key_text.encode("utf-8", "surrogatepass")).digest()
    key = np.frombuffer(digest[:16], dtype="<u8")
    return tuple(np.random.Generator(np.random.Philox(key=key)).random(count).tolist())


@dataclass(frozen=True, slots=True)
class Chooser:
    """The decode settings as numbers. ``temperature`` 0 means greedy."""

    max_new_tokens: int
    temperature: float = 0.0
    top_p: float = 1.0
    top_k: int | None = None
    seed: int = 0

    @classmethod
    def of(cls, decode: Decode) -> Chooser:
        if isinstance(decode, Greedy):
            return cls(decode.max_new_tokens)
        return cls._of_sample(decode)

    @classmethod
    def _of_sample(cls, decode: Sample) -> Chooser:
        return cls(decode.max_new_tokens, float(decode.temperature), float(decode.top_p), decode.top_k, decode.seed)

    def draws(self, row_id: str, sample: int = 0) -> tuple[float, ...]:
        """The random numbers that an answer to an item will use; none when nothing is drawn."""
        return draws_of(self.seed, row_id, self.max_new_tokens, sample) if self.temperature > 0 else ()

    def choose(self, logits: torch.Tensor, draws: Sequence[float]) -> list[int]:
        """One token a row of ``logits`` (float32 [rows, vocabulary]); ``draws`` is one number a row, none if greedy."""
        if self.temperature <= 0:
            return likeliest_tokens(logits)
        points = torch.tensor(draws, dtype=torch.float64)
        return _drawn(logits / self.temperature, self.top_p, self.top_k, points.to(logits.device))


def likeliest_tokens(logits: torch.Tensor) -> list[int]:
    """The argmax of each row, the first of equals. The decoder's logits are stored by columns (see ``llama_forward``).

    Along columns, argmax reads with a stride: 26 ms for 64 rows of 49,152, as long as a layer and a half. The
    largest of each block of tokens is read in order, then only the block that holds it: 0.6 ms.
    """
    count, vocabulary = logits.shape
    if logits.stride(1) == 1 or count == 1:
        found: list[int] = logits.argmax(-1).tolist()
        return found
    tops = torch.stack([block.amax(1) for block in logits.split(_BLOCK, dim=1)])
    first = tops.t().argmax(-1, keepdim=True) * _BLOCK
    places = first + torch.arange(_BLOCK, device=logits.device)
    inside = logits.gather(1, places.clamp_max(vocabulary - 1)).argmax(-1, keepdim=True)
    found = (first + inside)[:, 0].tolist()
    return found


def _drawn(scaled: torch.Tensor, top_p: float, top_k: int | None, points: torch.Tensor) -> list[int]:
    """Draw from the softmax of ``scaled``, cut to the ``top_k`` likeliest and the smallest set of mass ``top_p``."""
    vocabulary = scaled.shape[-1]
    limit = min(top_k or vocabulary, vocabulary)
    if limit == vocabulary and top_p >= 1:
        return _inverted(torch.softmax(scaled.double(), -1), points).tolist()
    if limit == vocabulary:
        mass = torch.softmax(scaled.double(), -1)
        likeliest, tokens = mass.topk(min(_HEAD, vocabulary))
        if bool((likeliest.sum(-1) < top_p).any()):
            likeliest, tokens = torch.sort(mass, dim=-1, descending=True, stable=True)
    else:
        values, tokens = scaled.topk(limit)
        likeliest = torch.softmax(values.double(), -1)
    if top_p < 1:  # a token stays while what comes before it holds less than top_p; the first always stays
        before = likeliest.cumsum(-1) - likeliest
        likeliest = likeliest.masked_fill(before >= top_p, 0.0)
    place = _inverted(likeliest, points)
    return tokens.gather(-1, place[:, None])[:, 0].tolist()


def _inverted(mass: torch.Tensor, points: torch.Tensor) -> torch.Tensor:
    """The first place of each row at which the cumulative mass exceeds ``point`` times the row's total."""
    cumulative = mass.cumsum(-1)
    target = points[:, None] * cumulative[:, -1:]
    place = torch.searchsorted(cumulative, target, right=True)[:, 0]
    # A point just below 1 may round up to the total: the last token with any mass takes it.
    last = mass.shape[-1] - 1 - (mass > 0).flip(-1).to(torch.uint8).argmax(-1)
    return torch.minimum(place, last)
