"""From a resolved spec to its pins, and from drift to findings at the fields that name what drifted.

What a plan would not read is not pinned: blocks of imported files that nothing uses, models that no train or eval
loads, no score and no rule asks. Policies are pinned as soon as they are declared, because other words under an old
version are an error with every command once there is a lock.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from functools import cache
from pathlib import PurePosixPath
from typing import TypeAlias

from compiler.lock import Drift, FilePin, ModelPin, Pins, PolicyPin, reworded
from compiler.paths import LOCK_NAME, rebased
from compiler.reach import reached
from compiler.reporting import Reporter, name_of
from compiler.resolved import ResolvedSource, ResolvedSpec
from compiler.resolved_lifecycle import ResolvedFeedback, ResolvedPolicy
from compiler.schema.policy import Policy
from compiler.world import ModelFacts, Problem
from spec_lang.diagnostics import Diagnostic, Diagnostics
from spec_lang.source import Span

HashOf = Callable[[str], str | Problem]
RowsChanged = Callable[[str], str]
_Reader: TypeAlias = ResolvedSource | ResolvedFeedback


def pins_of(spec: ResolvedSpec, facts: Mapping[str, ModelFacts], hash_of: HashOf, report: Reporter) -> Pins:
    """The pins of a spec, rows without fingerprints. ``hash_of`` answers for the files of policies; what it cannot
    read is reported and has no pin."""
    files: dict[str, FilePin] = {}
    for reader in _readers(reached(spec)):
        for name, digest in reader.facts.files if reader.facts is not None else ():
            rows = reader.facts.rows + reader.facts.unreadable if reader.facts is not None else 0
            files.setdefault(_key(name), FilePin(digest, rows, reader.block.name))
    models = {
        name: ModelPin(found.weights, found.tokenizer, found.chat_template, spec.models[name].block.weights.value or "")
        for name, found in facts.items()
    }
    return Pins(files, models, policy_pins(spec, hash_of, report), spec.edition)


def policy_pins(
    spec: ResolvedSpec, hash_of: HashOf, report: Reporter, names: Collection[str] | None = None
) -> dict[str, PolicyPin]:
    """Hashes of what the policies say, under their versions: of all, those of imported files too, or of ``names``."""
    blocks = (block for block in _policies(spec) if names is None or block.name in names)
    found = ((block.name, _policy(block, hash_of, report.at(block.file))) for block in blocks)
    return {name: pin for name, pin in found if pin is not None}


def _readers(spec: ResolvedSpec) -> Iterator[_Reader]:
    """The blocks that read files of rows."""
    yield from spec.sources.values()
    yield from (item for item in spec.later.values() if isinstance(item, ResolvedFeedback))


def _key(path: str) -> str:
    """A path as a lock writes it: `./a.jsonl` is `a.jsonl`. A step up stays, since it may lead through a link."""
    return PurePosixPath(path).as_posix()


def _policies(spec: ResolvedSpec) -> Iterator[Policy]:
    return (item.block for item in spec.later.values() if isinstance(item, ResolvedPolicy))


def _policy(block: Policy, hash_of: HashOf, report: Reporter) -> PolicyPin | None:
    hashes: list[str | None] = []
    for value in (block.text, block.rubric):
        answer = None if value.value is None else hash_of(rebased(value.value, block.file))
        if isinstance(answer, Problem):
            report.error(answer.code, answer.message, value.span, answer.help)
            return None
        hashes.append(answer)
    text, rubric = hashes
    version = block.version.value
    return PolicyPin(version, text, rubric) if version is not None and text is not None else None


# --- findings ---------------------------------------------------------------------------------------


def report_reworded(pinned: Pins, spec: ResolvedSpec, hash_of: HashOf, sink: Diagnostics) -> None:
    """Policies that the lock knows and that say something else under a version of then, or cannot be read."""
    now = policy_pins(spec, hash_of, Reporter(spec.file, sink), pinned.known_policies)
    for drift in reworded(pinned, now):
        _report_policy(drift, pinned, spec, Reporter(spec.file, sink), "")


def report_drifts(
    found: tuple[Drift, ...],
    pinned: Pins,
    spec: ResolvedSpec,
    sink: Diagnostics,
    rows_changed: RowsChanged,
    command: str | None = None,
) -> None:
    """Every drift as an error at its field; ``rows_changed`` tells in words what became of the rows of a file, and
    ``command`` is what accepts it."""
    report, rows = Reporter(spec.file, sink), cache(rows_changed)
    accept = f"accept what is there now with `{command or f'sft lock {name_of(spec.file)}'}`"
    for drift in found:
        if drift.part == "file":
            _report_file(drift, pinned, spec, report, rows, accept)
        elif drift.part == "model":
            _report_model(drift, spec, report, accept)
        else:
            _report_policy(drift, pinned, spec, report, accept)


def _report_file(
    drift: Drift, pinned: Pins, spec: ResolvedSpec, report: Reporter, rows: RowsChanged, accept: str
) -> None:
    if drift.kind == "gone":
        source = spec.sources.get(pinned.files[drift.name].source)
        place = (source.block.path.span, report.at(source.block.file)) if source else None
        _error(report, "SFT0753", f"`{LOCK_NAME}` pins `{drift.name}`, and nothing reads it", accept, place)
        return
    code, message = "SFT0753", f"`{drift.name}` is not in `{LOCK_NAME}`"
    if drift.kind == "changed":
        code, message = "SFT0750", f"`{drift.name}` is not the file that `{LOCK_NAME}` pins: {rows(drift.name)}"
    for reader in _readers(reached(spec)):
        if reader.facts is not None and any(_key(file) == drift.name for file, _ in reader.facts.files):
            _error(report, code, message, accept, (reader.block.path.span, report.at(reader.block.file)))


def _report_model(drift: Drift, spec: ResolvedSpec, report: Reporter, accept: str) -> None:
    model = spec.models.get(drift.name)
    if drift.kind == "changed":
        code, what = "SFT0751", " and ".join(drift.what)
        verb = "are" if drift.what[-1] == "weights" or len(drift.what) > 1 else "is"
        message = f"the {what} of model `{drift.name}` {verb} not what `{LOCK_NAME}` pins"
    else:
        code, message = "SFT0753", f"model `{drift.name}` is not in `{LOCK_NAME}`"
        if drift.kind == "gone":
            message = f"`{LOCK_NAME}` pins model `{drift.name}`, and nothing uses one"
    place = None
    if model is not None:
        block = model.block
        field = block.chat_template if drift.what == ("chat template",) and block.chat_template.given else block.weights
        place = (field.span, report.at(block.file))
    _error(report, code, message, accept, place)


def _report_policy(drift: Drift, pinned: Pins, spec: ResolvedSpec, report: Reporter, accept: str) -> None:
    block = next((block for block in _policies(spec) if block.name == drift.name), None)
    place = (block.version.span, report.at(block.file)) if block is not None else None
    if drift.kind != "reworded":
        message = f"policy `{drift.name}` is not in `{LOCK_NAME}`"
        if drift.kind == "gone":
            message = f"`{LOCK_NAME}` pins policy `{drift.name}`, and the spec has none"
        elif drift.kind == "changed" and block is not None:
            before = pinned.policies[drift.name].version
            message = f"policy `{drift.name}` has version {block.version.value}, and `{LOCK_NAME}` pins {before}"
        _error(report, "SFT0753", message, accept, place)
        return
    assert block is not None
    what = " and ".join(drift.what)
    message = f"the {what} of policy `{drift.name}` changed under version {block.version.value}"
    help = "give the new words a new version: what was judged under the old one was judged by other words"
    changed = [(getattr(block, name).span, "this file changed") for name in drift.what if getattr(block, name).given]
    report.at(block.file).error("SFT0752", message, block.version.span, help, changed)


def _error(report: Reporter, code: str, message: str, help: str, place: tuple[Span, Reporter] | None) -> None:
    if place is None:  # what the lock pins has no block in the spec
        report.sink.report(Diagnostic(code, message, None, help))
    else:
        place[1].error(code, message, place[0], help)
