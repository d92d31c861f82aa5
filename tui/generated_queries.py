"""Questions about generated rows: how many were accepted, what rejected the others, what they cost, and examples."""

from __future__ import annotations

from dataclasses import dataclass

from runtime.own_results import BEGUN_STEPS
from runtime.store import Store


@dataclass(frozen=True, slots=True)
class Written:
    """A generate step of a run. ``requests`` are those behind its candidates that were asked, by whichever run: what a
    budget left out is a candidate and no request. Tokens, seconds and cost are None where nothing is known of them."""

    step_id: str
    step_hash: str
    candidates: int
    accepted: int
    generations: int
    requests: int
    prompt_tokens: int | None
    output_tokens: int | None
    seconds: float | None
    cost: float | None


@dataclass(frozen=True, slots=True)
class Rejection:
    """A rule with what it rejected, the first of it as an example; ``rule`` is None for what was accepted."""

    rule: str | None
    candidates: int
    value: str | None
    detail: str | None
    content: str
    nearest: str | None


@dataclass(frozen=True, slots=True)
class Round:
    """``similarity`` is the median of the highest similarities, of candidates that were compared; NULL without any."""

    round: int
    candidates: int
    accepted: int
    similarity: float | None


@dataclass(frozen=True, slots=True)
class Sample:
    """A candidate, with the row that it is most like."""

    number: int
    row_id: str
    generation: int
    similarity: float | None
    content: str


def written(store: Store, run_id: str) -> list[Written]:
    """The generate steps of a run that left candidates, in the order of the plan."""
    found = store.query(
        f"WITH c AS (SELECT s.step_id, s.ordinal, s.step_hash, c.* EXCLUDE (step_hash) FROM {BEGUN_STEPS} s "
        "JOIN candidates c USING (step_hash) WHERE s.run_id = ? AND s.kind = 'generate'), "
        "asked AS (SELECT step_hash, count(*) AS requests, sum(prompt_tokens) AS read, sum(output_tokens) AS made, "
        "sum(seconds) AS seconds, sum(cost) AS cost FROM "
        "(SELECT DISTINCT step_hash, unnest(requests) AS request_hash FROM c) JOIN requests USING (request_hash) "
        "GROUP BY step_hash) "
        "SELECT step_id, step_hash, count(*), count(*) FILTER (verdict = 'accepted'), "
        "coalesce(max(generation) FILTER (verdict = 'accepted'), 0), coalesce(any_value(asked.requests), 0), "
        "any_value(read)::BIGINT, any_value(made)::BIGINT, any_value(asked.seconds), any_value(asked.cost)::DOUBLE "
        "FROM c LEFT JOIN asked USING (step_hash) GROUP BY step_id, step_hash, ordinal ORDER BY ordinal",
        [run_id],
    )
    return [Written(*row) for row in found]


def rejections(store: Store, step_hash: str) -> list[Rejection]:
    """What became of the candidates of a step, by rule, most first; accepted ones have no rule."""
    found = store.query(
        "SELECT c.rule, count(*), arg_min(c.value, c.number), arg_min(c.detail, c.number), "
        "arg_min(c.content, c.number), arg_min(n.content, c.number) FROM candidates c "
        "LEFT JOIN (SELECT row_id, any_value(content) AS content FROM examples WHERE row_id IN "
        "(SELECT nearest FROM candidates WHERE step_hash = $1 AND rule = 'novelty') GROUP BY row_id) n "
        "ON n.row_id = c.nearest AND c.rule = 'novelty' WHERE c.step_hash = $1 GROUP BY c.rule "
        "ORDER BY c.rule IS NOT NULL, count(*) DESC, c.rule",
        [step_hash],
    )
    return [Rejection(*row) for row in found]


def rounds(store: Store, step_hash: str) -> list[Round]:
    """The rounds of a step; one for methods that have none."""
    found = store.query(
        "SELECT round, count(*), count(*) FILTER (verdict = 'accepted'), median(similarity) FROM candidates "
        "WHERE step_hash = ? GROUP BY round ORDER BY round",
        [step_hash],
    )
    return [Round(*row) for row in found]


def accepted(store: Store, step_hash: str, limit: int) -> list[Sample]:
    """The first accepted candidates."""
    found = store.query(
        "SELECT number, row_id, generation, similarity, content FROM candidates "
        "WHERE step_hash = ? AND verdict = 'accepted' ORDER BY number LIMIT ?",
        [step_hash, limit],
    )
    return [Sample(*row) for row in found]
