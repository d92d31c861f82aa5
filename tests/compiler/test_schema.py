"""The declared shapes agree with the grammar's vocabulary, with themselves, and with the parameters of steps."""

from __future__ import annotations

from compiler.functions import ALIASES, FUNCTIONS
from compiler.schema.catalogue import BLOCKS, LATER_ENTRIES, LATER_KINDS
from compiler.schema.fields import FieldSpec, NamedSpec, RulesSpec, declared, specs
from compiler.schema.train import Train
from compiler.step_params import TrainParams
from spec_lang.vocabulary import CLAUSES, FLAGS, NAMED, VERBS


def test_every_verb_clause_and_named_rule_is_in_the_grammar() -> None:
    for shape in BLOCKS.values():
        for rules in declared(shape, RulesSpec).values():
            assert rules.verbs.keys() <= VERBS.keys()
            assert {word for clauses in rules.verbs.values() for word in clauses.words} <= {*CLAUSES, *FLAGS}
        assert {named.word for named in declared(shape, NamedSpec).values()} <= NAMED.keys()


def test_nothing_is_both_known_and_for_later() -> None:
    assert not set(BLOCKS) & set(LATER_KINDS)
    for kind, later in LATER_ENTRIES.items():
        assert not set(later) & set(declared(BLOCKS[kind], FieldSpec))


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
