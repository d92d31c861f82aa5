"""From a resolved spec to its pins, and from drift to findings at the fields that name what drifted.

What a plan would not read is not pinned: blocks of imported files that nothing uses, models that no train or eval
loads. Policies are pinned as soon as they are declared, because other words under an old version are an error with
every command once there is a lock.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from compiler.lock import Drift, FilePin, ModelPin, Pins, PolicyPin, reworded
from compiler.paths import LOCK_NAME, rebased
from compiler.reporting import Reporter, name_of
from compiler.resolved import ResolvedSource, ResolvedSpec
from compiler.resolved_lifecycle import ResolvedPolicy
from compiler.schema.policy import Policy
from compiler.world import ModelFacts, Problem
from spec_lang.diagnostics import Diagnostic, Diagnostics
from spec_lang.source import Span

HashOf = Callable[[str], str | Problem]
RowsChanged = Callable[[str], str]
_ACCEPT = "accept what is there now with `sft lock {spec}`"


def pins_of(spec: ResolvedSpec, facts: Mapping[str, ModelFacts], hash_of: HashOf, report: Reporter) -> Pins:
    """The pins of a spec, rows without fingerprints. ``hash_of`` answers for the files of policies; what it cannot
    read is reported and has no pin."""
    files = {
        name: FilePin(digest, source.facts.rows + source.facts.unreadable, source.name)
        for source in spec.sources.values()
        if source.facts is not None
        for name, digest in source.facts.files
    }
    models = {
        name: ModelPin(found.weights, found.tokenizer, found.chat_template, spec.models[name].block.weights.value or "")
        for name, found in facts.items()
    }
    return Pins(files, models, policy_pins(spec, hash_of, report), spec.edition)


def policy_pins(spec: ResolvedSpec, hash_of: HashOf, report: Reporter) -> dict[str, PolicyPin]:
    """Hashes of what the policies say, under their versions."""
    found = ((block.name, _policy(block, hash_of, report.at(block.file))) for block in _policies(spec))
    return {name: pin for name, pin in found if pin is not None}


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
    """Policies that say something else under their old version. Files that cannot be read are left to `sft lock`."""
    now = policy_pins(spec, hash_of, Reporter(spec.file, Diagnostics()))
    for drift in reworded(pinned.policies, now):
        _report_policy(drift, pinned, spec, Reporter(spec.file, sink))


def report_drifts(
    found: tuple[Drift, ...], pinned: Pins, spec: ResolvedSpec, sink: Diagnostics, rows_changed: RowsChanged
) -> None:
    """Every drift as an error at its field; ``rows_changed`` tells in words what became of the rows of a file."""
    report = Reporter(spec.file, sink)
    for drift in found:
        if drift.part == "file":
            _report_file(drift, pinned, spec, report, rows_changed)
        elif drift.part == "model":
            _report_model(drift, spec, report)
        else:
            _report_policy(drift, pinned, spec, report)


def _report_file(drift: Drift, pinned: Pins, spec: ResolvedSpec, report: Reporter, rows_changed: RowsChanged) -> None:
    source = next((item for item in spec.sources.values() if _reads(item, drift.name)), None)
    if drift.kind == "gone":
        source = spec.sources.get(pinned.files[drift.name].source)
    code, message = "SFT0753", f"`{drift.name}` is not in `{LOCK_NAME}`"
    if drift.kind == "gone":
        message = f"`{LOCK_NAME}` pins `{drift.name}`, and no source reads it"
    elif drift.kind == "changed":
        code, message = "SFT0750", f"`{drift.name}` is not the file that `{LOCK_NAME}` pins"
        message += f": {rows_changed(drift.name)}"
    place = source.block if source else None
    _error(report, code, message, _accept(spec), (place.path.span, report.at(place.file)) if place else None)


def _reads(source: ResolvedSource, name: str) -> bool:
    return source.facts is not None and any(file == name for file, _ in source.facts.files)


def _report_model(drift: Drift, spec: ResolvedSpec, report: Reporter) -> None:
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
    _error(report, code, message, _accept(spec), place)


def _report_policy(drift: Drift, pinned: Pins, spec: ResolvedSpec, report: Reporter) -> None:
    block = next((block for block in _policies(spec) if block.name == drift.name), None)
    place = (block.version.span, report.at(block.file)) if block is not None else None
    if drift.kind != "reworded":
        message = f"policy `{drift.name}` is not in `{LOCK_NAME}`"
        if drift.kind == "gone":
            message = f"`{LOCK_NAME}` pins policy `{drift.name}`, and the spec has none"
        elif drift.kind == "changed" and block is not None:
            before = pinned.policies[drift.name].version
            message = f"policy `{drift.name}` has version {block.version.value}, and `{LOCK_NAME}` pins {before}"
        _error(report, "SFT0753", message, _accept(spec), place)
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


def _accept(spec: ResolvedSpec) -> str:
    return _ACCEPT.format(spec=name_of(spec.file))
