"""What judging is told, and what measuring agreement is told: of judges with people, and of people with each other."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal, TypeAlias

from pydantic import Field

from compiler.answer_params import Greedy, Precision, Sample
from compiler.measure_params import Slice
from compiler.params_base import GrownParams, Params, Sql
from compiler.render_params import TemplateRole

# What the texts of a judge's own template may name beside the columns of rows.
JUDGED = ("prompt", "output", "rubric", "policy", "labels")


class RuleJudge(Params):
    """``label`` is text over the column ``output``, of pairs over ``first`` and ``second``; NULL is no verdict."""

    by: Literal["rules"] = "rules"
    label: Sql


class RecordedJudge(Params):
    """The label stands beside what is judged."""

    by: Literal["recorded"] = "recorded"


class ClassifierJudge(Params):
    """The likeliest of the labels under a sequence classifier that has one of each name."""

    by: Literal["classifier"] = "classifier"
    precision: Precision = "auto"


class ModelJudge(Params):
    """A model that is asked. ``prompt`` is a template of the user's over ``JUDGED``; None for our own words."""

    by: Literal["model"] = "model"
    decode: Annotated[Greedy | Sample, Field(discriminator="method")]
    precision: Precision = "auto"
    prompt: tuple[TemplateRole, ...] | None = None


Judging: TypeAlias = Annotated[
    RuleJudge | RecordedJudge | ClassifierJudge | ModelJudge,
    Field(discriminator="by"),
]


class PolicyText(Params):
    """What a policy says, under its version."""

    version: str
    text: str
    rubric: str | None


class JudgeSpec(GrownParams):
    """A judge: the labels it gives, worst first, and who gives them. ``ordered``: they are numbers of a scale.

    ``pairwise``: the labels are of the first of two answers, which are shown in both orders; with ``ties`` they may be
    called equal, otherwise one has to be named."""

    ADDED: ClassVar[frozenset[str]] = frozenset({"pairwise"})

    labels: tuple[str, ...]
    ordered: bool
    using: Judging
    repeats: int = 1
    policy: PolicyText | None = None
    pairwise: Literal["ties", "forced"] | None = None


class JudgedRows(Params):
    """Rows as they are, of a part: expressions over their columns."""

    of: Literal["rows"] = "rows"
    part: str | None
    output: Sql
    prompt: Sql | None = None
    recorded: Sql | None = None


class JudgedAnswers(Params):
    """What a model answered, with what it was asked. ``recorded`` is a column of labels recorded with the answers."""

    of: Literal["answers"] = "answers"
    recorded: str | None = None


class JudgedConversations(Params):
    """The last answer of rendered rows, after the turns before it."""

    of: Literal["conversations"] = "conversations"


class PairedAnswers(Params):
    """What a model answered beside what another one did, by item and number of the answer. Input role ``against`` has
    the second answers."""

    of: Literal["paired_answers"] = "paired_answers"


class PairedRows(Params):
    """Two answers of each row of a part. ``conversation``: what was asked is all of ``messages`` but the last."""

    of: Literal["paired_rows"] = "paired_rows"
    part: str | None
    first: Sql
    second: Sql
    prompt: Sql | None = None
    conversation: bool = False


Judged: TypeAlias = Annotated[
    JudgedRows | JudgedAnswers | JudgedConversations | PairedAnswers | PairedRows,
    Field(discriminator="of"),
]


class JudgeParams(Params):
    """Labels of some texts by one judge. Input roles: ``rows`` (what is judged: rows, predictions or rendered rows),
    ``against`` (predictions that these are compared with), ``model`` (a train step, for a judge that was trained).

    Content: ``weights``, ``tokenizer``, ``chat_template`` of a model that judges.
    """

    kind: Literal["judge"] = "judge"
    judge: JudgeSpec
    items: Judged


class WrittenLabel(Params):
    """Each of ``texts`` in the column of people is the judge's ``label``."""

    label: str
    texts: tuple[str, ...]


class CalibrateParams(GrownParams):
    """A judge against the labels of people. Input roles: ``rows`` (the labelled rows), ``judgements`` (judge).
    ``prompt`` is what was asked, by which a labelled answer is known again among measured ones. ``pairwise``: the
    labels are of the first of two answers."""

    ADDED: ClassVar[frozenset[str]] = frozenset({"prompt", "pairwise"})

    kind: Literal["calibrate"] = "calibrate"
    part: str | None
    labels: tuple[str, ...]
    ordered: bool
    label: Sql
    written: tuple[WrittenLabel, ...] = ()
    slices: tuple[Slice, ...] = ()
    prompt: Sql | None = None
    pairwise: bool = False


class ReviewParams(Params):
    """Labels of several people on the same items. Input roles: ``rows``, and ``gold`` for items whose label is known,
    which have the columns ``item`` and ``final`` too. Reviewers are names of columns, in the order of the spec."""

    kind: Literal["review"] = "review"
    item: str
    reviewers: tuple[str, ...]
    final: str | None
    gold: bool
    slices: tuple[Slice, ...] = ()
