"""All files of a spec, made ready: imports loaded, params and bases put in, every block read by its schema.

Nothing is resolved yet. What stands here is what every later pass may rely on: blocks without params and
without ``extends``, names of all files, and for each file a view of them and a reporter.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from msgspec import Struct

from compiler.extends import Inherited, extend_blocks
from compiler.findings import explained
from compiler.modules import Module, load, views
from compiler.names import Names
from compiler.parameters import Parameter, put_parameters, refuse_columns, warn_of_unused
from compiler.reporting import Reporter
from compiler.resolved import ResolvedSpec
from compiler.schema.catalogue import BLOCKS, LATER_ENTRIES
from compiler.schema.extension import Extension
from compiler.schema.fields import Shape
from compiler.schema.reading import read_block
from compiler.secrets import refuse_misplaced_secrets
from compiler.world import World
from spec_lang.diagnostics import Diagnostic, Diagnostics
from spec_lang.source import SourceFile


class Program(Struct, frozen=True, eq=False):
    """``modules`` begins with the main spec; ``read`` holds its blocks first, then those of imported files."""

    modules: Sequence[Module]
    names_of: Mapping[str, Names]  # by the path of a file
    parameters: Sequence[Parameter]
    inherited: Sequence[Inherited]
    read: Sequence[Shape]

    @property
    def main(self) -> Module:
        return self.modules[0]

    def names(self, block: Shape) -> Names:
        """The names that the file of a block can write."""
        return self.names_of[block.file.path]

    def report(self, block: Shape) -> Reporter:
        return self.names(block).report

    def explained(self, spec: ResolvedSpec, sink: Diagnostics) -> list[Diagnostic]:
        """All findings in their final form."""
        clashing = refuse_columns(self.parameters, spec, sink)
        return explained(sink.items, self.modules, self.names_of, self.parameters, clashing, self.inherited)


def link(file: SourceFile, world: World, settings: Iterable[str], sink: Diagnostics) -> Program:
    """The program of a spec; ``settings`` are those of ``--set``."""
    modules = load(file, world, sink)
    parameters = put_parameters(modules, settings, sink)
    refuse_misplaced_secrets(modules)
    names_of = views(modules, world)
    inherited = extend_blocks(modules, names_of)
    warn_of_unused(parameters, modules)
    read = [
        read_block(BLOCKS[kind], block, module.report, LATER_ENTRIES.get(kind, ()), module.space)
        for module in modules
        for block in module.blocks
        if (kind := block.kind.text) in BLOCKS
    ]
    extensions = [shape for shape in read if isinstance(shape, Extension)]
    if extensions:
        from compiler.extensions import load_extensions  # which few specs need

        load_extensions(extensions, world, {module.file.path: module.report for module in modules})
    return Program(modules, names_of, parameters, inherited, read)
