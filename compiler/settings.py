"""``--set rounds=3``: values of params from the command line, read as the literals of the language.

Each setting is a file of one line, so that its mistakes are shown like those of a spec. A param that
holds a string takes what is no literal as it stands, because a shell eats the quotes of
``--set path="rows.jsonl"``.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from msgspec import Struct

from compiler.reporting import suggestion
from compiler.schema.written import UNIT_NAMES, constant, described, written
from spec_lang.ast import BoolLit, Expr, Faulty, StringLit
from spec_lang.diagnostics import Diagnostics, Label
from spec_lang.literals import quote
from spec_lang.parsing import parse
from spec_lang.quantities import Unit
from spec_lang.source import SourceFile, Span

COMMAND_LINE = "--set"  # what findings call the place


class Setting(Struct, frozen=True):
    """``name=value``; ``file`` holds it as it was typed."""

    name: str
    value: str
    file: SourceFile

    @property
    def name_span(self) -> Span:
        return Span(0, len(self.name))

    @property
    def value_span(self) -> Span:
        return Span(len(self.name) + 1, len(self.file.text))


def read_settings(texts: Iterable[str], sink: Diagnostics) -> dict[str, Setting]:
    """Settings by name; reports what is none, and names that are set twice."""
    found: dict[str, Setting] = {}
    for text in texts:
        file = SourceFile(COMMAND_LINE, text)
        name, equals, value = text.partition("=")
        whole = Span(0, len(text))
        if any("\ud800" <= letter <= "\udfff" for letter in text):
            sink.error("SFT0239", f"`{name}` is set to what is no UTF-8 text", file, whole)
        elif not equals or not name.strip() or not value.strip():
            sink.error("SFT0239", f"`{text}` sets nothing", file, whole, help="write `--set NAME=VALUE`")
        elif name in found:
            also = [Label(found[name].file, found[name].name_span, "set here before")]
            sink.error("SFT0241", f"`{name}` is set twice", file, Span(0, len(name)), secondary=also)
        else:
            found[name] = Setting(name, value, file)
    return found


def refuse_unknown(settings: Mapping[str, Setting], known: Iterable[str], sink: Diagnostics) -> None:
    """Report settings of params that no file declares."""
    names = tuple(known)
    for setting in settings.values():
        if setting.name not in names:
            help = suggestion(setting.name, names, "params")
            sink.error("SFT0240", f"there is no param `{setting.name}`", setting.file, setting.name_span, help=help)


def setting_value(setting: Setting, default: Expr, declared: Label, sink: Diagnostics) -> Expr:
    """The value of a setting, of the type of the default; ``Faulty`` after a report."""
    value = _literal(setting.value)
    if value is None and isinstance(default, StringLit):
        return StringLit(setting.value, setting.value_span)
    if value is not None and _type(value) == _type(default):
        return value
    found = f"`{setting.value}`" if value is None else _type(value)
    message = f"param `{setting.name}` takes {_type(default)}, not {found}"
    help = _rewritten(setting, default, value)
    sink.error("SFT0239", message, setting.file, setting.value_span, help=help, secondary=[declared])
    return Faulty(setting.value_span)


def is_literal(value: Expr) -> bool:
    return isinstance(value, StringLit | BoolLit) or constant(value) is not None


def _literal(text: str) -> Expr | None:
    """What a text is in a spec; None where it is no literal."""
    ignored = Diagnostics()
    spec = parse(SourceFile(COMMAND_LINE, f"edition 2026\nparam value = {text}\n"), ignored).spec
    if ignored.has_errors or len(spec.params) != 1 or spec.blocks or spec.imports:
        return None
    value = spec.params[0].value
    return value if is_literal(value) else None


def _type(value: Expr) -> str:
    number = constant(value)
    if number is None:
        return described(value)
    unit = number[1]
    return "a plain number" if unit is None else UNIT_NAMES[unit]


def _rewritten(setting: Setting, default: Expr, value: Expr | None) -> str | None:
    """The setting as it was probably meant."""
    wanted = constant(default)
    if isinstance(default, StringLit):
        return f"write `--set '{setting.name}={quote(setting.value)}'`"
    if isinstance(default, BoolLit):
        return f"write `--set {setting.name}=true` or `--set {setting.name}=false`"
    number = constant(value) if value is not None else None
    if wanted is None or number is None:
        return f"such as `--set {setting.name}={written(*wanted)}`" if wanted else None
    amount, unit = number[0], wanted[1]
    fractions = (Unit.SHARE, Unit.POINTS)
    if unit in fractions and number[1] is None and abs(amount) > 1:
        amount /= 100
    elif unit is None and number[1] in fractions:
        amount *= 100
    return f"write `--set {setting.name}={written(amount, unit)}`" if unit is not Unit.DURATION else None
