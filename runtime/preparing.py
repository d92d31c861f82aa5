"""Columns that no SQL says, computed before the rule that asks for them: tokens of a model, languages.

A rule's SQL reads them by name. Here their texts come out of the engine in batches, equal ones of a batch once, and the
values go back into a table of keys and values that is joined to the rows. Only rows that are left are looked at, so the
cheap rules of a filter belong before the dear ones. What two rules ask alike is computed once a step, and what a model
tells of the same texts in one look: a language, and how likely each is. Memory is that of a batch; a value costs about
1 us beside what computing it takes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any, TypeAlias

from compiler.params_base import Prepared, Sql
from runtime.context import StepContext
from runtime.relational import Engine, quoted
from spec_lang.diagnostics import fatal

_BATCH = 20_000  # rows
_TYPES = {"tokens": "BIGINT", "language": "VARCHAR", "language_confidence": "DOUBLE"}
_Look: TypeAlias = Callable[[Sequence[str]], Sequence[Any]]


def with_prepared(
    ctx: StepContext,
    db: Engine,
    rows: str,
    key: str,
    expressions: Iterable[Sql | None],
    later: Iterable[Sql | None] = (),
) -> str:
    """The name of the rows with all columns that the expressions ask for: ``rows`` itself where they ask for none.

    ``rows`` is a table or view with a column ``key`` that tells its rows apart. What expressions that come ``later``
    ask of the same texts and the same model is computed with it. Raises DiagnosticError SFT0314 where the model is not
    the one that the plan was made with, and what loading a tokenizer raises.
    """
    wanted = _items(expressions)
    for item in wanted.values():
        tables = {row[0] for row in db.rows("SELECT table_name FROM duckdb_tables()")}
        if _table(item) not in tables:
            known = (wanted | _items(later)).values()
            alike = [one for one in known if (one.model, one.value) == (item.model, item.value)]
            _compute(ctx, db, rows, key, [one for one in alike if _table(one) not in tables])
        joined = f"{rows} LEFT JOIN {quoted(_table(item))} AS made ON made.key = {rows}.{key}"
        view = f"{rows}_and{item.name}"
        db.execute(f"CREATE OR REPLACE VIEW {view} AS SELECT {rows}.*, made.value AS {quoted(item.name)} FROM {joined}")
        rows = view
    return rows


def _items(expressions: Iterable[Sql | None]) -> dict[str, Prepared]:
    return {item.name: item for sql in expressions if sql is not None for item in _in_order(sql)}


def _in_order(sql: Sql) -> Iterable[Prepared]:
    """Columns that a column is computed of before it."""
    for item in sql.prepared:
        yield from _in_order(item.value)
        yield item


def _table(item: Prepared) -> str:
    return f"{item.name}_values"


def _compute(ctx: StepContext, db: Engine, rows: str, key: str, items: Sequence[Prepared]) -> None:
    """The values of columns that one look of one model at the same texts tells."""
    value, look = items[0].value, _look(ctx, items[0])
    for item in items:
        db.execute(
            f"CREATE TABLE {quoted(_table(item))} AS "
            f"SELECT {key} AS key, NULL::{_TYPES[item.function]} AS value FROM {rows} LIMIT 0"
        )
    total, done = db.value(f"SELECT count(*) FROM {rows}"), 0
    for batch in db.batches(f"SELECT {key}, ({value.sql})::VARCHAR FROM {rows}", value.params, _BATCH):
        ctx.stop.check()
        texts = list(dict.fromkeys(text for _, text in batch if text is not None))
        seen = look(texts)
        for item in items:
            values: dict[str | None, Any] = dict(zip(texts, map(_told(item), seen), strict=True))
            db.append(_table(item), [(found, values.get(text)) for found, text in batch])
        done += len(batch)
        ctx.progress(done, total, "rows")


def _look(ctx: StepContext, item: Prepared) -> _Look:
    if item.function == "tokens":
        return _tokens(ctx, item.model)
    from runtime.languages import model_hash, tell_languages

    if model_hash() != item.model:
        raise fatal(
            "SFT0314",
            "the model that tells languages is not the one that this plan was made with",
            "install the version of py3langid that was there then, or make the plan anew",
        )
    return tell_languages


def _told(item: Prepared) -> Callable[[Any], Any]:
    """A column's value of what a look gave for a text."""
    match item.function:
        case "language":
            return lambda telling: telling.language
        case "language_confidence":
            return lambda telling: telling.confidence(str(item.code))
    return lambda count: count


def _tokens(ctx: StepContext, tokenizer_hash: str) -> _Look:
    """Counts by the tokenizer of this hash, as it encodes a text by itself."""
    from tokenizers import Tokenizer

    from runtime.models.folders import model_folder
    from runtime.models.model_facts import classifier_facts

    found = ctx.step.local["tokenizers"][tokenizer_hash]
    facts = classifier_facts(found["weights"], ctx.spec_dir)
    if getattr(facts, "tokenizer", None) != tokenizer_hash:
        raise fatal(
            "SFT0526",
            f"the tokenizer of `{found['weights']}` changed while the run was going on",
            "run again: the plan is made anew with the files as they are now, and nothing of this step was stored",
        )
    file = model_folder(found["weights"], ctx.spec_dir, ctx.note) / "tokenizer.json"
    try:
        tokenizer = Tokenizer.from_file(str(file))
    except Exception as error:  # the library raises nothing narrower
        raise fatal("SFT0505", f"the tokenizer cannot be loaded: {str(error).splitlines()[0]}") from error
    tokenizer.no_truncation()
    tokenizer.no_padding()

    def count(texts: Sequence[str]) -> list[int]:
        return [len(found.ids) for found in tokenizer.encode_batch_fast(list(texts), add_special_tokens=False)]

    return count
