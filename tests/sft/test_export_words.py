"""Texts of an export: any text as a scalar of YAML, licences as people write them, and how a card loads a base."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
import yaml

from runtime.exporting.provenance import SourceFile
from runtime.exporting.trained import SavedModel
from runtime.exporting.yaml_text import yaml_text
from sft import model_card
from sft.licences import licence_notes

HARD = "a\"\\'$(x) \x7f\x85\u2028\ufeff\ufffe\n\t\0é\U0001f600\U000e0001 # : -"


@pytest.mark.parametrize("text", [HARD, "no", "1e3", "", "\udcff"])
def test_a_text_in_yaml_is_the_text(text: str) -> None:
    assert yaml.safe_load(f"a:\n  - b: {yaml_text(text)}\n") == {"a": [{"b": text}]}


@pytest.mark.parametrize(
    ("licences", "says"),
    [
        (["CC BY-NC 4.0"], "Not for commercial use"),
        (["cc_by_nc_4.0"], "Not for commercial use"),
        (["Creative Commons Attribution-NonCommercial 4.0"], "Not for commercial use"),
        (["CC BY-ND 4.0"], "forbids sharing changed copies"),
        (["CC BY No Derivatives"], "forbids sharing changed copies"),
        (["CC BY-SA 4.0", "CC BY-NC 4.0"], "in conflict"),
        (["GNU General Public License v3", "CC BY ShareAlike 4.0"], "in conflict"),
        (["GNU GPL v3", "CC-BY-SA-4.0"], "in conflict"),
        (["n/a"], "Unknown licence"),
    ],
)
def test_licences_are_read_as_people_write_them(licences: list[str], says: str) -> None:
    files = [SourceFile(f"s{n}", "x", "h", name, None, None, 1, 0) for n, name in enumerate(licences)]
    assert any(says in note for note in licence_notes(files))


@pytest.mark.parametrize("name", ["CC-BY-4.0", "MIT", "Apache-2.0", "CC0-1.0", "BSD-3-Clause", "Sandia", "Incand"])
def test_licences_without_such_terms_have_no_note(name: str) -> None:
    assert licence_notes([SourceFile("s", "x", "h", name, None, None, 1, 0)]) == []


def test_a_card_loads_the_base_of_an_adapter_at_its_commit() -> None:
    step: Any = SimpleNamespace(content={})
    behind: Any = None

    def shown(base: str | None, revision: str | None) -> str:
        saved = SavedModel(base, revision, is_adapter=True)
        return model_card._use(model_card.ModelFacts("tuned", "s.sft", "1", step, saved, behind, ()))

    assert 'from_pretrained("org/m", revision="0123abc")\n' in shown("org/m", "0123abc")
    assert 'from_pretrained("org/m")\n' in shown("org/m", None)
    assert 'from_pretrained("the base model")\n' in shown(None, None)
