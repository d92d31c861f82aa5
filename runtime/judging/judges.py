"""Judges of texts in memory: ``judge_of(spec, …).judge(items)`` gives a verdict a text, in their order.

Rules are SQL and run in an engine of their own (10 µs a text and some 30 ms to open it); a model is asked through the
facade that every step uses, so nothing is asked twice whoever asks; a classifier answers in batches.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from compiler.hashing import hash_text
from compiler.judge_params import ClassifierJudge, JudgeSpec, ModelJudge, RuleJudge
from runtime.judging.verdict import (
    NO_LABEL,
    TRUNCATED,
    Said,
    Verdict,
    read_label,
    score_of,
    together,
)
from runtime.judging.wording import Item, messages_for

if TYPE_CHECKING:
    from runtime.asking.asker import Asker
    from runtime.scoring.classifiers import ClassifierAsker


class Judge(Protocol):
    """``said`` has one list a text, one entry an asking."""

    def said(self, items: Sequence[Item]) -> list[list[Said]]: ...

    def judge(self, items: Sequence[Item]) -> list[Verdict]: ...


class _Judge:
    def __init__(self, spec: JudgeSpec) -> None:
        self.spec = spec

    def said(self, items: Sequence[Item]) -> list[list[Said]]:
        raise NotImplementedError

    def judge(self, items: Sequence[Item]) -> list[Verdict]:
        """One verdict a text. Raises what asking raises; never for what a text or an answer holds."""
        return [together(one, self.spec.labels, ordered=self.spec.ordered) for one in self.said(items)]

    def labelled(self, label: str | None, reason: str | None = None, **more: Any) -> Said:
        return Said(label, reason, score_of(label, self.spec.labels, self.spec.ordered), **more)


def judge_of(
    spec: JudgeSpec,
    *,
    asker: Asker | None = None,
    classifier: ClassifierAsker | None = None,
    scratch: Path | None = None,
) -> Judge:
    """The judge of a spec. ``asker`` is needed for a model, ``classifier`` for a classifier, ``scratch`` (a folder) for
    rules; recorded labels stand in a file and judge nothing new."""
    if isinstance(spec.using, RuleJudge):
        assert scratch is not None
        return _Rules(spec, spec.using, scratch)
    if isinstance(spec.using, ModelJudge):
        assert asker is not None
        return _Model(spec, spec.using, asker)
    assert isinstance(spec.using, ClassifierJudge) and classifier is not None
    return _Classifier(spec, classifier)


class _Rules(_Judge):
    def __init__(self, spec: JudgeSpec, using: RuleJudge, scratch: Path) -> None:
        super().__init__(spec)
        self.using, self.scratch = using, scratch

    def said(self, items: Sequence[Item]) -> list[list[Said]]:
        from runtime.relational import engine

        with engine(self.scratch) as db:
            db.execute('CREATE TABLE texts (place INTEGER, "output" VARCHAR)')
            db.append("texts", [(place, item.output) for place, item in enumerate(items)])
            label = self.using.label
            found = db.rows(f"SELECT ({label.sql}) FROM texts ORDER BY place", list(label.params))
        return [[self.labelled(row[0])] for row in found]


class _Model(_Judge):
    def __init__(self, spec: JudgeSpec, using: ModelJudge, asker: Asker) -> None:
        super().__init__(spec)
        self.using, self.asker = using, asker

    def said(self, items: Sequence[Item]) -> list[list[Said]]:
        repeats = self.spec.repeats
        asked = [
            self.asker.request(messages_for(self.spec, item), self.using.decode, sample)  # type: ignore[arg-type]
            for item in items
            for sample in range(repeats)
        ]
        found = [self._read(request.hash, result) for request, result in zip(asked, self.asker.ask(asked), strict=True)]
        return [found[start : start + repeats] for start in range(0, len(found), repeats)]

    def _read(self, request: str, result: Any) -> Said:
        """A verdict off an answer of the model, or off its absence."""
        if not hasattr(result, "text"):
            return self.labelled(None, result.reason, request=request)
        label, reason = read_label(result.text, self.spec.labels)
        if result.stop_reason == "length":  # a label may stand where the reasoning was cut off
            label, reason = None, TRUNCATED
        return self.labelled(label, reason, request=request)


class _Classifier(_Judge):
    def __init__(self, spec: JudgeSpec, classifier: ClassifierAsker) -> None:
        super().__init__(spec)
        self.classifier = classifier

    def said(self, items: Sequence[Item]) -> list[list[Said]]:
        from runtime.scoring.asking import LABEL

        texts = {hash_text(item.output): item.output for item in items}
        measures = {LABEL + label: set(texts) for label in self.spec.labels}
        self.classifier.require(set(measures))
        found: dict[str, dict[str, tuple[float | None, str | None]]] = {text: {} for text in texts}
        for answers in self.classifier.ask(texts, measures):
            for one in answers:
                found[one.text][one.measure.removeprefix(LABEL)] = (one.value, one.reason)
        return [[self._likeliest(found[hash_text(item.output)])] for item in items]

    def _likeliest(self, values: Mapping[str, tuple[float | None, str | None]]) -> Said:
        return likeliest(self.spec, values)


def likeliest(spec: JudgeSpec, values: Mapping[str, tuple[float | None, str | None]]) -> Said:
    """The likeliest label with its probability; of equal ones the worse."""
    known = [(label, values[label][0]) for label in spec.labels if label in values]
    there = [(label, value) for label, value in known if value is not None]
    if len(there) < len(spec.labels):
        reasons: Iterator[str] = (reason for _, reason in values.values() if reason)
        return Said(None, next(reasons, NO_LABEL))
    label, value = max(there, key=lambda pair: (pair[1], -spec.labels.index(pair[0])))
    return Said(label, None, score_of(label, spec.labels, spec.ordered), value)
