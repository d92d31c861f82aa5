"""``template``: how a row becomes a conversation. ``{column}`` stands for a value, ``{{`` and ``}}`` for braces, and
``{? … }`` for a part that is there only when its columns are filled."""

from __future__ import annotations

from compiler.schema.fields import Shape, Value, field, nested, required
from compiler.schema.lint import Flag
from compiler.schema.values import Formula, Name, Text, Whole, Word, at_least
from spec_lang.ast import Expr, Ref

ANSWERS = ("text", "letter", "index", "position")


class FewShot(Shape):
    """Worked examples before the question, drawn anew for each row by its hash, or once for all rows."""

    count: Value[int] = required(Whole(at_least(1)), "how many examples a row has", stand_in=1)
    rows: Value[Ref | None] = field(
        Name("a task or a part of it"), "where examples come from; without it, the part `train` of the task itself"
    )
    text: Value[str | None] = field(
        Text(), "an example as text, put where `{few_shot}` stands; without it, examples are earlier turns"
    )
    draw: Value[str] = field(
        Word(("each_row", "once")),
        "`each_row` has its own examples; drawn `once` all rows have the same, so that prompts begin alike",
        default="each_row",
    )
    seed: Value[int] = field(Whole(at_least(0)), "another seed draws other examples", default=0)


class Options(Shape):
    """The choices of a question: `{options}` lists them, `{letter}` and `{option}` are the right one's."""

    from_: Value[Expr | None] = required(
        Formula(), "the list of choices: a column, or an expression such as `split(…)`"
    )
    answer: Value[Expr | None] = required(Formula(), "which one is right")
    answer_as: Value[str] = field(
        Word(ANSWERS),
        "how `answer` names it: by its `text`, its `letter`, its `index` (from 0) or its `position` (from 1)",
        default="text",
    )
    line: Value[str | None] = field(Text(), "one choice, with `{letter}` and `{option}`", default="{letter}. {option}")
    letters: Value[str | None] = field(Text(), "the letters, one character each", default="ABCDEFGHIJKLMNOPQRSTUVWXYZ")
    shuffle: Value[bool] = field(Flag(), "whether each row has an order of its own, by its hash", default=False)
    seed: Value[int] = field(Whole(at_least(0)), "another seed gives other orders", default=0)


class Template(Shape):
    system: Value[str | None] = field(Text(), "what the model is told before the conversation")
    user: Value[str | None] = required(Text(), 'what the user says, such as `"{instruction}"`')
    assistant: Value[str | None] = required(Text(), 'what the model has to answer, such as `"{output}"`')
    options: Options | None = nested(Options, "choices of a question")
    few_shot: FewShot | None = nested(FewShot, "worked examples before the question")
