"""Why items failed, as far as answers tell: one cause an item, the first that fits.

Decided by what is stored and looked at in SQL, in this order:

1. ``error``: no answer came, or the metric could not measure it (the server's stop reason, or no value);
2. ``empty``: nothing but white space;
3. ``refusal``: the answer begins with a phrase that declines, and the expected text does not. A regular expression,
   so it misses some and finds some that are none; a judge knows better;
4. ``truncated``: ``max_new_tokens`` cut it off;
5. ``wrong format``: a metric of form (``valid_json``, ``json_schema``, ``regex_match``) of the same eval is 0; or the
   expected text is JSON and the answer is not; or a number is expected and the answer holds none; or the eval expects
   one of two to ``FEW_LABELS`` short texts and the answer is none of them;
6. ``wrong value``: the rest.

One look at the outputs that failed, half a second for 50,000 among half a million; asked once an index and kept as a
byte an item.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Literal, TypeAlias, get_args

from runtime.own_results import made_steps
from runtime.store import Store
from tui.item_index import ItemIndex, Matched, measured_items
from tui.queries import plan

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from tui.item_index import Mask

    Codes: TypeAlias = NDArray[np.uint8]

Cause = Literal["error", "empty", "refusal", "truncated", "wrong format", "wrong value"]
CAUSES: tuple[Cause, ...] = get_args(Cause)
FORM_METRICS = ("valid_json", "json_schema", "regex_match")
FEW_LABELS = 20
LABEL_CHARACTERS = 40
REFUSAL = (
    r"(?i)^\W*((i'm|i am|we're) (very |so |really )?sorry\b|sorry\b|i apologi[sz]e\b|unfortunately\b|as an ai\b)"
    r".{0,100}\b(can't|cannot|can not|can’t|won't|won’t|unable|not able|not allowed|not comfortable)\b"
    r"|^\W*(i|we) (can't|cannot|can not|can’t|won't|won’t|am unable|am not able|must decline|have to decline)\b"
    r"|^\W*i(’|')m (unable|not able)\b"
)

_CAUSES = """
SELECT p.rowid AS at, CASE
    WHEN p.stop_reason NOT IN ('end_of_turn', 'length', 'chosen', 'recorded', 'stop') THEN 0
    WHEN trim(p.output, ' \t\n\r') = '' THEN 1
    WHEN regexp_matches(left(p.output, 300), $refusal) AND NOT regexp_matches(left(p.expected, 300), $refusal) THEN 2
    WHEN p.stop_reason = 'length' THEN 3
    WHEN left(ltrim(p.expected), 1) IN ('{', '[') AND json_valid(p.expected) AND NOT json_valid(p.output) THEN 4
    WHEN isfinite(try_cast(p.expected AS DOUBLE)) AND NOT regexp_matches(p.output, '[0-9]') THEN 4
    WHEN len($labels) > 0 AND NOT list_contains($labels, lower(trim(p.output, ' \t\n\r.'))) THEN 4
    ELSE 5 END::UTINYINT AS code
FROM predictions p WHERE p.rowid IN (SELECT unnest($places::BIGINT[]))
"""


def causes(store: Store, index: ItemIndex, failing: Mask) -> Codes:
    """The position in ``CAUSES`` of every item that failed or was not measured; 255 of the others."""
    import numpy as np

    codes: Codes = np.full(len(index), 255, np.uint8)
    items = np.flatnonzero(failing)
    if not len(items):
        return codes
    places = index.at[items]
    with store.reading() as con:
        formless = _formless(store, index)
        given: dict[str, Any] = {"places": places, "refusal": REFUSAL, "labels": _labels(store, list(index.steps))}
        found = con.execute(_CAUSES, given).fetchnumpy()
    by_place = np.full(int(places.max()) + 1, len(CAUSES) - 1, np.uint8)
    by_place[np.asarray(found["at"])] = np.asarray(found["code"])
    own = by_place[places]
    own[(own == CAUSES.index("wrong value")) & formless[items]] = CAUSES.index("wrong format")
    own[np.isnan(index.value[items])] = CAUSES.index("error")
    codes[items] = own
    return codes


def _formless(store: Store, index: ItemIndex) -> Mask:
    """The items whose answer a metric of form found wrong."""
    import numpy as np

    asked, found = index.asked, np.zeros(len(index), bool)
    measures, forms = _form_metrics(store, asked.run_id, asked.eval)
    for place, template in enumerate(index.templates):
        own = index.cell == place
        for form in forms:
            measured = measured_items(store, measures, asked.model, template, form)
            found[own] |= Matched(index.prints[own]).take(measured["print"], measured["value"], 1.0) == 0
    return found


def counted(codes: Codes, mask: Mask) -> dict[Cause, int]:
    """Cause -> items of a mask, most first."""
    import numpy as np

    counts = np.bincount(codes[mask], minlength=256)
    found = {cause: int(counts[place]) for place, cause in enumerate(CAUSES) if counts[place]}
    return dict(sorted(found.items(), key=lambda pair: -pair[1]))


def _form_metrics(store: Store, run_id: str, eval_name: str) -> tuple[list[str], list[str]]:
    """Hashes of the eval's measure steps, and the names of its metrics of form."""
    measures, forms, made = [], [], made_steps(store, run_id)
    for step in measure_steps(plan(store, run_id), eval_name):
        if f"measure:{step.get('name')}" not in made:
            continue
        measures.append(step.get("hash", ""))
        forms += [m["name"] for m in step["params"].get("metrics", ()) if m.get("function") in FORM_METRICS]
    return measures, forms


def measure_steps(plan_: dict[str, Any], eval_name: str) -> Sequence[dict[str, Any]]:
    """The measure steps of an eval, of a plan's JSON."""
    steps = [step for step in plan_.get("steps", ()) if step.get("kind") == "measure"]
    return [step for step in steps if step.get("local", {}).get("labels", {}).get("eval") == eval_name]


def _labels(store: Store, steps: list[str]) -> list[str]:
    """The texts that an eval expects, where they are few and short and several items share each. Where the first
    thousand items expect too many already, the others are not looked at."""
    label = "lower(trim(expected, ' \t\n\r.'))"
    first = "(SELECT expected FROM predictions WHERE list_contains(?, step_hash) ORDER BY rowid LIMIT 1000)"
    with store.reading():
        some = store.query(f"SELECT count(DISTINCT {label}) FROM {first}", [steps])[0][0]
        if not 1 < some <= FEW_LABELS:
            return []
        every = f"SELECT {label} AS label, count(*) FROM predictions WHERE list_contains(?, step_hash) GROUP BY label"
        rows = store.query(f"{every} LIMIT ?", [steps, FEW_LABELS + 1])
    few = 1 < len(rows) <= FEW_LABELS and all(len(label) <= LABEL_CHARACTERS and label for label, _ in rows)
    return [label for label, _ in rows] if few and sum(times for _, times in rows) >= 5 * len(rows) else []
