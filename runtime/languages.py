"""Which language texts are in: the model inside py3langid, walked over many texts at once.

The model is langid.py's (Lui and Baldwin 2012, ACL demonstrations): an automaton over UTF-8 bytes finds n-grams, and a
naive Bayes classifier weighs them. The library asks it text by text in Python, 150 us a short one and 3 us a byte; here
all texts of a batch take their steps together in numpy and are weighed by one sparse product, for the same answers (a
test holds them to the library's). About 40 us for a text of 60 characters on one core, 115 us for 700. Loading the
model takes a second and 150 MB.

Beyond the library: Chinese languages are folded (:mod:`compiler.functions.languages`), a text without letters, one in
which the automaton finds nothing and one that it takes for no language have none, and only the first 1,000 characters
are looked at. Confidences are rounded to four places, beyond which they depend on the processor.
"""

from __future__ import annotations

import io
import lzma
import math
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import numpy.typing as npt

from compiler.functions.languages import FOLDED, NO_LANGUAGE
from compiler.hashing import hash_value
from runtime.file_hashes import content_hash

VERSION = 2  # raise it when the same model tells something else here
LOOKED_AT = 1_000  # characters
_BATCH = 2_000
_PLACES = 4

Floats = npt.NDArray[np.float32]


@dataclass(frozen=True)
class Telling:
    """What the model says of one text: the likeliest language (None where nothing tells it) and how likely it is."""

    language: str | None
    likelihoods: Floats
    labels: tuple[str, ...]

    def confidence(self, language: str) -> float | None:
        """How likely a language is, from 0 to 1; None where nothing tells any."""
        if self.language is None:
            return None
        return round(float(self.likelihoods[self.labels.index(language)]), _PLACES)


@dataclass(frozen=True)
class _Model:
    """``moves`` has 256 next states for each row, ``rows`` the row of each state, ``found`` its n-gram or -1;
    ``weights`` is n-grams × columns, ``fold`` columns × labels."""

    weights: Floats
    priors: Floats
    moves: npt.NDArray[np.int32]
    rows: npt.NDArray[np.int64]
    found: npt.NDArray[np.int64]
    labels: tuple[str, ...]
    fold: Floats


def model_hash() -> str:
    """What enters the hash of a step that asks for languages."""
    return hash_value({"model": content_hash(_model_file()), "version": VERSION})


def tell_languages(texts: Sequence[str]) -> list[Telling]:
    """The languages of texts, each apart from the others."""
    model = _model()
    told: list[Telling] = []
    for start in range(0, len(texts), _BATCH):
        told += _tell([text[:LOOKED_AT] for text in texts[start : start + _BATCH]], model)
    return told


def _model_file() -> Path:
    spec = find_spec("py3langid")
    assert spec is not None and spec.origin is not None, "py3langid is a dependency"
    return Path(spec.origin).parent / "data" / "model.npz.xz"


@cache
def _model() -> _Model:
    with np.load(io.BytesIO(lzma.decompress(_model_file().read_bytes())), allow_pickle=False) as data:
        columns = [FOLDED.get(name, name) for name in data["classes"].tolist()]
        labels = tuple(dict.fromkeys(columns))
        fold = np.zeros((len(columns), len(labels)), dtype=np.float32)
        fold[np.arange(len(columns)), [labels.index(name) for name in columns]] = 1
        return _Model(
            weights=data["ptc"].astype(np.float32),
            priors=data["pc"].astype(np.float32),
            moves=data["nextmove"].astype(np.int32),
            rows=data["nextmove_row"].astype(np.int64) << 8,
            found=data["out_feat"].astype(np.int64),
            labels=labels,
            fold=fold,
        )


def _bytes_of(text: str) -> bytes:
    """A text as the model was trained to see it."""
    text = text.lower() if text.isupper() else text
    return unicodedata.normalize("NFC", text).encode("utf-8", errors="surrogatepass")


def _tell(looked_at: list[str], model: _Model) -> list[Telling]:
    from scipy.sparse import csr_array

    texts, features = [_bytes_of(text) for text in looked_at], len(model.weights)
    keys, counts = np.unique(_n_grams(texts, model), return_counts=True)
    starts = np.searchsorted(keys, np.arange(len(texts) + 1) * features)
    table = csr_array((np.log1p(counts.astype(np.float32)), keys % features, starts), shape=(len(texts), features))
    scores = table @ model.weights + model.priors
    # the library's temperature, which keeps likelihoods of short and long texts alike
    scores /= np.array([math.sqrt(len(text) or 1) for text in texts], dtype=np.float32)[:, None]
    scores = np.exp(scores - scores.max(axis=1, keepdims=True))
    shares = (scores / scores.sum(axis=1, keepdims=True)) @ model.fold
    best = shares.argmax(axis=1)
    found = (np.diff(starts) > 0).tolist()
    known = [one and any(map(str.isalpha, text)) for one, text in zip(found, looked_at, strict=True)]
    labels = [model.labels[column] if one else NO_LANGUAGE for column, one in zip(best.tolist(), known, strict=True)]
    return [
        Telling(None if label == NO_LANGUAGE else label, likelihoods, model.labels)
        for label, likelihoods in zip(labels, shares, strict=True)
    ]


def _n_grams(texts: list[bytes], model: _Model) -> npt.NDArray[np.int64]:
    """The n-grams of all texts, as the place of the text times their number plus the n-gram."""
    order = sorted(range(len(texts)), key=lambda place: -len(texts[place]))
    lengths = np.array([len(texts[place]) for place in order])
    longest = int(lengths[0]) if len(lengths) else 0
    padded = b"".join(texts[place].ljust(longest, b"\0") for place in order)
    steps = np.frombuffer(padded, dtype=np.uint8).reshape(len(texts), longest).T.astype(np.int64)
    offsets = np.array(order, dtype=np.int64) * len(model.weights)
    states = np.zeros(len(texts), dtype=np.int32)
    keys = [np.zeros(0, dtype=np.int64)]
    for step in range(longest):
        going = int(np.searchsorted(-lengths, -step, side="left"))  # texts are sorted: the longer ones come first
        states = model.moves[model.rows[states[:going]] + steps[step, :going]]
        found = model.found[states]
        keys.append((offsets[:going] + found)[found >= 0])
    return np.concatenate(keys)
