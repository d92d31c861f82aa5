"""What this machine can do, and an X-ray of a spec's models: chat template, end-of-turn, pad, mask.

Without FILE only the machine and the store are looked at. With FILE every model of the spec is
opened (that loads torch and transformers, some seconds) and its loss mask is proven.
"""

from __future__ import annotations

import argparse
import os
import shutil
from pathlib import Path

from sft.commands.common import add_format, compiled

SUMMARY = "look at this machine and at a spec's models"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("file", nargs="?", type=Path, metavar="FILE")
    add_format(parser)


def execute(args: argparse.Namespace) -> int:
    import json

    sections = {"machine": machine()}
    failed = False
    if args.file is not None:
        plan = compiled(args.file, args.format)
        if plan is None:
            return 1
        from runtime.models.xray import xray_models

        for name, facts, problem in xray_models(plan, args.file.resolve().parent):
            sections[f"model {name}"] = facts
            failed = failed or problem
    if args.format == "json":
        print(json.dumps(sections))
    else:
        print("\n\n".join(_section(title, facts) for title, facts in sections.items()))
    return 1 if failed else 0


def machine() -> dict[str, str]:
    """Cores, memory, disk, versions, devices."""
    from runtime.environment import capture

    facts = capture(Path())
    facts["disk free"] = f"{shutil.disk_usage(Path()).free / 1e9:.1f} GB"
    if hasattr(os, "sysconf"):
        facts["memory"] = f"{os.sysconf('SC_PAGE_SIZE') * os.sysconf('SC_PHYS_PAGES') / 1e9:.1f} GB"
    facts.update(devices())
    return facts


def devices() -> dict[str, str]:
    """Where models would run, and in which precision under `precision = auto`. Imports torch (1.6 s)."""
    from runtime.models.loading import pick_device, pick_dtype

    device = pick_device()
    dtype = str(pick_dtype("auto", device)).removeprefix("torch.")
    return {
        "device": device.type,
        "precision under auto": f"{dtype} (bfloat16 only where the device multiplies it fast)",
    }


def _section(title: str, facts: dict[str, str]) -> str:
    from spec_lang.plain_text import visible

    width = max(len(key) for key in facts)
    lines = [title]
    for key, value in facts.items():
        first, *rest = visible(value, newlines=True).split("\n")
        lines.append(f"  {key:<{width}}  {first}")
        lines.extend(f"  {'':<{width}}  {line}" for line in rest)
    return "\n".join(lines)
