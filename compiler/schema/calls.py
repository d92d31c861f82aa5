"""Values that are written as a call: ``blessed("main")``, ``env("KEY")``, ``rules("refusal")``.

What may be called is data, one form a function, so that messages and documentation can list it. The
functions of expressions are another table (``compiler.functions``): these here take names of blocks.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from msgspec import Struct

from compiler.reporting import Reporter, suggestion
from compiler.schema.fields import Value, read_value
from compiler.schema.values import ValueType
from compiler.schema.written import described
from spec_lang.ast import Arg, Call, Expr, StringLit
from spec_lang.source import Span


class Argument(Struct, frozen=True, eq=False):
    """An argument of a call, in its place or by its name; one with a ``default`` may be left out."""

    name: str
    type: ValueType
    required: bool = True
    default: Any = None


class CallForm(Struct, frozen=True, eq=False):
    """``blessed(name)``: what may be called, with what it takes."""

    name: str
    arguments: tuple[Argument, ...]
    doc: str
    example: str

    @property
    def signature(self) -> str:
        shown = [item.name if item.required else f"{item.name} = {item.default}" for item in self.arguments]
        return f"{self.name}({', '.join(shown)})"


class ReadCall(Struct, frozen=True, eq=False):
    """A call as far as it could be read: every argument by its name, defaults filled in."""

    form: CallForm
    arguments: Mapping[str, Value[Any]]
    span: Span

    def argument(self, name: str) -> Any:
        found = self.arguments.get(name)
        return found.value if found else None


def forms(*items: CallForm) -> Mapping[str, CallForm]:
    return {item.name: item for item in items}


class CallOf(Struct, frozen=True, eq=False):
    """A call of one of a few functions. ``secret``: a string in its place is a secret that has to leave the spec."""

    forms: Mapping[str, CallForm]
    secret: bool = False

    @property
    def expects(self) -> str:
        return " or ".join(f"`{form.example}`" for form in self.forms.values())

    def read(self, expr: Expr, field: str, report: Reporter) -> ReadCall | None:
        if self.secret and isinstance(expr, StringLit):
            help = f"write {self.expects}: the variable is read when the spec runs, and its value is stored nowhere"
            report.error("SFT0250", f"`{field}` is a secret, and stands in the spec", expr.span, help)
            return None
        if not isinstance(expr, Call):
            report.error("SFT0208", f"`{field}` takes {self.expects}, not {described(expr)}", expr.span)
            return None
        form = self.forms.get(expr.func.text)
        if form is None:
            help = suggestion(expr.func.text, self.forms, "functions")
            report.error("SFT0302", f"`{field}` has no function `{expr.func.text}`", expr.func.span, help)
            return None
        return read_call(form, expr, report)


def read_call(form: CallForm, call: Call, report: Reporter) -> ReadCall:
    """The arguments of a call by its form; what is wrong of one hides nothing of the others."""
    read: dict[str, Value[Any]] = {}
    for position, arg in enumerate(call.args):
        argument = _which(form, position, arg, report)
        if argument is None:
            continue
        if argument.name in read:
            report.error("SFT0304", f"`{argument.name}` is given twice", arg.span, form.signature)
            continue
        read[argument.name] = read_value(argument.type, arg.value, argument.name, report, argument.default)
    for argument in form.arguments:
        if argument.name in read:
            continue
        if argument.required and len(call.args) <= len(read):
            report.error("SFT0304", f"`{form.name}` has no `{argument.name}`", call.span, f"write `{form.example}`")
        read[argument.name] = Value(argument.default, call.span, given=False, known=not argument.required)
    return ReadCall(form, read, call.span)


def _which(form: CallForm, position: int, arg: Arg, report: Reporter) -> Argument | None:
    by_name = {argument.name: argument for argument in form.arguments}
    if arg.name is not None:
        found = by_name.get(arg.name.text)
        if found is None:
            help = suggestion(arg.name.text, by_name, "arguments")
            report.error("SFT0304", f"`{form.name}` takes no `{arg.name.text}`", arg.name.span, help)
        return found
    if position < len(form.arguments):
        return form.arguments[position]
    count = len(form.arguments)
    amount = "no arguments" if count == 0 else f"{count} argument{'s' if count > 1 else ''}"
    report.error("SFT0304", f"`{form.name}` takes {amount}", arg.span, form.signature)
    return None
