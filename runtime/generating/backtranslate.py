"""``method = backtranslate``: rows that are texts' rows with an instruction of a model's in the place of theirs."""

from __future__ import annotations

from compiler.respond_params import Backtranslate
from runtime.generating.backtranslating import Backtranslating, own_prompt
from runtime.generating.candidates import Candidate
from runtime.generating.new_instructions import NewInstructions
from runtime.generating.responding import Prompted
from runtime.generating.work import ALL_ASKED, BUDGET, Ended, Work
from runtime.steps.predict import read_questions


def generate(work: Work) -> Ended:
    """An instruction a text; candidates are in ``work``. Rows without a text are asked nothing about."""
    method = work.params.method
    assert isinstance(method, Backtranslate)
    rows = {row.row_id: row for row in work.rows}
    texts = _texts(work, method)
    new, done = NewInstructions(work, method.column), 0
    for one in Backtranslating(work.params.decode, work.asker, method.max_words).tried(texts):
        row, verdict = rows[one.prompt.row_id], one.verdict
        new.add(
            Candidate(
                {**row.values, method.column: one.text},
                verdict.rule,
                None if verdict.value is None else f"{verdict.value:g}",
                verdict.detail or None,
                parents=(row.row_id,),
                requests=(one.request,),
            )
        )
        done += 1
        work.ctx.progress(done, len(texts), "texts")
    left_out = len(work.rows) - len(texts)
    empty = f"; {left_out:,} rows have no text" if left_out else ""
    if done == len(texts):
        return Ended(ALL_ASKED, f"all {done:,} texts were asked about{empty}")
    return Ended(BUDGET, f"the budget ended after {done:,} of {len(texts):,} texts{empty}")


def _texts(work: Work, method: Backtranslate) -> list[Prompted]:
    """What is asked about each text, in the order of the rows: through the user's template where there is one."""
    texts = {row.row_id: str(row.values.get(method.text) or "") for row in work.rows}
    if "prompts" in work.ctx.inputs:
        shown = (one.prompt for one in read_questions(work.ctx.inputs["prompts"], work.ctx.out))
        asked = [Prompted(one.row_id, one.messages, texts[one.row_id]) for one in shown]
    else:
        asked = [own_prompt(row_id, text) for row_id, text in texts.items()]
    return [one for one in asked if one.expected.strip()]
