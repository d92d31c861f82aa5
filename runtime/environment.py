"""What the run ran on: recorded beside the results, never part of a hash.

Versions come from package metadata, which costs milliseconds; importing torch to ask it would
cost seconds, so the device and precision that a step really used are in that step's summary.
"""

from __future__ import annotations

import os
import platform
import subprocess
from pathlib import Path

SPEC_FOLDER = "spec:folder"  # key of the folder that the spec was in: a store may lie anywhere
OPTIONS = "options"  # key of the words of `sft run` that another run of the same plan has to be given
PACKAGES = ("sft-lang", "duckdb", "numpy", "peft", "pydantic", "scipy", "tokenizers", "torch", "transformers")


def capture(spec_dir: Path) -> dict[str, str]:
    """Key -> value: versions, machine, and the git commit of the spec's folder when there is one."""
    found = {
        "python": platform.python_version(),
        "platform": platform.platform(),
        "machine": platform.machine(),
        "cores": str(os.cpu_count() or 1),
    }
    for package in PACKAGES:
        version = package_version(package)
        if version is not None:
            found[f"package:{package}"] = version
    found.update(_git(spec_dir))
    return found


def package_version(package: str) -> str | None:
    from importlib import metadata

    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return None


def _git(spec_dir: Path) -> dict[str, str]:
    """Commit, and whether the tree differs from it; empty outside a repository or without git."""
    try:
        lines = subprocess.run(
            ["git", "-C", str(spec_dir), "describe", "--always", "--dirty", "--abbrev=40", "--exclude=*"],
            capture_output=True,
            text=True,
            timeout=5,
            check=True,
        )
    except (OSError, subprocess.SubprocessError):
        return {}
    commit, dash, _ = lines.stdout.strip().partition("-dirty")
    return {"git:commit": commit, "git:clean": "no" if dash else "yes"}
