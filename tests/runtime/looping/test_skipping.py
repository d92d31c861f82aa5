"""Which steps a loop stops, from the plan and from what guards and rounds say of themselves."""

from __future__ import annotations

from typing import Any

from compiler.hashing import hash_text
from compiler.loop_params import GuardParams, RoundParams, SelectParams
from compiler.plan import PLAN_FORMAT, Place, Plan, Step, StepKind
from compiler.step_params import GateParams, Lora, TrainParams
from runtime.skipping import Skipping, notices, overall_verdict

PLACE = Place(path="s.sft", line=1, column=1, end_line=1, end_column=2)
TRAIN = TrainParams.model_construct(adapter=Lora.model_construct())
OF_KIND: dict[StepKind, Any] = {
    StepKind.GUARD: GuardParams(limits=(), real=(), made=(), written=(), human=()),
    StepKind.ROUND: RoundParams(models=("m",), shown=()),
    StepKind.SELECT: SelectParams(models=("m",)),
    StepKind.GATE: GateParams(requirements=()),
}
STOPPED = {"stopped": {"entry": "limits.0", "reason": "guard real_share >= 30%: it is 24%, of 100 rows"}}


def step(
    kind: StepKind, name: str, after: tuple[str, ...] = (), lines: dict[str, int] | None = None, **inputs: str
) -> Step:
    roles = {role.replace("_", ":"): source for role, source in inputs.items()}
    local = {"labels": {"round": f"round {name[-1]} of star"}, "lines": lines or {}, "after": list(after)}
    return Step(
        kind=kind,
        name=name,
        params=OF_KIND.get(kind, TRAIN),
        inputs=roles,
        content={},
        local=local,
        place=PLACE,
        version=1,
        hash=hash_text(f"{kind}:{name}"),
    )


GUARDS = [
    step(StepKind.GUARD, f"star.{n}", (f"round:star.{n - 1}",) * (n > 1), {"limits.0": 40 + n}) for n in (1, 2, 3)
]
TRAINS = [step(StepKind.TRAIN, f"star.{n}.student", (f"guard:star.{n}",)) for n in (1, 2, 3)]
ROUNDS = [step(StepKind.ROUND, f"star.{n}", (f"guard:star.{n}",), {"stops.0": 50}) for n in (1, 2, 3)]
SELECT = step(
    StepKind.SELECT,
    "star",
    **{f"round_{n}": f"round:star.{n}" for n in (1, 2, 3)},
    **{f"model_{n}": f"train:star.{n}.student" for n in (1, 2, 3)},
)
AFTER = [
    step(StepKind.PREDICT, "final.star", model="select:star"),
    step(StepKind.MEASURE, "final", cell="predict:final.star"),
]
GATE = step(StepKind.GATE, "lift", final="measure:final")
OTHER = step(StepKind.MEASURE, "apart")
OTHER_GATE = step(StepKind.GATE, "apart", apart="measure:apart")
PLAN = [one for round in zip(GUARDS, TRAINS, ROUNDS, strict=True) for one in round] + [
    SELECT,
    *AFTER,
    GATE,
    OTHER,
    OTHER_GATE,
]


def skipped(stopping: dict[str, dict[str, Any]]) -> Skipping:
    found = Skipping()
    for one in PLAN:
        if found.reason(one) is None:
            found.ended(one, stopping.get(one.id, {}))
    return found


def verdict(*ran: tuple[Step, dict[str, Any]]) -> str | None:
    return overall_verdict(Plan(format=PLAN_FORMAT, edition=2026, spec="s.sft", steps=tuple(PLAN)), ran)


def test_nothing_is_skipped_where_nothing_stops() -> None:
    assert skipped({}).reasons == {}


def test_a_guard_skips_its_round_and_all_later_ones_with_its_line() -> None:
    found = skipped({"guard:star.2": STOPPED})
    assert set(found.reasons) == {
        *("train:star.2.student", "round:star.2", "guard:star.3", "train:star.3.student", "round:star.3"),
    }
    assert set(found.reasons.values()) == {
        "round 2 of star stopped: guard real_share >= 30%: it is 24%, of 100 rows, line 42"
    }
    assert found.lacking(SELECT).keys() == {"round:2", "round:3", "model:2", "model:3"}


def test_a_stop_rule_skips_the_rounds_after_it_alone() -> None:
    stopped = {"stopped": {"entry": "stops.0", "reason": "stop when progress.exact below 40%: it is 30% of 9 items"}}
    found = skipped({"round:star.1": stopped})
    assert set(found.reasons) == {one.id for one in PLAN if ".2" in one.name or ".3" in one.name}
    assert found.reasons["guard:star.2"].endswith("line 50")


def test_a_loop_without_a_round_has_no_model_and_leaves_gates_open() -> None:
    found = skipped({"guard:star.1": STOPPED})
    assert {"select:star", "predict:final.star", "measure:final"} <= found.reasons.keys()
    assert "gate:lift" not in found.reasons
    assert found.lacking(GATE)["final"].startswith("round 1 of star stopped")


def test_a_guard_that_stopped_leaves_a_run_without_a_gate_inconclusive() -> None:
    assert verdict((GUARDS[0], {})) is None
    assert verdict((GUARDS[0], STOPPED)) == "inconclusive"
    assert verdict((GUARDS[0], STOPPED), (GATE, {"verdict": "pass"})) == "pass"
    assert verdict((GATE, {})) == "inconclusive"


def test_a_gate_on_something_else_says_nothing_of_a_loop_that_a_guard_ended() -> None:
    passed, failed = {"verdict": "pass"}, {"verdict": "fail"}
    assert verdict((GUARDS[1], STOPPED), (OTHER_GATE, passed)) == "inconclusive"
    assert verdict((GUARDS[1], STOPPED), (OTHER_GATE, failed)) == "fail"
    assert verdict((GUARDS[1], STOPPED), (OTHER_GATE, passed), (GATE, passed)) == "pass"
    assert verdict((ROUNDS[0], STOPPED), (OTHER_GATE, passed)) == "pass"


def test_findings_are_warnings_with_what_they_say() -> None:
    told = {"findings": [{"code": "SFT0570", "message": "m", "help": "h", "entry": "limits.0"}]}
    (found,) = notices(iter([(GUARDS[0], told), (TRAINS[0], {})]), {})
    assert (found.code, found.message, found.severity) == ("SFT0570", "m", "warning")
