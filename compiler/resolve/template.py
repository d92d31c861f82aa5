"""Templates: their texts in pieces, and what they name checked where a template is used."""

from __future__ import annotations

import re
from collections.abc import Iterable

from msgspec.structs import replace

from compiler.column_scope import ColumnScope
from compiler.expression_types import check
from compiler.reporting import Reporter, written_anew
from compiler.resolved_template import Piece, ResolvedFewShot, ResolvedOptions, ResolvedTemplate, Role
from compiler.schema.fields import Value, field_names
from compiler.schema.task import Task
from compiler.schema.template import FewShot, Options, Template
from compiler.template_pieces import flat, read_pieces, within
from compiler.tree import references
from compiler.typed import Typed
from spec_lang.ast import Expr
from spec_lang.diagnostics import Label
from spec_lang.fixes import name_as_written
from spec_lang.plain_text import visible
from spec_lang.source import Span
from spec_lang.suggest import closest, surely

LISTED, LETTER, OPTION, FEW_SHOT = "options", "letter", "option", "few_shot"
OF_OPTIONS = (LISTED, LETTER, OPTION)
CONVERSATION = "conversation"  # what tables call rows that need no template


def resolve_template(block: Template, report: Reporter) -> ResolvedTemplate:
    """The template in pieces; a role whose braces do not add up stays out."""
    texts: tuple[tuple[Role, Value[str | None]], ...] = (
        ("system", block.system),
        ("user", block.user),
        ("assistant", block.assistant),
    )
    made = (*(OF_OPTIONS if block.options else ()), *((FEW_SHOT,) if _as_text(block.few_shot) else ()))
    roles: dict[Role, tuple[Piece, ...]] = {}
    placeholders: list[tuple[str, Span]] = []
    literals: list[tuple[str, Span]] = []
    for role, value in texts:
        if value.value is None:
            continue
        pieces = read_pieces(value.value, value.span, f"`{role}` of template `{block.name}`", report, made)
        if pieces is None:
            continue
        roles[role] = pieces
        placeholders += _placeholders(pieces, value.span, report)
        literals += [(piece.text, value.span) for piece in flat(pieces) if piece.text is not None]
    options = _options(block.options, block.name, report) if block.options else None
    few_shot = _few_shot(block.few_shot, block, report) if block.few_shot else None
    if few_shot is not None and few_shot.pieces is not None:
        literals += [(p.text, few_shot.block.text.span) for p in flat(few_shot.pieces) if p.text is not None]
        _is_shown(block, roles, report)
    if options is not None:
        literals += [(piece.text, options.block.line.span) for piece in options.line if piece.text is not None]
    return ResolvedTemplate(block, roles, tuple(placeholders), tuple(literals), options, few_shot)


def _as_text(block: FewShot | None) -> bool:
    return block is not None and (block.text.value is not None or not block.text.known)


def _placeholders(pieces: tuple[Piece, ...], span: Span, report: Reporter) -> list[tuple[str, Span]]:
    names = [piece.column for piece in flat(pieces) if piece.column is not None]
    return [(name, within(f"{{{name}}}", span, report)) for name in names]


def _options(block: Options, template: str, report: Reporter) -> ResolvedOptions:
    """The choices; a `line` that cannot be read is empty."""
    where = f"`line` of the options of template `{template}`"
    line = read_pieces(block.line.value or "", block.line.span, where, report, (LETTER, OPTION)) or ()
    for piece in flat(line):
        if piece.column is not None:
            message = f"`{{{piece.column}}}` in {where} is not `{{letter}}` or `{{option}}`"
            report.error("SFT0221", message, within(f"{{{piece.column}}}", block.line.span, report))
    if line and not any(piece.made == OPTION for piece in line):
        report.error("SFT0274", f"{where} has no `{{option}}`", block.line.span, "the choices would not be shown")
    letters = block.letters.value or ""
    if len(set(letters)) < len(letters):
        report.error(
            "SFT0274", f"a letter stands twice in `{letters}`", block.letters.span, "each choice needs its own"
        )
    return ResolvedOptions(block, line)


def _few_shot(block: FewShot, template: Template, report: Reporter) -> ResolvedFewShot:
    text = block.text
    if text.value is None:
        return ResolvedFewShot(block, () if not text.known else None, ())
    where, made = f"`text` of the examples of template `{template.name}`", OF_OPTIONS if template.options else ()
    pieces = read_pieces(text.value, text.span, where, report, made)
    return ResolvedFewShot(block, pieces or (), tuple(_placeholders(pieces or (), text.span, report)))


def _is_shown(block: Template, roles: dict[Role, tuple[Piece, ...]], report: Reporter) -> None:
    """Examples as text have one place, in what the model is asked."""
    few_shot = block.few_shot
    asked = [piece for role in ("system", "user") for piece in roles.get(role, ())]
    told = [piece.made for pieces in roles.values() for piece in flat(pieces)]
    if few_shot is None or not {"user"} <= roles.keys() or not few_shot.text.known:
        return
    if told.count(FEW_SHOT) != 1 or not any(piece.made == FEW_SHOT for piece in asked):
        message = f"template `{block.name}` has examples as text, and `{{few_shot}}` does not stand once in `user`"
        help = "put `{few_shot}` once into `user` or `system`, or leave out `text`: examples are turns then"
        report.error("SFT0273", message, few_shot.text.span, help)


def _named(expr: Expr | None) -> set[str]:
    return {ref.parts[0].text for ref in references(expr)} if expr is not None else set()


def as_it_is(task: Task) -> ResolvedTemplate:
    """What stands in the place of a template where rows are conversations: it has no roles, and is the task's own."""
    nothing = {name: Value(None, task.head, given=False) for name in field_names(Template)}
    block = Template(
        name=CONVERSATION, file=task.file, head=task.head, span=task.span, lines={}, broken=frozenset(), **nothing
    )
    return ResolvedTemplate(block, {}, (), (), as_it_is=True)


def check_columns(template: ResolvedTemplate, scope: ColumnScope, used: Span) -> None:
    """Every placeholder has to be a column of what is rendered; ``used`` is where the template is named."""
    also = Label(scope.report.file, used, f"used here by {scope.owner}")
    for name, span in template.placeholders:
        check_placeholder(name, span, template, scope, also)
    check_options(template, scope, also)


def check_placeholder(name: str, span: Span, template: ResolvedTemplate, scope: ColumnScope, used: Label) -> None:
    report = scope.report.at(template.block.file)
    also = [used]
    if scope.columns.lacks(name):
        help = scope.missing(name)
        if not re.fullmatch(r"[\w .-]+", name):
            help = "for a brace of the text write `{{` or `}}`"
        if name == FEW_SHOT and template.few_shot is not None:
            help = "give the examples a `text`: without it they are turns, and stand before the question by themselves"
        message = f"`{{{name}}}` of template `{template.name}` is no column of {scope.owner}"
        meant = _meant(name, scope)
        if other := _other_separator(scope):
            meant = None
            help = f"the file has one column, `{visible(other)}`: a CSV is separated by commas, a TSV by tabs"
        if name in scope.fields:
            help = f"the field is called `{scope.fields[name]}` here, in `columns {{ … }}` of the source"
        inner = _place_inside(name, scope)
        if inner is not None:
            meant, help = None, inner
        seen = scope.report.at(template.block.file).file.slice(span) == f"{{{name}}}"  # not hidden by escapes
        sure = meant is not None and seen and not _on_both_sides(meant, span, template, scope)
        fix = written_anew(span, f"{{{meant}}}" if sure else None)
        report.error("SFT0221", message, span, help, also, fix)
    elif scope.columns.get(name) == "null":
        message = f"column `{name}` of {scope.owner} has no value in any row"
        report.error("SFT0310", message, span, also=also)


def _meant(name: str, scope: ColumnScope) -> str | None:
    """The column that a placeholder can only stand for."""
    return scope.fields.get(name) or surely(name, scope.columns.names)


def _on_both_sides(meant: str, span: Span, template: ResolvedTemplate, scope: ColumnScope) -> bool:
    """Whether a column in the place of a placeholder would stand in the prompt and in the answer, which no fix brings
    about: a model would be shown what it is asked for. Placeholders to be mended count as what they are meant as."""
    block = template.block

    def held(roles: Iterable[Role]) -> set[str]:
        names = {piece.column for role in roles for piece in flat(template.roles.get(role, ())) if piece.column}
        return names | {other for name in names if scope.columns.lacks(name) and (other := _meant(name, scope))}

    if any(value.span.start <= span.start < value.span.end for value in (block.system, block.user) if value.given):
        return meant in held(["assistant"]) | (_named(block.options.answer.value) if block.options else set())
    in_answer = block.assistant.given and block.assistant.span.start <= span.start < block.assistant.span.end
    return in_answer and meant in held(["system", "user"])


def _other_separator(scope: ColumnScope) -> str | None:
    """The only column there is, when its name looks like the names of several."""
    names = tuple(scope.columns.names)
    return names[0] if len(names) == 1 and re.search(r"\w[;|\t]\w", names[0]) else None


def _place_inside(name: str, scope: ColumnScope) -> str | None:
    """What helps where a placeholder is a place inside of a column, which has no name yet: ``{meta.level}``."""
    first, *more = name.split(".")
    column = first if first in scope.columns.names else next(iter(closest(first, scope.columns.names)), None)
    if column is None or not all(more) or scope.columns.get(column) not in ("json", "list") or not more:
        return None
    field = next((field for field, own in scope.fields.items() if own == column), column)
    label = more[-1] if name_as_written(more[-1]) == more[-1] and more[-1] not in scope.columns.names else None
    label = label or "_".join([column, *more])
    place = ".".join(map(name_as_written, [field, *more]))
    return f"name the place in `columns {{ {label} = {place} }}` of the source, and write `{{{label}}}`"


def check_options(template: ResolvedTemplate, scope: ColumnScope, used: Label) -> tuple[Typed, Typed] | None:
    """The list of choices and the answer over the columns of these rows; None after a report, or where it is not
    known."""
    if template.options is None:
        return None
    block = template.options.block
    inner = replace(scope.at(template.block.file, used), extended=False)
    taken = [name for name in OF_OPTIONS if name in scope.columns.names and name not in _named(block.from_.value)]
    shown = [piece.made for pieces in template.roles.values() for piece in flat(pieces)]
    for name in taken:
        if name in shown:
            message = f"`{{{name}}}` of template `{template.name}` is made by `options`, and a column of {scope.owner}"
            help = "give the column another name in `columns { … }` of the source"
            inner.report.error("SFT0274", message, block.head, help)
    choices = check(block.from_.value, inner) if block.from_.value is not None else None
    answer = check(block.answer.value, inner) if block.answer.value is not None else None
    if choices is not None and choices.type != "list":
        message = f"`from` takes a list of choices, and this is {choices.type}"
        inner.report.error("SFT0303", message, block.from_.span, "`split(…)` and `json_list(…)` make lists")
        choices = None
    if choices is None or answer is None or not block.answer_as.known:
        return None
    numbered = block.answer_as.value in ("index", "position")
    if answer.type == "number" and not numbered:
        message = "`answer` is a number, and nothing says where counting begins"
        help = "add `answer_as = index` (the first is 0) or `answer_as = position` (the first is 1)"
        inner.report.error("SFT0274", message, block.answer.span, help)
        return None
    if answer.type != ("number" if numbered else "text"):
        wanted = "a number" if numbered else "text"
        message = f"`answer_as = {block.answer_as.value}` takes {wanted}, and this is {answer.type}"
        inner.report.error("SFT0303", message, block.answer.span)
        return None
    return choices, answer
