"""lm-evaluation-harness: ``samples_TASK_TIME.jsonl``, as ``--log_samples`` writes it, one line a document and filter.

Of a task with several answers to choose from the answer is the choice with the highest log-likelihood; of a generated
one what the filter left of it. Read as version 0.4 writes it, with the arguments of a request as an object (since
0.4.3) or as a list.
"""

from __future__ import annotations

import json
from math import isfinite
from pathlib import Path
from typing import Any

from runtime.json_lines import numbered_lines, row_of
from runtime.logs import Rows, item_hash, with_scores
from spec_lang.diagnostics import DiagnosticError, fatal

_NEEDED = ("doc_id", "doc", "target", "arguments", "resps", "filtered_resps")
_OWN = (*_NEEDED, "filter", "metrics", "doc_hash", "prompt_hash", "target_hash")
_HOW = "write one with `lm_eval … --log_samples --output_path DIR` (version 0.4), and name its `samples_….jsonl`"


def lm_eval_rows(path: Path) -> Rows:
    """(line, row) of every sample. Raises DiagnosticError SFT0480 for a file of something else."""
    for line, text in numbered_lines(path):
        found = row_of(text)
        if isinstance(found, str):
            yield line, found
            continue
        missing = [name for name in _NEEDED if name not in found]
        if missing:
            raise _no_log(path, line, missing[0], found)
        yield line, _row(found)


def _no_log(path: Path, line: int, missing: str, found: dict[str, Any]) -> DiagnosticError:
    message = f"`{path.name}` is no log of samples of lm-eval: line {line} has no `{missing}`"
    if "results" in found or "config" in found:
        message = f"`{path.name}` has the results of lm-eval, and not its samples"
    return fatal("SFT0480", message, _HOW)


def _row(sample: dict[str, Any]) -> dict[str, Any]:
    requests = _requests(sample["arguments"])
    row = {
        "item": item_hash(sample["doc"], sample["target"]),
        "filter": sample.get("filter", "none"),
        "prompt": _text(requests[0][0]) if requests and requests[0] else None,
        "answer": _answer(requests, sample["filtered_resps"]),
        "target": _text(sample["target"]),
        "decode": _decode(requests),
        "doc_id": sample["doc_id"],
        "doc": sample["doc"],
    }
    names = sample.get("metrics") or [name for name in sample if name not in _OWN]
    return with_scores(row, {name: _score(sample.get(name)) for name in names})


def _requests(arguments: Any) -> list[list[Any]]:
    """The arguments of each request, in their order."""
    requests = _in_order(arguments)
    return [_in_order(one) or [one] for one in requests]


def _in_order(value: Any) -> list[Any]:
    """What a list holds, or an object with numbered keys."""
    if isinstance(value, dict):
        return [value[name] for name in sorted(value, key=_number)]
    return value if isinstance(value, list) else []


def _number(name: str) -> tuple[int, str]:
    """``gen_args_10`` comes after ``gen_args_9``."""
    end = name.rpartition("_")[2]
    return (int(end) if end.isdecimal() else 0, name)


def _answer(requests: list[list[Any]], responses: Any) -> str | None:
    """The text that was generated, or the choice that is likeliest; None where neither can be told."""
    if not isinstance(responses, list) or not responses:
        return None
    likelihoods = [_likelihood(one) for one in responses]
    if len(likelihoods) > 1 and None not in likelihoods and len(requests) >= len(likelihoods):
        best = max(range(len(likelihoods)), key=lambda at: likelihoods[at] or 0.0)
        return _text(requests[best][1]) if len(requests[best]) > 1 else None
    first = responses[0]
    return _text(first) if len(responses) == 1 else json.dumps(responses, ensure_ascii=False)


def _likelihood(response: Any) -> float | None:
    """The first of ``["-12.5", "False"]``."""
    pair = response[0] if isinstance(response, list) and len(response) == 1 else response
    if not isinstance(pair, list) or len(pair) != 2 or str(pair[1]) not in ("True", "False"):
        return None
    try:
        return float(pair[0])
    except (TypeError, ValueError):
        return None


def _decode(requests: list[list[Any]]) -> str | None:
    settings = requests[0][1] if requests and len(requests[0]) > 1 else None
    return json.dumps(settings, sort_keys=True, ensure_ascii=False) if isinstance(settings, dict) else None


def _text(value: Any) -> str | None:
    if value is None or isinstance(value, str):
        return value
    return json.dumps(value, ensure_ascii=False)


def _score(value: Any) -> float | bool | None:
    """A metric of an item; what is no number (the parts of a metric of the whole set) is none here."""
    if isinstance(value, bool):
        return value
    return float(value) if isinstance(value, int | float) and isfinite(value) else None
