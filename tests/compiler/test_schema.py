"""The declared shapes agree with the grammar's vocabulary, with themselves, and with the parameters of steps."""

from __future__ import annotations

from compiler.functions import ALIASES, FUNCTIONS
from compiler.schema.catalogue import BLOCKS, LATER_ENTRIES, LATER_KINDS
from compiler.schema.fields import FieldSpec, NamedSpec, NestedSpec, RulesSpec, Shape, declared, specs
from compiler.schema.train import Train
from compiler.step_params import TrainParams
from spec_lang.vocabulary import CLAUSES, FLAGS, NAMED, VERBS


def test_every_verb_clause_and_named_rule_is_in_the_grammar() -> None:
    for shape in BLOCKS.values():
        for rules in declared(shape, RulesSpec).values():
            assert rules.verbs.keys() <= VERBS.keys()
            assert {word for clauses in rules.verbs.values() for word in clauses.words} <= {*CLAUSES, *FLAGS}
        assert {named.word for named in declared(shape, NamedSpec).values()} <= NAMED.keys()


def entries(shape: type[Shape]) -> set[str]:
    """Names of fields, nested blocks, verbs and clauses."""
    names = {*declared(shape, FieldSpec), *declared(shape, NestedSpec)}
    for rules in declared(shape, RulesSpec).values():
        names |= {*rules.verbs, *(word for clauses in rules.verbs.values() for word in clauses.words)}
    return names


def test_what_cannot_run_yet_is_declared_and_checked() -> None:
    assert set(LATER_KINDS) <= set(BLOCKS)
    for kind, later in LATER_ENTRIES.items():
        assert set(later) <= entries(BLOCKS[kind])


def test_the_missing_step_of_a_later_kind_is_named() -> None:
    assert all(missing.startswith("the ") for missing in LATER_KINDS.values())


def test_every_field_says_what_it_is() -> None:
    for shape in BLOCKS.values():
        for name, spec in specs(shape).items():
            if isinstance(spec, FieldSpec):
                assert len(spec.doc) > 10 and spec.type.expects, name


def test_every_option_of_a_train_step_can_be_written() -> None:
    assert set(TrainParams.model_fields) - {"kind"} <= declared(Train, FieldSpec).keys()


def test_aliases_lead_to_functions() -> None:
    assert set(ALIASES.values()) <= FUNCTIONS.keys()
    assert not set(ALIASES) & set(FUNCTIONS)
