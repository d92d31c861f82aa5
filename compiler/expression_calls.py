"""Calls of functions in expressions: arguments by the rows of the function table.

Arguments that have to be written out (patterns, paths, positions of groups) are checked here as far as DuckDB would
refuse them while it runs. ``Check`` is the type check of a whole expression, handed in because it calls this one.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from decimal import Decimal
from itertools import zip_longest
from typing import TypeAlias

from msgspec.structs import replace

from compiler.column_scope import ColumnScope, conversion
from compiler.functions import ALIASES, FUNCTIONS, Function, Parameter
from compiler.regexes import group_count, problem
from compiler.reporting import UNREAD, Reporter, renamed, suggestion, written_anew
from compiler.typed import Apply, Constant, Typed
from compiler.value_fixes import quoted
from compiler.written_arguments import WRITTEN
from spec_lang.ast import Arg, Call, Expr, Faulty, NumberLit, Ref, StringLit, Tagged
from spec_lang.literals import quote

Check: TypeAlias = Callable[[Expr, ColumnScope], Typed | None]

_ROOT = re.compile(r"\$(?:\.|(?=\[)|\Z)")
_STEP = re.compile(r'([^.\[\]"\\]+)|\[([0-9]{1,6})\]')
_OF_TEXT = ("contains", "starts_with", "ends_with")


def pattern_of(expr: Expr, report: Reporter) -> str | None:
    """A regular expression that is written out, checked against RE2's syntax."""
    if isinstance(expr, Faulty):
        return None
    if not isinstance(expr, StringLit):
        report.error("SFT0303", 'a regular expression is written out, as `r"…"`', expr.span)
        return None
    found = problem(expr.value)
    if found is not None:
        report.error("SFT0308" if found.unsupported else "SFT0307", found.message, expr.span, found.help)
        return None
    return expr.value


def call(expr: Call, scope: ColumnScope, check: Check) -> Typed | None:
    """A call with its arguments; None after a report, or where something of it is not known."""
    name = expr.func.text
    function = scope.report.function(name)
    if function is None:
        _no_function(expr, scope)
    parameters = _parameters(function, expr, scope) if function else None
    if function is None or parameters is None:
        for arg in expr.args:
            check(arg.value, replace(scope, each=scope.each or (function is not None and _takes_each(function))))
        return None
    pairs = zip(parameters, expr.args, strict=False)
    if function.name in _OF_TEXT and _of_list(expr, scope):
        return None
    arguments = [_argument(parameter, arg, function, scope, check) for parameter, arg in pairs]
    found = [argument for argument in arguments if argument is not None]
    if len(found) < len(arguments):
        return None
    left_out = parameters[len(found) :]
    found += [Constant(p.default, "number", expr.span) for p in left_out if p.default is not None]
    parameters = parameters[: len(found)]  # one that is optional has no value
    alike = [argument for parameter, argument in zip(parameters, found, strict=True) if parameter.same]
    if any(argument.type != alike[0].type for argument in alike):
        kinds = " and ".join(argument.type for argument in alike)
        scope.report.error("SFT0303", f"`{name}` takes values of one type, not {kinds}", expr.span)
        return None
    if not _groups_exist(parameters, found, function, scope) or not _is_prepared(function, expr, scope):
        return None
    return Apply(function, tuple(found), function.result or alike[0].type, expr.span)


def _is_prepared(function: Function, expr: Call, scope: ColumnScope) -> bool:
    """Whether a function that is no SQL may stand here; False after a report."""
    if not scope.extended and function.name not in FUNCTIONS:
        help = "functions of extensions stand in filters, splits, scores and slices"
        scope.report.error("SFT0312", f"`{function.name}` cannot be computed here", expr.span, help)
        return False
    if function.prepared is None or (scope.prepares and not scope.each):
        return True
    where = "of an item of a list" if scope.each else "here"
    help = "it stands in the conditions of filters and in slices"
    scope.report.error("SFT0312", f"`{function.name}` cannot be computed {where}", expr.span, help)
    return False


def _of_list(expr: Call, scope: ColumnScope) -> bool:
    """Whether a text is looked for in a list, as in ``contains(tags, "a")``; True after a report."""
    whole, part = (arg.value for arg in expr.args)
    if not _is_list(whole, scope):
        return False
    texts = (scope.report.file.slice(side.span) for side in (whole, part))
    name = expr.func.text
    test = "item == {1}" if name == "contains" else name + "(item, {1})"
    meant = ("any({0}, " + test + ")").format(*texts)
    message = f"`{name}` takes text, and this is list"
    fix = written_anew(expr.span, meant if isinstance(part, StringLit) else None)
    scope.report.error("SFT0303", message, whole.span, f"write `{meant}`", fix=fix)
    return True


def _is_list(expr: Expr, scope: ColumnScope) -> bool:
    """Whether that is plain to see: a column, or what a function gives. Its arguments are not looked at, which would
    be done again at every level of calls inside of one another."""
    if isinstance(expr, Ref):
        return len(expr.parts) == 1 and scope.columns.get(expr.text) == "list"
    function = FUNCTIONS.get(expr.func.text) if isinstance(expr, Call) else None
    return function is not None and function.result == "list"


def _no_function(expr: Call, scope: ColumnScope) -> None:
    """Report a call of what is no function, with what it was probably meant as: ``x.lower()`` as ``lower(x)``."""
    name = expr.func.text
    own = scope.report.functions_of.get(scope.report.file.path, {})
    if UNREAD in own:
        return
    message, *receiver = f"there is no function `{name}`", *expr.func.parts[:-1]
    last = expr.func.parts[-1].text
    alias = ALIASES.get(last.lower())
    function = FUNCTIONS.get(alias or last)
    if len(receiver) == 1 and function is not None and not scope.columns.lacks(receiver[0].text):
        spans = (receiver[0].span, *(arg.span for arg in expr.args))
        arguments = ", ".join(scope.report.file.slice(span) for span in spans)
        meant = f"{function.name}({arguments})"
        takes = function.least <= len(expr.args) + 1 <= len(function.parameters) and alias is None
        fix = written_anew(expr.span, meant if takes else None)
        scope.report.error("SFT0302", message, expr.func.span, f"write `{meant}`", fix=fix)
        return
    alias = ALIASES.get(name.lower())
    known = (*FUNCTIONS, *own)
    help = f"did you mean `{alias}`?" if alias else suggestion(name, known, "functions")
    fix = renamed(expr.func, known) if alias is None else ()
    scope.report.error("SFT0302", message, expr.func.span, help, fix=fix)


def _takes_each(function: Function) -> bool:
    return any(parameter.kind == "each" for parameter in function.parameters)


def _parameters(function: Function, expr: Call, scope: ColumnScope) -> list[Parameter] | None:
    """The parameters, one for each argument and then those that were left out; None after a report."""
    parameters = list(function.parameters)
    if function.rest and len(expr.args) > len(parameters):
        parameters += [parameters[-1]] * (len(expr.args) - len(parameters))
    kinds = [parameter.kind for parameter in parameters]
    named = next((arg for arg, kind in zip_longest(expr.args, kinds) if arg and not _is_unnamed(arg, kind)), None)
    if named is not None and named.name is not None:
        scope.report.error(
            "SFT0304", f"`{function.name}` takes no named arguments", named.name.span, function.signature
        )
        return None
    if not function.least <= len(expr.args) <= len(parameters):
        least, most = function.least, len(parameters)
        amount = f"{least} argument{'s' if least > 1 else ''}" if least == most else f"{least} or {most} arguments"
        at_least = "at least " if function.rest else ""
        message = f"`{function.name}` takes {at_least}{amount}, not {len(expr.args)}"
        scope.report.error("SFT0304", message, expr.span, function.signature)
        return None
    return parameters


def _is_unnamed(arg: Arg, kind: str | None) -> bool:
    """Whether an argument has no name, or is a model by name: ``tokens(output, model = base)``."""
    return arg.name is None or kind == "model" == arg.name.text


def _argument(parameter: Parameter, arg: Arg, function: Function, scope: ColumnScope, check: Check) -> Typed | None:
    value = arg.value
    if isinstance(value, Faulty):
        return None
    if parameter.kind == "regex":
        pattern = pattern_of(value, scope.report)
        return None if pattern is None else Constant(pattern, "text", value.span)
    if parameter.kind == "path":
        return _path(value, scope)
    if parameter.kind in WRITTEN:
        return WRITTEN[parameter.kind](parameter, value, function, scope)
    if parameter.kind in ("count", "digits", "group"):
        return _whole_number(parameter, value, function, scope)
    if parameter.kind in ("replacement", "written") and not isinstance(value, StringLit):
        message = f"`{parameter.name}` of `{function.name}` is written out, as a string"
        scope.report.error("SFT0303", message, value.span)
        return None
    if isinstance(value, Tagged):
        scope.report.error("SFT0303", f"`{function.name}` takes no value with braces", value.span)
        return None
    each = parameter.kind == "each"
    dotted = isinstance(value, Ref) and len(value.parts) > 1
    typed = check(value, replace(scope, each=scope.each or each, wants=parameter.types[0]) if each or dotted else scope)
    if typed is None or typed.type in parameter.types:
        return typed
    if each:
        message = f"`{function.name}` takes a condition, and this is {typed.type}"
        scope.report.error("SFT0305", message, value.span, 'compare the item, for example `item == "yes"`')
        return None
    wanted = " or ".join(parameter.types)
    help = conversion(typed.type, parameter.types[0])
    scope.report.error("SFT0303", f"`{function.name}` takes {wanted}, and this is {typed.type}", value.span, help)
    return None


def _whole_number(parameter: Parameter, expr: Expr, function: Function, scope: ColumnScope) -> Typed | None:
    """A whole number that is written out."""
    lowest = 1 if parameter.kind == "count" else 0
    highest = parameter.most if parameter.kind == "count" else 15
    sound = isinstance(expr, NumberLit) and isinstance(expr.value, int) and lowest <= expr.value <= highest
    if sound and isinstance(expr, NumberLit):
        return Constant(Decimal(expr.value), "number", expr.span)
    message = f"`{parameter.name}` of `{function.name}` is a whole number from {lowest} to {highest}, written out"
    scope.report.error("SFT0304", message, expr.span, function.signature)
    return None


def _path(expr: Expr, scope: ColumnScope) -> Typed | None:
    """``"a.b[0]"`` as the JSON path ``$."a"."b"[0]``."""
    if not isinstance(expr, StringLit):
        message = 'a path is written out, such as `"address.city"`'
        fix = quoted(expr)
        help = f"write `{fix[0].text}`" if fix else None
        scope.report.error("SFT0303", message, expr.span, help, fix=fix)
        return None
    root = _ROOT.match(expr.value)
    if root is not None:
        rest = expr.value[root.end() :]
        message = "a path begins with its first key, without `$`"
        help = f"write `{quote(rest)}`" if rest else 'such as `"address.city"`'
        scope.report.error(
            "SFT0304", message, expr.span, help, fix=written_anew(expr.span, quote(rest) if rest else None)
        )
        return None
    path, position, text = "$", 0, expr.value
    while position < len(text):
        key_follows = position == 0 or text[position] == "."
        start = position + (1 if text[position] == "." and position else 0)
        step = _STEP.match(text, start)
        if step is None or (step.group(1) is not None) != (key_follows and step.group(2) is None):
            break
        if step.group(1) == "*":
            help = "name one key or one position; `json_list` gives a whole list"
            scope.report.error("SFT0304", "`*` of a path is no key", expr.span, help)
            return None
        path += f'."{step.group(1)}"' if step.group(1) is not None else f"[{step.group(2)}]"
        position = step.end()
    if position < len(text) or not text:
        message = "a path is made of keys with dots between them and of positions in brackets"
        scope.report.error("SFT0304", message, expr.span, 'such as `"address.city"` or `"items[0].name"`')
        return None
    return Constant(path, "text", expr.span)


def _groups_exist(parameters: list[Parameter], arguments: list[Typed], function: Function, scope: ColumnScope) -> bool:
    """Whether groups that are named by number are groups of the pattern; DuckDB would stop at the first row."""
    by_kind = {p.kind: a for p, a in zip(parameters, arguments, strict=True) if isinstance(a, Constant)}
    pattern, group, replacement = (by_kind.get(kind) for kind in ("regex", "group", "replacement"))
    if pattern is None:
        return True
    count = group_count(str(pattern.value))
    named: list[int] = []
    if group is not None and isinstance(group.value, Decimal):
        named, place = [int(group.value)], group.span
    elif replacement is not None:
        loose = re.search(r"\\(?![0-9\\])", re.sub(r"\\\\", "", str(replacement.value)))
        if loose is not None:
            help = 'write it as a raw string, in which `\\1` is the first group: `r"…"`'
            scope.report.error("SFT0304", r"a `\` of a replacement belongs to no group", replacement.span, help)
            return False
        named = [int(digit) for digit in re.findall(r"\\([0-9])", re.sub(r"\\\\", "", str(replacement.value)))]
        place = replacement.span
    missing = next((number for number in named if number > count), None)
    if missing is None:
        return True
    has = "no group" if count == 0 else f"{count} group{'s' if count > 1 else ''}"
    message = f"`{function.name}` asks for group {missing}, and the pattern has {has}"
    scope.report.error("SFT0304", message, place, "a group stands in parentheses: `(…)`")
    return False
