"""What models give to tokens that are there already: log-likelihoods of texts, and how far two models are apart.

Llama-like models run texts as a tree (:mod:`runtime.inference.prefix_tree`) through the fast pass, after it was shown
to give what their own modules give on some of these very texts; every other model, and any that fails the proof,
through its own forward pass in padded batches. Either way the vocabulary is looked at only where a token is asked
about, a few hundred places at a time, softmax in float32. Costs: one run of every token that no other text shares, and
one row of logits a place.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import torch

from runtime.inference.decoder_weights import DecoderWeights, decoder_weights, is_llama_like
from runtime.inference.kv_cache import empty_prefix
from runtime.inference.llama_forward import compute_prefix, logits, run_tree
from runtime.inference.prefix_tree import Enter, Leave, Text, Tree, pack

TOKENS_PER_BATCH = {"cpu": 2048, "cuda": 16_384}
PLAIN_ROWS = 16
_PLACES = 256  # rows of logits at a time: 50 MB for a vocabulary of 49,152
_PROOF_TEXTS = 4
# Nats a token. SmolLM2-135M on a CPU: 4e-6 in float32.
TOLERANCE = {torch.float32: 1e-4, torch.bfloat16: 0.1, torch.float16: 0.02}


@dataclass(frozen=True, slots=True)
class Predicted:
    """A batch that was run. Entry ``e`` is token ``targets[e]`` of text ``texts[owners[e]]``, after place
    ``sources[e]`` of ``places``; entries stand in the order of their places. ``logits[m](a, b)`` are those of model
    ``m`` at places ``a`` to ``b``, float32 [b - a, vocabulary]."""

    texts: tuple[int, ...]
    places: int
    sources: torch.Tensor
    targets: torch.Tensor
    owners: torch.Tensor
    logits: tuple[Callable[[int, int], torch.Tensor], ...]


@dataclass(frozen=True, slots=True)
class Likelihood:
    """Of a text: the sum of its tokens' log-probabilities in nats, and whether each is the likeliest token."""

    text: int
    value: float
    greedy: bool
    tokens: int


@dataclass(frozen=True, slots=True)
class Divergence:
    """Of a text: KL(first model, second model) in nats, exact over the vocabulary, summed over its tokens."""

    text: int
    value: float
    tokens: int


@dataclass
class Reader:
    """One model, or two that read the same texts. ``way`` tells how, once texts were run."""

    models: tuple[Any, ...]
    budget: int | None = None
    way: str = field(default="", init=False)
    _weights: tuple[DecoderWeights, ...] | None = field(default=None, init=False)

    def likelihoods(self, texts: Sequence[Text]) -> Iterator[list[Likelihood]]:
        """Of every text, by the first model, a batch at a time and in any order."""
        return (_likelihoods(batch) for batch in self._run(texts))

    def divergences(self, texts: Sequence[Text]) -> Iterator[list[Divergence]]:
        """Of every text, of the first model from the second."""
        return (_divergences(batch) for batch in self._run(texts))

    def _run(self, texts: Sequence[Text]) -> Iterator[Predicted]:
        if not texts:
            return iter(())
        budget = self.budget or TOKENS_PER_BATCH.get(self.models[0].device.type, 2048)
        if not self.way:
            self._choose(texts)
        return run_plainly(self.models, texts) if self._weights is None else run_trees(self._weights, texts, budget)

    def _choose(self, texts: Sequence[Text]) -> None:
        self.way = "the model's own forward pass"
        if all(is_llama_like(model.config) for model in self.models):
            contexts = (getattr(model.config, "max_position_embeddings", None) for model in self.models)
            context = max(*(len(text.ids) for text in texts), *(known or 0 for known in contexts))
            weights = tuple(decoder_weights(model, context) for model in self.models)
            if all(is_proven(model, own, texts) for model, own in zip(self.models, weights, strict=True)):
                self._weights, self.way = weights, "shared prefixes, packed"


def is_proven(model: Any, weights: DecoderWeights, texts: Sequence[Text]) -> bool:
    """Whether the fast pass gives the log-likelihoods of the model's own, alone and among texts that begin alike."""
    chosen = [texts[at] for at in _proof_texts(texts)]
    longest = max(len(text.ids) for text in chosen)
    ours, theirs = (
        {one.text: one.value for batch in run for one in _likelihoods(batch)}
        for run in (run_trees((weights,), chosen, longest + SPARE), run_plainly((model,), chosen))
    )
    apart = [abs(ours[at] - theirs[at]) / (len(text.ids) - text.start) for at, text in enumerate(chosen)]
    return all(one <= TOLERANCE.get(weights.dtype, 1e-4) for one in apart)  # what is no number is not within it


SPARE = 16  # tokens of the proof's batches beyond its longest text, so that two that begin alike stand in one


def _proof_texts(texts: Sequence[Text]) -> list[int]:
    """The longest text and the shortest, each with the one after it in the tree."""
    order = Tree(texts, 1).order
    by_length = sorted(range(len(order)), key=lambda at: len(texts[order[at]].ids))
    wanted = (at + step for at in (by_length[-1], by_length[0]) for step in (0, 1))
    return [order[at] for at in dict.fromkeys(wanted) if at < len(order)][:_PROOF_TEXTS]


# --- the fast pass ----------------------------------------------------------------------------------


def run_trees(models: Sequence[DecoderWeights], texts: Sequence[Text], budget: int) -> Iterator[Predicted]:
    """Every text once, what texts have in common once: all models side by side."""
    held = [[empty_prefix(weights)] for weights in models]
    for step in Tree(texts, budget).walk():
        with torch.inference_mode():
            if isinstance(step, Leave):
                for stack in held:
                    stack.pop()
            elif isinstance(step, Enter):
                for weights, stack in zip(models, held, strict=True):
                    stack.append(compute_prefix(weights, step.ids, stack[-1]))
        if isinstance(step, Enter | Leave):
            continue
        packed = pack([texts[at] for at in step.texts], step.depth, models[0].device)
        with torch.inference_mode():
            hidden = [run_tree(weights, packed, stack[-1]) for weights, stack in zip(models, held, strict=True)]
        rows = tuple(_projected(weights, states) for weights, states in zip(models, hidden, strict=True))
        yield Predicted(step.texts, len(packed.places), packed.sources, packed.targets, packed.owners, rows)


def _projected(weights: DecoderWeights, hidden: torch.Tensor) -> Callable[[int, int], torch.Tensor]:
    return lambda start, end: logits(weights, hidden[start:end])


# --- the model's own pass ---------------------------------------------------------------------------


def run_plainly(models: Sequence[Any], texts: Sequence[Text]) -> Iterator[Predicted]:
    """Left-padded batches of similar length; texts that differ in their last token alone are run once."""
    alike: dict[tuple[int, ...], list[int]] = {}
    for at, text in enumerate(texts):
        alike.setdefault(text.ids[:-1], []).append(at)
    rows = sorted(alike, key=lambda ids: -len(ids))
    for start in range(0, len(rows), PLAIN_ROWS):
        yield _run_padded(models, texts, rows[start : start + PLAIN_ROWS], alike)


def _run_padded(
    models: Sequence[Any],
    texts: Sequence[Text],
    rows: Sequence[tuple[int, ...]],
    alike: dict[tuple[int, ...], list[int]],
) -> Predicted:
    longest, device = len(rows[0]), models[0].device
    keep = max(len(row) + 1 - texts[at].start for row in rows for at in alike[row])
    entries = sorted(
        (number * keep + keep - len(row) + at - 1, texts[owner].ids[at], owner)
        for number, row in enumerate(rows)
        for owner in alike[row]
        for at in range(texts[owner].start, len(row) + 1)
    )
    owners = tuple(owner for row in rows for owner in alike[row])
    nth = {owner: at for at, owner in enumerate(owners)}
    places = sorted({place for place, _, _ in entries})
    ordinal = {place: at for at, place in enumerate(places)}
    ids = torch.tensor([[0] * (longest - len(row)) + list(row) for row in rows], device=device)
    mask = torch.tensor([[0] * (longest - len(row)) + [1] * len(row) for row in rows], device=device)
    wanted = torch.tensor(places, device=device)
    with torch.inference_mode():
        found = [
            model(
                input_ids=ids,
                attention_mask=mask,
                position_ids=(mask.cumsum(-1) - 1).clamp_min(0),
                use_cache=False,
                logits_to_keep=keep,
            )
            .logits[:, -keep:]
            .flatten(0, 1)[wanted]
            for model in models
        ]
    return Predicted(
        owners,
        len(places),
        torch.tensor([ordinal[place] for place, _, _ in entries], device=device),
        torch.tensor([target for _, target, _ in entries], device=device),
        torch.tensor([nth[owner] for _, _, owner in entries], device=device),
        tuple(_sliced(rows_of_logits) for rows_of_logits in found),
    )


def _sliced(rows: torch.Tensor) -> Callable[[int, int], torch.Tensor]:
    return lambda start, end: rows[start:end].float()


# --- what is made of the logits ---------------------------------------------------------------------


def _likelihoods(batch: Predicted) -> list[Likelihood]:
    with torch.inference_mode():
        values = torch.empty(len(batch.sources), dtype=torch.float32, device=batch.sources.device)
        likeliest = torch.empty(len(batch.sources), dtype=torch.bool, device=batch.sources.device)
        for start, end, entries in _chunks(batch):
            rows = batch.logits[0](start, end)
            sources, targets = batch.sources[entries] - start, batch.targets[entries]
            picked = rows[sources, targets]
            values[entries] = picked - torch.logsumexp(rows, -1)[sources]
            likeliest[entries] = picked >= rows.amax(-1)[sources]
        sums, tokens = _by_text(batch, values)
        missed = _by_text(batch, (~likeliest).float())[0]
    found = zip(batch.texts, sums, missed, tokens, strict=True)
    return [Likelihood(text, value, not wrong, int(count)) for text, value, wrong, count in found]


def _divergences(batch: Predicted) -> list[Divergence]:
    with torch.inference_mode():
        apart = torch.empty(batch.places, dtype=torch.float32, device=batch.sources.device)
        for start, end, _ in _chunks(batch):
            ours, theirs = (torch.log_softmax(rows(start, end), -1) for rows in batch.logits)
            apart[start:end] = (ours.exp() * (ours - theirs)).sum(-1).clamp_min(0.0)
        sums, tokens = _by_text(batch, apart[batch.sources])
    return [Divergence(text, value, int(n)) for text, value, n in zip(batch.texts, sums, tokens, strict=True)]


def _chunks(batch: Predicted) -> Iterator[tuple[int, int, slice]]:
    """Places from and to, and the entries at them."""
    starts = list(range(0, batch.places, _PLACES))
    bounds = torch.tensor([*starts, batch.places], device=batch.sources.device)
    cuts = torch.searchsorted(batch.sources, bounds).tolist()
    for number, start in enumerate(starts):
        yield start, min(start + _PLACES, batch.places), slice(cuts[number], cuts[number + 1])


def _by_text(batch: Predicted, values: torch.Tensor) -> tuple[list[float], list[float]]:
    """Sums of the entries of each text in float64, and how many there are."""
    nothing = torch.zeros(len(batch.texts), dtype=torch.float64, device=values.device)
    sums = nothing.index_add(0, batch.owners, values.double())
    return sums.tolist(), nothing.index_add(0, batch.owners, torch.ones_like(values, dtype=torch.float64)).tolist()
