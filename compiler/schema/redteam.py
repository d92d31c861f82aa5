"""``redteam``: attacks on a model, told apart by where they come from and how often they were tried."""

from __future__ import annotations

from compiler.schema.fields import Shape, Value, field, nested, required
from compiler.schema.values import Formula, ListOf, Name, Whole, Word, at_least
from spec_lang.ast import Expr, Ref

# What a gate can ask of a red team.
FIGURES = {
    "success": "the share of attacks that got through in any attempt",
    "public_success": "the same, of public attacks alone",
    "private_success": "the same, of attacks that were never published",
    "gap": "private minus public success: what public attacks do not show",
}

_ATTACKS = ListOf(Name("the name of a source or task"))


class Automated(Shape):
    method: Value[str | None] = required(
        Word(("mutate", "paraphrase", "translate", "role_play")), "how an attack is changed between attempts"
    )
    attempts: Value[int] = field(Whole(at_least(1)), "how often an attack is tried", default=1)
    model: Value[Ref | None] = field(Name("the name of a model"), "who writes the changed attacks; rules without one")


class Redteam(Shape):
    target: Value[Ref | None] = required(Name("the name of a model or train"), "the model that is attacked")
    public: Value[tuple[Ref, ...]] = field(
        _ATTACKS, "attacks that are published, and that training may have seen", default=()
    )
    private: Value[tuple[Ref, ...]] = field(_ATTACKS, "attacks that were never published", default=())
    automated: Automated | None = nested(Automated, "further attempts that a program makes of every attack")
    success: Value[Expr | None] = field(
        Formula("a label of a judge, such as `refusals == complied`"), "when an attack got through"
    )
    policy: Value[Ref | None] = field(Name("the name of a policy"), "the policy that is attacked")
