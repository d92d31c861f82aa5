"""Templates at FLAN's level: shares, optional parts, choices and examples, over real rows."""

from __future__ import annotations

import json
from collections import Counter
from decimal import Decimal
from typing import Any

import pytest

from compiler.step_params import (
    FewShot,
    Options,
    RenderParams,
    RenderTemplate,
    Segment,
    SplitParams,
    SplitPart,
    Sql,
    TemplateRole,
)
from runtime.steps.render import statements, template_hash
from spec_lang.diagnostics import DiagnosticError
from tests.runtime.data.conftest import Bench


def text(*pieces: str | Segment) -> tuple[Segment, ...]:
    """`.q` is the column q, `$letter` is made by a block, all else is text."""
    made: dict[str, Any] = {".": "column", "$": "made"}
    return tuple(
        piece if isinstance(piece, Segment)
        else Segment.model_validate({made[piece[0]]: piece[1:]} if piece[0] in made else {"text": piece})
        for piece in pieces
    )  # fmt: skip


def template(user: tuple[Segment, ...], assistant: tuple[Segment, ...], **blocks: Any) -> RenderTemplate:
    roles = (TemplateRole(role="user", segments=user), TemplateRole(role="assistant", segments=assistant))
    return RenderTemplate(roles=roles, **blocks)


PLAIN = template(text(".q"), text(".a"))


def rendered(
    bench: Bench, rows: list[dict[str, Any]], *templates: RenderTemplate, **params: Any
) -> list[dict[str, Any]]:
    """Rendered rows; examples are drawn from the same rows."""
    bench.write("a.jsonl", rows)
    bench.ingest("a.jsonl")
    pools = {f"examples:{at}": "ingest:s" for at, item in enumerate(templates) if item.few_shot is not None}
    bench.run(RenderParams(part=None, templates=templates, **params), "t", {"rows": "ingest:s"} | pools)
    return [row | {"messages": json.loads(row["messages"])} for row in bench.rows("render:t")]


def asked(row: dict[str, Any]) -> str:
    return str(next(turn["content"] for turn in reversed(row["messages"]) if turn["role"] == "user"))


def test_templates_have_their_shares_and_a_row_keeps_its_template(bench: Bench) -> None:
    rows = [{"q": f"q{number}", "a": "a"} for number in range(2000)]
    three = PLAIN, template(text("Q: ", ".q"), text(".a")), template(text(".a"), text(".q"))
    found = rendered(bench, rows, *three, weights=(Decimal("0.7"), None, None))
    counts = Counter(row["template_hash"] for row in found)
    assert [counts[template_hash(item)] for item in three] == bench.results["render:t"].summary["templates"]
    for item, share in zip(three, (0.7, 0.15, 0.15), strict=True):
        assert abs(counts[template_hash(item)] - 2000 * share) < 5 * (2000 * share * (1 - share)) ** 0.5
    fewer = rendered(bench, rows[::7], *three, weights=(Decimal("0.7"), None, None))
    chosen = {row["row_id"]: row["template_hash"] for row in found}
    assert {row["row_id"]: row["template_hash"] for row in fewer}.items() <= chosen.items()


def test_an_optional_part_is_there_when_all_its_columns_are(bench: Bench) -> None:
    part = Segment(optional=text("\n{", ".b", "}", ".c"))
    rows = [{"q": "x", "a": "y", "b": b, "c": "!"} for b in ("{b}", "", None, " \u3000")]
    found = rendered(bench, rows, template((*text(".q"), part), text(".a")))
    assert [asked(row) for row in found] == ["x\n{{b}}!", "x", "x", "x"]
    assert rendered(bench, rows, template((*text(".b", ".q"), part), text(".a")))[0]["expected"] == "y"
    assert len(bench.ledger("render:t")) == 3, "a column that stands outside too is needed"


def choice(shuffle: bool = False, answer_as: str = "text", line: Any = None, letters: str = "ABCD") -> Options:
    return Options.model_validate(
        {
            "choices": Sql(sql='"o"', type="list"), "answer": Sql(sql='"a"', type="text"), "answer_as": answer_as,
            "line": line or text("$letter", ") ", "$option"), "letters": letters, "shuffle": shuffle, "seed": 0,
        }
    )  # fmt: skip


LETTERED = text(".q", "\n", "$options"), text("$letter", " ", "$option")


@pytest.mark.parametrize(
    ("answer_as", "answer"), [("text", "c c"), ("letter", "C"), ("index", 2), ("position", 3)]
)  # fmt: skip
def test_the_right_option_is_found_however_it_is_named(bench: Bench, answer_as: str, answer: Any) -> None:
    rows = [{"q": "?", "o": ["a", "{b}", "c c"], "a": answer}]
    (row,) = rendered(bench, rows, template(*LETTERED, options=choice(answer_as=answer_as)))
    assert asked(row) == "?\nA) a\nB) {b}\nC) c c"
    assert row["expected"] == "C c c"


def test_a_number_that_is_not_whole_names_no_option(bench: Bench) -> None:
    numbers = [0, 1, 2, 0.5, 1.4, 1.6, -1, 3, 9.3e18, None]
    rows = [{"q": f"q{at}", "o": ["a", "b", "c"], "a": number} for at, number in enumerate(numbers)]
    for answer_as, expected in (("index", ["A a", "B b", "C c"]), ("position", ["A a", "B b", "C c"])):
        found = rendered(bench, rows, template(*LETTERED, options=choice(answer_as=answer_as)))
        assert [row["expected"] for row in found] == expected
        assert {entry["rule"] for entry in bench.ledger("render:t")} == {"answer_is_no_option"}
        assert len(found) + len(bench.ledger("render:t")) == len(rows)
    last = [{"q": "?", "o": ["a"], "a": (1 << 63) - 1}, {"q": "?", "o": ["a"], "a": 0}]
    assert len(rendered(bench, last, template(*LETTERED, options=choice(answer_as="index")))) == 1


@pytest.mark.parametrize("name", ["x", "i", "n", "h"])
def test_a_column_may_be_called_as_anything_inside_the_options(bench: Bench, name: str) -> None:
    rows = [{"q": f"q{number}", "o": ["w", "x", "y", "z"], "a": "z"} for number in range(20)]
    options = template(*LETTERED, options=choice(shuffle=True))
    plain = [asked(row) for row in rendered(bench, rows, options)]
    named = rendered(bench, [row | {name: 7} for row in rows], options)
    assert sorted(len(set(asked(row).splitlines()[1:])) for row in named) == [4] * 20
    assert {asked(row).splitlines()[0] for row in named} == {text.splitlines()[0] for text in plain}


def test_options_are_shuffled_by_the_row_and_the_answer_goes_with_them(bench: Bench) -> None:
    rows = [{"q": f"q{number}", "o": ["w", "x", "y", "z"], "a": "z"} for number in range(400)]
    found = rendered(bench, rows, template(*LETTERED, options=choice(shuffle=True)))
    orders = Counter()
    for row in found:
        lines = asked(row).splitlines()[1:]
        orders["".join(line[-1] for line in lines)] += 1
        letter = next(line[0] for line in lines if line.endswith(" z"))
        assert row["expected"] == f"{letter} z"
        assert [line[0] for line in lines] == list("ABCD")
    assert len(orders) == 24 and max(orders.values()) < 45
    alone = rendered(bench, rows[5:6], template(*LETTERED, options=choice(shuffle=True)))
    assert alone[0]["messages"] == found[5]["messages"]


def test_flans_list_of_options(bench: Bench) -> None:
    dashes = choice(line=text("- ", "$option"))
    (row,) = rendered(
        bench,
        [{"q": "?", "o": ["a", "b"], "a": "b"}],
        template(text(".q", "\nOPTIONS:\n", "$options"), text("$option"), options=dashes),
    )
    assert asked(row) == "?\nOPTIONS:\n- a\n- b" and row["expected"] == "b"


def test_choices_that_cannot_be_shown_are_in_the_ledger(bench: Bench) -> None:
    answers = [(["a", "b"], "b"), (["a", "b"], "c"), ([], "a"), (list("abcde"), "a"), (["a", "b"], None)]
    rows = [{"q": f"{n}", "o": options, "a": answer} for n, (options, answer) in enumerate(answers)]
    assert len(rendered(bench, rows, template(*LETTERED, options=choice()))) == 1
    assert [(row["line"], row["rule"], row["detail"]) for row in bench.ledger("render:t")] == [
        (2, "answer_is_no_option", "the answer is not among the options"),
        (3, "no_options", "there are no options to choose from"),
        (4, "too_many_options", "there are more options than letters"),
        (5, "answer_is_no_option", "the answer is not among the options"),
    ]
    for outside in (-1, 2, 1.5):
        rows = [{"q": "x", "o": ["a", "b"], "a": outside}, {"q": "y", "o": ["a", "b"], "a": 0}]
        rendered(bench, rows, template(*LETTERED, options=choice(answer_as="index")))
        assert [row["rule"] for row in bench.ledger("render:t")] == ["answer_is_no_option"], outside


def shots(count: int, words: Any = None, asked: tuple[str, ...] = ("q",), part: str | None = None) -> FewShot:
    return FewShot(count=count, part=part, text=words, asked=asked, seed=1)


IN_TEXT = text("$few_shot", "Q: ", ".q")
EXAMPLE = text("Q: ", ".q", "\nA: ", ".a", "\n\n")


def test_examples_are_other_rows_each_once_and_the_same_for_the_same_row(bench: Bench) -> None:
    rows = [{"q": f"q{number}", "a": f"a{number}"} for number in range(300)]
    worked = template(IN_TEXT, text(".a"), few_shot=shots(4, EXAMPLE))
    found = rendered(bench, rows, worked)
    drawn: Counter[str] = Counter()
    for row in found:
        *examples, question = asked(row).split("\n\n")
        assert question not in [example.split("\nA:")[0] for example in examples]
        assert len(set(examples)) == 4
        assert all(example.split("\nA: ")[0][3:] == "q" + example.split("\nA: ")[1][1:] for example in examples)
        drawn.update(examples)
    assert len(drawn) > 280 and max(drawn.values()) < 20, "all rows are drawn about as often"
    assert len({asked(row).rsplit("\n\n", 1)[0] for row in found}) == 300, "each row has its own"
    assert "JOIN pool_0" in statements(bench.steps["render:t"])[1]


def test_examples_as_turns_are_marked_so_that_no_loss_falls_on_them(bench: Bench) -> None:
    rows = [{"q": f"q{number}", "a": f"a{number}", "s": "sys"} for number in range(20)]
    roles = (TemplateRole(role="system", segments=text(".s")), *PLAIN.roles)
    worked = RenderTemplate(roles=roles, few_shot=shots(2))
    for row in rendered(bench, rows, worked):
        turns = row["messages"]
        assert [turn["role"] for turn in turns] == ["system", *["user", "assistant"] * 3]
        assert [turn.get("loss") for turn in turns if turn["role"] == "assistant"] == [False, False, None]
        assert {t["content"][1:] for t in turns[1:3]} != {t["content"][1:] for t in turns[3:5]}
        assert turns[-1]["content"] == row["expected"]


def test_what_asks_the_same_is_no_example_and_counts_once(bench: Bench) -> None:
    rows = [{"q": question, "a": str(n)} for n, question in enumerate(["One?", " one? ", "TWO?", "two?", "three?"])]
    for row in rendered(bench, rows, template(IN_TEXT, text(".a"), few_shot=shots(2, EXAMPLE))):
        questions = [line[3:].strip().lower() for line in asked(row).splitlines() if line.startswith("Q:")]
        assert sorted(questions) == ["one?", "three?", "two?"]
    with pytest.raises(DiagnosticError) as error:
        rendered(bench, rows, template(IN_TEXT, text(".a"), few_shot=shots(4, EXAMPLE)))
    assert error.value.diagnostics[0].code == "SFT0440"
    with pytest.raises(DiagnosticError) as error:
        rendered(bench, rows, template(IN_TEXT, text(".a"), few_shot=shots(3, EXAMPLE)))
    assert error.value.diagnostics[0].code == "SFT0414"
    assert {row["rule"] for row in bench.ledger("render:t")} == {"too_few_examples"}


def test_drawn_once_all_rows_have_the_same_examples_and_more_of_them_begin_with_fewer(bench: Bench) -> None:
    rows = [{"q": f"q{number}", "a": f"a{number}"} for number in range(60)]
    found = {}
    for count in (2, 4):
        once = shots(count, EXAMPLE).model_copy(update={"once": True})
        told = [asked(row).split("\n\n") for row in rendered(bench, rows, template(IN_TEXT, text(".a"), few_shot=once))]
        begins = Counter(tuple(examples) for *examples, _ in told)
        (common, rows_with_it), *_ = begins.most_common(1)
        assert rows_with_it == 60 - count, "all but the rows that are among the examples themselves"
        for *examples, question in told:
            assert len(set(examples)) == count and question not in [example.split("\nA:")[0] for example in examples]
        found[count] = common
    assert found[4][:2] == found[2]
    other = shots(2, EXAMPLE).model_copy(update={"once": True, "seed": 2})
    *examples, _ = asked(rendered(bench, rows, template(IN_TEXT, text(".a"), few_shot=other))[0]).split("\n\n")
    assert tuple(examples) != found[2], "another seed draws others"


def test_test_rows_get_examples_of_the_part_that_is_named(bench: Bench) -> None:
    bench.write("a.jsonl", [{"q": f"q{number}", "a": str(number)} for number in range(200)])
    bench.ingest("a.jsonl")
    parts = (SplitPart(name="test", share=Decimal("0.4")), SplitPart(name="train", share=Decimal("0.6")))
    key = (Sql(sql='"q"', params=(), type="text"),)
    bench.run(SplitParams(key=key, parts=parts), "t", {"rows": "ingest:s"})
    train = {row["q"] for row in bench.rows("split:t") if row["__split"] == "train"}
    worked = template(IN_TEXT, text(".a"), few_shot=shots(3, EXAMPLE, part="train"))
    params = RenderParams(part="test", templates=(worked,))
    bench.run(params, "e", {"rows": "split:t", "examples:0": "split:t"})
    for row in bench.rows("render:e"):
        *examples, question = asked({"messages": json.loads(row["messages"])}).split("\n\n")
        assert {example.split("\n")[0][3:] for example in examples} <= train
        assert question[3:] not in train


def test_one_thread_and_two_give_the_same_bytes(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = [{"q": f"q{number}", "o": ["a", "b", "c"], "a": "b"} for number in range(3000)]
    both = (
        template(IN_TEXT, text(".a"), few_shot=shots(3, EXAMPLE)),
        template(*LETTERED, options=choice(shuffle=True), few_shot=shots(2)),
    )
    found = []
    for threads in (1, 2):
        monkeypatch.setattr("os.cpu_count", lambda threads=threads: threads)
        rendered(bench, rows, *both)
        found.append((bench.out("render:t") / "rows.parquet").read_bytes())
    assert found[0] == found[1]
