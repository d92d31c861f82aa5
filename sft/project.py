"""The facade over language, compiler and runtime: what the command line and a script call.

Functions take paths, return data and print nothing. Mistakes of the user come back as diagnostics
or, where there is nothing to return, as ``DiagnosticError``.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from compiler.compile import Inspection
    from compiler.plan import Plan
    from compiler.plan_diff import StepChange
    from compiler.resolved import ResolvedSpec
    from runtime.events import Event
    from runtime.scheduler import RunOutcome
    from runtime.store import Store
    from spec_lang.diagnostics import Diagnostics
    from spec_lang.fixes import Mended
    from spec_lang.source import SourceFile

STORE_FOLDER = ".sft"
Seen: TypeAlias = "list[ResolvedSpec]"  # where a resolved spec goes that somebody wants to look at


def read_spec(path: Path) -> SourceFile:
    """The text of a spec. Raises DiagnosticError SFT0912 when it cannot be read as UTF-8 text."""
    from spec_lang.diagnostics import fatal
    from spec_lang.source import SourceFile

    try:
        return SourceFile(str(path), path.read_bytes().decode("utf-8-sig"))
    except FileNotFoundError:
        raise fatal("SFT0912", f"there is no file `{path}`", _near_specs(path)) from None
    except IsADirectoryError:
        raise fatal("SFT0912", f"`{path}` is a folder, not a spec", _near_specs(path)) from None
    except UnicodeDecodeError as error:
        raise fatal("SFT0912", f"`{path}` is not UTF-8 text (byte {error.start})", "save it as UTF-8") from None
    except OSError as error:
        raise fatal("SFT0912", f"`{path}` cannot be read: {error.strerror}") from None


def _near_specs(path: Path) -> str | None:
    from spec_lang.suggest import closest

    folder = path if path.is_dir() else path.parent
    specs = sorted(entry.name for entry in folder.glob("*.sft") if entry.is_file()) if folder.is_dir() else []
    near = closest(path.name, specs) or tuple(specs[:1])
    return f"did you mean `{folder / near[0]}`?" if near else None


def store_beside(spec: Path, store: Path | None = None) -> Store:
    """The store of a spec: ``.sft`` in its folder, or the one that was named."""
    from runtime.store import Store

    return Store(store if store is not None else spec.resolve().parent / STORE_FOLDER)


def open_store(folder: Path | str = ".") -> Store:
    """The store in or at a folder. Raises DiagnosticError SFT0902 when there is none."""
    from runtime.store import Store
    from spec_lang.diagnostics import fatal

    folder = Path(folder)
    for candidate in (folder / STORE_FOLDER, folder):
        if Store(candidate).exists:
            return Store(candidate)
    raise fatal(
        "SFT0902",
        f"there is no store in `{folder}`",
        "run a spec first (`sft run FILE`), or name the folder of the spec or its `.sft` with `--store`",
    )


def check(
    path: Path | str, *, strict: bool = False, settings: Sequence[str] = (), seen: Seen | None = None
) -> Diagnostics:
    """Parse, resolve and type-check a spec against its files; no model is opened, nothing runs.

    ``strict`` makes errors of the lints that the spec sets no level for; ``settings`` are ``NAME=VALUE`` of params.
    ``seen`` gets the spec as far as it was resolved.
    """
    return check_text(read_spec(Path(path)), strict=strict, settings=settings, seen=seen)


def check_text(
    file: SourceFile, *, strict: bool = False, settings: Sequence[str] = (), seen: Seen | None = None
) -> Diagnostics:
    """The same for a text that need not be the one on disk: the file's path says where its data files are."""
    from compiler.compile import check as check_spec
    from runtime.world import LocalWorld
    from sft.locking import inspection

    path = Path(file.path)
    world, inspect = LocalWorld(path.resolve().parent), inspection(path, locked=False, settings=settings)
    spec, diagnostics = check_spec(file, world, strict=strict, settings=settings, inspect=inspect)
    if seen is not None:
        seen[:] = [spec]
    return diagnostics


def mend(
    path: Path,
    *,
    write: bool = True,
    strict: bool = False,
    settings: Sequence[str] = (),
    seen: Seen | None = None,
) -> Mended:
    """Apply every fix that findings carry, check again, and put the result in the file's place unless told not to.
    ``seen`` gets the spec that was resolved last.

    Raises DiagnosticError when the file cannot be read, or not be written (it is then as it was).
    """
    from functools import partial

    from spec_lang.fixes import mend as mend_text

    before = path.read_bytes() if path.is_file() else b""
    mended = mend_text(read_spec(path), partial(check_text, strict=strict, settings=settings, seen=seen))
    if write and mended.changed:
        from sft.rewriting import rewrite

        rewrite(path, before, mended.after.text)
    return mended


def compile(
    path: Path | str, *, settings: Sequence[str] = (), locked: bool = False, seen: Seen | None = None
) -> tuple[Plan | None, Diagnostics]:
    """The plan of a spec, or None with the reasons why there is none; ``settings`` are ``NAME=VALUE`` of params.

    ``seen`` gets the spec as far as it was resolved. ``locked`` makes an error of everything that is not as
    ``sft.lock`` pins it. Raises DiagnosticError for a lock that cannot be read, or is not there when ``locked``.
    """
    from compiler.compile import compile_spec
    from runtime.world import LocalWorld
    from sft.locking import inspection
    from spec_lang.diagnostics import Diagnostics

    path = Path(path)
    diagnostics = Diagnostics()
    file, world = read_spec(path), LocalWorld(path.resolve().parent)
    inspect = _watched(inspection(path, locked=locked, settings=settings), seen)
    return compile_spec(file, world, diagnostics, settings=settings, inspect=inspect), diagnostics


def _watched(inspect: Inspection | None, seen: Seen | None) -> Inspection | None:
    """The inspection of a resolved spec that also keeps the spec."""
    if seen is None:
        return inspect

    def keep(spec: ResolvedSpec, found: Diagnostics) -> None:
        seen[:] = [spec]
        if inspect is not None:
            inspect(spec, found)

    return keep


def diff(plan: Plan, store: Store) -> tuple[StepChange, ...]:
    """The plan against the store: what is cached, what has to run, and because of what; orphans last."""
    from sft.planning import compare

    return compare(plan, store).changes


def run(
    path: Path | str,
    *,
    store: Store | None = None,
    only: str | None = None,
    settings: Sequence[str] = (),
    locked: bool = False,
    listeners: Sequence[Callable[[Event], None]] = (),
) -> RunOutcome:
    """Compile and execute a spec. Raises DiagnosticError when it does not compile or the store cannot be opened."""
    from spec_lang.diagnostics import DiagnosticError

    path = Path(path)
    plan, diagnostics = compile(path, settings=settings, locked=locked)
    if plan is None:
        raise DiagnosticError(*diagnostics)
    return execute(plan, path, store=store, only=only, listeners=listeners)


def execute(
    plan: Plan,
    path: Path,
    *,
    store: Store | None = None,
    only: str | None = None,
    listeners: Sequence[Callable[[Event], None]] = (),
    run_id: str | None = None,
    options: Sequence[str] = (),
) -> RunOutcome:
    """Execute a compiled plan of the spec at ``path``. ``run_id`` names the run, ``options`` are recorded with it."""
    from runtime.scheduler import run_plan
    from spec_lang.diagnostics import fatal

    if not plan.steps:
        raise fatal("SFT0929", f"`{path}` asks for nothing", "a spec that runs has a `source` at least")
    store = store or store_beside(path)
    reasons = {change.step_id: "; ".join(change.reasons) for change in diff(plan, store)}
    folder = path.resolve().parent
    return run_plan(
        plan, folder, store, only=only, reasons=reasons, listeners=listeners, run_id=run_id, options=options
    )
