"""Inspect (inspect_ai): a log of an evaluation, as JSON (``.json``) or as a zip of JSON files (``.eval``).

A sample is an item in an epoch. What was asked is its input; of a conversation the turns, as JSON. The answer is the
completion of its output; a sample that ended in an error has none. Grades are scores: `C` and `I` are true and false,
`P` is half, and a metric that gave several values has one column each, called `SCORER_KEY`. Version 2 is read, and a
log of an evaluation that was broken off is refused, because what it lacks is not chance; so is one with
other than the number of samples that its results name.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator, Mapping
from math import isfinite
from pathlib import Path
from typing import Any

from runtime.json_lines import Doubts, checked_row
from runtime.logs import Rows, item_hash, with_scores
from spec_lang.diagnostics import DiagnosticError, fatal
from spec_lang.plain_text import one_line

VERSION = 2
_SAMPLE = re.compile(r"samples/.+\.json")  # the id of a sample may have a `/`
_SHELL = re.compile(r"samples/[^/]+/sample\.json")
_ATTACHED = "attachment://"
_GRADES = {"C": True, "I": False, "N": False}
_HALF = "P"
_ANY_DOUBT = Doubts(deep=True, half=True)
_SETTINGS = ("temperature", "top_p", "top_k", "max_tokens", "seed", "stop_seqs", "num_choices", "reasoning_effort")


def inspect_rows(path: Path) -> Rows:
    """(position, row) of every sample. Raises DiagnosticError SFT0407 (no JSON, no zip), SFT0480, SFT0481."""
    header, samples = _zipped(path) if _is_zip(path) else _whole(path)
    _check(path, header)
    decode = _decode(header)
    rows = [_row(sample, decode) for sample in samples]
    _check_count(path, header, len(rows))
    graded = _graded(rows)
    for position, (row, scores) in enumerate(rows, 1):
        whole = with_scores(row, {name: _score(value, name in graded) for name, value in scores.items()})
        yield position, checked_row(whole, _ANY_DOUBT)


def _is_zip(path: Path) -> bool:
    with path.open("rb") as handle:
        return handle.read(4) == b"PK\x03\x04"


def _whole(path: Path) -> tuple[dict[str, Any], Iterator[dict[str, Any]]]:
    try:
        log = _json(path.read_bytes())
    except (ValueError, RecursionError) as error:
        raise _unreadable(path, error) from error
    if not isinstance(log, dict):
        raise _no_log(path, "it is no object")
    samples = log.get("samples")
    if not isinstance(samples, list):
        raise _no_log(path, "it has no `samples`")
    return log, iter(samples)


def _zipped(path: Path) -> tuple[dict[str, Any], Iterator[dict[str, Any]]]:
    archive = _zip_file(path)
    names = archive.namelist()
    if "header.json" not in names:
        if "_journal/start.json" in names:
            raise _broken_off(path, "started")
        raise _no_log(path, "it has no `header.json`")
    if any(_SHELL.fullmatch(name) for name in names):
        help = "write it with samples in one piece: `inspect log convert`"
        raise _no_log(path, "its samples are stored in pieces", help)
    header = _member(path, archive, "header.json")
    samples = sorted({name for name in names if _SAMPLE.fullmatch(name)}, key=names.index)
    return header, (_member(path, archive, name) for name in samples)


def _zip_file(path: Path) -> Any:
    """Members may be packed with Zstandard, which the standard library reads from Python 3.14 on."""
    if sys.version_info >= (3, 14):
        import zipfile
    else:
        from backports.zstd import zipfile
    try:
        return zipfile.ZipFile(path)
    except zipfile.BadZipFile as error:
        raise _unreadable(path, error) from error


def _member(path: Path, archive: Any, name: str) -> dict[str, Any]:
    try:
        found = _json(archive.read(name))
    except Exception as error:  # what a damaged zip raises depends on where it is damaged
        raise _unreadable(path, error) from error
    if not isinstance(found, dict):
        raise _no_log(path, f"`{name}` is no object")
    return found


def _json(data: bytes) -> Any:
    """A value; numbers that JSON has not (NaN) are none."""
    return json.loads(data, parse_constant=lambda name: None)


def _check(path: Path, header: Mapping[str, Any]) -> None:
    version, run = header.get("version"), header.get("eval")
    if not isinstance(run, dict) or "status" not in header:
        raise _no_log(path, "it has no `eval` and no `status`")
    if version != VERSION:
        packages = run.get("packages")
        by = packages.get("inspect_ai", "") if isinstance(packages, dict) else ""
        written = f" (inspect_ai {one_line(str(by), 20)})" if by else ""
        message = f"`{path.name}` is a log of version {version}{written}, and version {VERSION} is known"
        raise fatal("SFT0480", message, "read it with inspect_ai and write it again: `inspect log convert`")
    if header["status"] != "success":
        raise _broken_off(path, str(header["status"]))


def _check_count(path: Path, header: Mapping[str, Any], found: int) -> None:
    """Samples that are not there are no chance either; a log need not say how many it has."""
    results = header.get("results")
    told = results.get("total_samples") if isinstance(results, dict) else None
    if isinstance(told, int) and not isinstance(told, bool) and told != found:
        message = f"`{path.name}` has {found:,} samples, and says that it has {told:,}"
        raise fatal("SFT0481", message, "write the log again, with all samples")


def _row(sample: Mapping[str, Any], decode: str | None) -> tuple[dict[str, Any], dict[str, Any]]:
    """The row of a sample without its scores, and those."""
    attached = sample.get("attachments")
    texts = attached if isinstance(attached, dict) else {}
    asked, target = _asked(sample.get("input"), texts), sample.get("target")
    row = {
        "item": item_hash(asked, sample.get("choices"), target),
        "epoch": sample.get("epoch", 1),
        "prompt": asked,
        "answer": None if sample.get("error") else _completion(sample.get("output"), texts),
        "target": target if isinstance(target, str) or target is None else json.dumps(target, ensure_ascii=False),
        "decode": decode,
        "id": sample.get("id"),
        "choices": sample.get("choices"),
        "metadata": sample.get("metadata"),
    }
    scores: dict[str, Any] = {}
    given = sample.get("scores")
    for name, score in (given if isinstance(given, dict) else {}).items():
        value = score.get("value") if isinstance(score, dict) else None
        if isinstance(value, dict):
            scores |= {f"{name}_{key}": item for key, item in value.items()}
        else:
            scores[name] = value
    return row, scores


def _asked(asked: Any, texts: Mapping[str, str]) -> str | None:
    """A prompt, or the turns of a conversation without the ids that every run draws anew."""
    if isinstance(asked, list):
        turns = [(turn.get("role"), _content(turn.get("content"), texts)) for turn in asked if isinstance(turn, dict)]
        return json.dumps([{"role": role, "content": content} for role, content in turns], ensure_ascii=False)
    return _content(asked, texts)


def _content(content: Any, texts: Mapping[str, str]) -> str | None:
    if isinstance(content, list):
        parts = [_content(part.get("text"), texts) or "" for part in content if isinstance(part, dict)]
        return "\n".join(part for part in parts if part)
    if isinstance(content, str) and content.startswith(_ATTACHED):
        return texts.get(content.removeprefix(_ATTACHED), content)
    return content if isinstance(content, str) else None


def _completion(output: Any, texts: Mapping[str, str]) -> str | None:
    if not isinstance(output, dict):
        return None
    if isinstance(output.get("completion"), str):
        return _content(output["completion"], texts)
    choices = output.get("choices")
    message = choices[0].get("message") if isinstance(choices, list) and choices else None
    return _content(message.get("content"), texts) if isinstance(message, dict) else None


def _graded(rows: list[tuple[dict[str, Any], dict[str, Any]]]) -> frozenset[str]:
    """Scores that are right or wrong in every sample."""
    seen: dict[str, bool] = {}
    for _, scores in rows:
        for name, value in scores.items():
            right_or_wrong = value is None or isinstance(value, bool) or (isinstance(value, str) and value in _GRADES)
            seen[name] = seen.get(name, True) and right_or_wrong
    return frozenset(name for name, always in seen.items() if always)


def _score(value: Any, graded: bool) -> float | bool | None:
    """A grade as true or false, or as a number where others of its kind are none; None for what is neither."""
    if isinstance(value, str):
        value = _GRADES.get(value, 0.5 if value == _HALF else None)
    if isinstance(value, bool):
        return value if graded else float(value)
    return float(value) if isinstance(value, int | float) and isfinite(value) else None


def _decode(header: Mapping[str, Any]) -> str | None:
    """How answers were decoded: what the plan and the model were told, the plan's word last."""
    run, plan = header.get("eval"), header.get("plan")
    told = [run.get("model_generate_config") if isinstance(run, dict) else None]
    told.append(plan.get("config") if isinstance(plan, dict) else None)
    merged = {key: value for one in told if isinstance(one, dict) for key, value in one.items() if value is not None}
    return json.dumps({key: merged[key] for key in _SETTINGS if key in merged}, sort_keys=True) if merged else None


def _unreadable(path: Path, error: Exception) -> DiagnosticError:
    return fatal("SFT0407", f"`{path.name}` cannot be read: {one_line(str(error), 200)}", "write the log again")


def _no_log(path: Path, why: str, help: str = "") -> DiagnosticError:
    help = help or "name a log that `inspect eval` wrote, `.eval` or `.json`"
    return fatal("SFT0480", f"`{path.name}` is no log of inspect_ai that is known: {one_line(why, 100)}", help)


def _broken_off(path: Path, status: str) -> DiagnosticError:
    message = f"`{path.name}` is the log of an evaluation that did not finish (`{one_line(status, 20)}`)"
    return fatal("SFT0481", message, "finish it with `inspect eval-retry`, and name the new log")
