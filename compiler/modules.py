"""The files of a spec: the main one and all that it imports.

Every file is read and parsed once, however many files import it, and has names of its own: nothing
that is imported stands anywhere without its alias. Imports lead downwards only (a circle is an
error), so a file means the same wherever it is imported from. Paths are relative to the file that
writes them; inside the compiler they are relative to the folder of the main spec.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable

from msgspec import Struct

from compiler.functions import Function, MetricFunction
from compiler.names import Declared, Names, collect, known_kinds
from compiler.reporting import Reporter, name_of
from compiler.tree import references
from compiler.world import Problem, World
from spec_lang.ast import Block, Import, StringLit
from spec_lang.diagnostics import Diagnostics, Label, Severity
from spec_lang.parsing import ParseResult, parse
from spec_lang.source import SourceFile
from spec_lang.vocabulary import EDITIONS

_DEEPEST = 50  # files that import one another in a row
_ABSOLUTE = re.compile(r"[/\\~]|[A-Za-z]:|\w+://")


class Module(Struct, eq=False):
    """One file.

    ``space`` is what the full names of its blocks begin with: the aliases that lead to it from the main spec.
    ``unread`` are aliases that were reported; ``blocks`` are the blocks as they are compiled, which passes replace.
    """

    file: SourceFile
    parsed: ParseResult
    report: Reporter
    space: str = ""
    imports: dict[str, Module] = {}
    places: dict[str, Import] = {}
    unread: set[str] = set()
    blocks: tuple[Block, ...] = ()

    @property
    def partly_read(self) -> bool:
        """Whether a piece of the file could not be parsed, so that nobody knows what it uses."""
        errors = (
            item for item in self.report.sink if item.severity is Severity.ERROR and item.code.startswith("SFT01")
        )
        return any(item.primary is not None and item.primary.file is self.file for item in errors)

    @property
    def nothing_in_it(self) -> bool:
        spec = self.parsed.spec
        return not (spec.edition or spec.imports or spec.params or spec.blocks or self.parsed.broken)


def load(file: SourceFile, world: World, sink: Diagnostics) -> list[Module]:
    """The main spec first, then every file that it imports, each before the files that it imports itself."""
    loader = _Loader(file, world, sink)
    main = loader.module(file, None)
    modules = [main]
    for module in modules:  # nearest first, so that a file goes by the shortest of the names that lead to it
        for alias, imported in module.imports.items():
            if imported not in modules:
                imported.space = f"{module.space}{alias}."
                modules.append(imported)
    for module in modules:
        _check_use(module)
    return modules


class _Loader:
    def __init__(self, main: SourceFile, world: World, sink: Diagnostics) -> None:
        self.main, self.world, self.sink = main, world, sink
        self.done: dict[str, Module | None] = {}
        self.params: dict[str, tuple[str, ...]] = {}
        self.functions: dict[str, dict[str, Function | None]] = {}
        self.metrics: dict[str, dict[str, MetricFunction]] = {}
        self.open: list[tuple[str, Label | None]] = []  # files that are being read, and the imports that led to them

    def module(self, file: SourceFile, place: Label | None) -> Module:
        parsed = parse(file, self.sink)
        self.params[file.path] = tuple(node.name.text for node in parsed.spec.params)
        report = Reporter(file, self.sink, params_of=self.params, functions_of=self.functions, metrics_of=self.metrics)
        module = Module(file, parsed, report)
        self.open.append((name_of(file), place))
        for item in parsed.spec.imports:
            self._import(item, module)
        self.open.pop()
        module.blocks = known_kinds(parsed.spec, module.report)
        return module

    def _import(self, item: Import, module: Module) -> None:
        alias = item.alias.text
        found = self._file(item, module)
        if not _is_free(item, module) or found is None:
            module.unread.add(alias)
            return
        module.places[alias] = item
        module.imports[alias] = found
        mine, theirs = module.parsed.spec.edition, found.parsed.spec.edition
        if mine and theirs and mine.year != theirs.year and {mine.year, theirs.year} <= {*EDITIONS}:
            message = f"`{name_of(found.file)}` is written in edition {theirs.year}, and this file in {mine.year}"
            also = [Label(found.file, theirs.span, "its edition"), Label(module.file, mine.span, "the edition here")]
            module.report.error("SFT0234", message, item.path.span, "bring both files to one edition", also)

    def _file(self, item: Import, module: Module) -> Module | None:
        """The module that an import names; None after a report."""
        path = _path(item, module)
        if path is None or self._circular(path, item, module):
            return None
        if path not in self.done:
            self.done[path] = None
            text = self.world.read_text(path) if len(self.open) < _DEEPEST else _too_deep()
            if isinstance(text, Problem):
                module.report.error(text.code, text.message, item.path.span, text.help)
                return None
            folder = posixpath.dirname(self.main.path.replace("\\", "/"))
            shown = posixpath.normpath(posixpath.join(folder, path))
            loaded = self.module(SourceFile(shown, text, path), Label(module.file, item.path.span))
            self.done[path] = None if loaded.nothing_in_it else loaded
        return self.done[path]

    def _circular(self, path: str, item: Import, module: Module) -> bool:
        names = [name for name, _ in self.open]
        if path not in names:
            return False
        circle = self.open[names.index(path) :]
        shown = " -> ".join(f"`{name}`" for name in (*(name for name, _ in circle), path))
        message = f"`{path}` imports itself" if len(circle) == 1 else f"these files import one another: {shown}"
        also = [place for _, place in circle[1:] if place is not None]
        labels = [
            Label(place.file, place.span, f"which imports `{name}`")
            for place, (name, _) in zip(also, circle[1:], strict=True)
        ]
        help = "move what both need into a file of its own" if len(circle) > 1 else None
        module.report.error("SFT0231", message, item.path.span, help, labels)
        return True


def _too_deep() -> Problem:
    return Problem("SFT0230", f"files import one another more than {_DEEPEST} deep")


def _path(item: Import, module: Module) -> str | None:
    """What an import names, relative to the folder of the main spec; None after a report."""
    if not isinstance(item.path, StringLit):
        return None
    written = item.path.value
    if not written.strip() or "\0" in written:
        module.report.error(
            "SFT0230", "an import names a file", item.path.span, 'such as `import "./common.sft" as common`'
        )
        return None
    if _ABSOLUTE.match(written):
        help = "an import names a file relative to the one that it stands in"
        module.report.error("SFT0230", f"`{written}` is not a relative path", item.path.span, help)
        return None
    return posixpath.normpath(posixpath.join(posixpath.dirname(module.file.name), written))


def _is_free(item: Import, module: Module) -> bool:
    """Whether nothing else of the file has the name of an import; False after a report."""
    alias, report = item.alias, module.report
    before = module.places.get(alias.text)
    block = next((b.name for b in module.parsed.spec.blocks if b.name and b.name.text == alias.text), None)
    if before is not None:
        also = [(before.alias.span, "imported here before")]
        report.error("SFT0232", f"`{alias.text}` is the name of two imports", alias.span, "rename one of them", also)
    elif block is not None:
        help = "choose another name after `as`"
        also = [(block.span, "declared here")]
        report.error("SFT0232", f"`{alias.text}` is an import and a block", alias.span, help, also)
    return before is None and block is None


def _check_use(module: Module) -> None:
    """Warn of imports that no reference begins with, in a file that could be read whole."""
    idle = set(module.imports)
    for ref in references(module.parsed.spec.blocks) if idle and not module.partly_read else ():
        idle.discard(ref.parts[0].text)
    if module.partly_read:
        return
    for alias in (alias for alias in module.imports if alias in idle):
        item = module.places[alias]
        module.report.warning("SFT0233", f"nothing of `{alias}` is used", item.span, "remove the import")


def views(modules: Iterable[Module], world: World) -> dict[str, Names]:
    """The names of each file, by the path of the file. Reports names that are declared twice."""
    everything = list(modules)
    blocks: dict[str, Declared] = {}
    hidden: set[str] = set()
    twice: dict[str, frozenset[str]] = {}
    for module in everything:
        own, repeated = collect(module.blocks, module.space, module.report)
        blocks |= own
        twice |= repeated
        hidden |= {module.space + (block.name or block.kind) for block in module.parsed.broken}
    names: dict[str, Names] = {}
    for module in everything:
        names[module.file.path] = Names(
            blocks,
            module.report,
            frozenset(hidden),
            module.space,
            {alias: imported.space for alias, imported in module.imports.items()},
            {alias: item.alias.span for alias, item in module.places.items()},
            frozenset(module.unread),
            frozenset(block.kind for block in module.parsed.broken if block.name is None).union(*twice.values()),
            twice,
            names,
            world,
        )
    return names
