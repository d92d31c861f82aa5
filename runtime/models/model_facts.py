"""What determines a model's behaviour, as hashes that are the same on every machine.

A GGUF file is hashed as it is (its bytes, and the version of our conversion), never its converted
copy; a folder by its safetensors and configuration files. The answer is kept in the user's cache by
those hashes, so asking again costs a stat a file and a small JSON file, and never imports torch.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from msgspec.structs import asdict, replace

from compiler.hashing import hash_value
from compiler.world import ModelFacts, Problem
from runtime.file_hashes import cache_folder, content_hash, read_json, write_json
from runtime.models.chat_template import read_override, template_hash, template_in_folder
from runtime.models.gguf_weights import CONVERSION, read_header, special_tokens
from runtime.models.weights import GgufFile, HubSnapshot, ModelFolder, fetch, locate
from spec_lang.diagnostics import DiagnosticError

FACTS = 2  # raise it when the same files give other facts
# Of tokenizer_config.json: what says where a file came from, or is hashed apart.
_NO_BEHAVIOUR = ("chat_template", "name_or_path", "is_local", "local_files_only", "transformers_version", "backend")


def model_facts(weights: str, chat_template: str | None, spec_dir: Path) -> ModelFacts | Problem:
    """Hashes of weights, tokenizer and chat template, and the tokenizer's special tokens.

    ``weights`` as the spec writes it, ``chat_template`` the path of a Jinja file relative to ``spec_dir`` or None.
    Problems: those of ``locate``, SFT0507 (unreadable GGUF), SFT0508 (broken files), SFT0510 (no chat template),
    SFT0511 (the override cannot be read).
    """
    facts = _facts(weights, spec_dir)
    if isinstance(facts, Problem):
        return facts
    if chat_template is not None:
        try:
            facts = replace(facts, chat_template=template_hash(read_override(chat_template, spec_dir)))
        except DiagnosticError as error:
            first = error.diagnostics[0]
            return Problem(first.code, first.message, first.help)
    if not facts.chat_template:
        return Problem(
            "SFT0510",
            f"`{weights}` brings no chat template",
            'name one in the model: `chat_template = "chat.jinja"`',
        )
    return facts


def classifier_facts(weights: str, spec_dir: Path) -> ModelFacts | Problem:
    """The same of a sequence classifier, which has no chat template. Problems: those of ``model_facts`` but SFT0510."""
    facts = _facts(weights, spec_dir)
    return facts if isinstance(facts, Problem) else replace(facts, chat_template="")


def _facts(weights: str, spec_dir: Path) -> ModelFacts | Problem:
    found = locate(weights, spec_dir)
    if isinstance(found, HubSnapshot):
        found = fetch(found)
    if isinstance(found, Problem):
        return found
    try:
        return _kept(found)
    except DiagnosticError as error:
        first = error.diagnostics[0]
        return Problem(first.code, first.message, first.help)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        return Problem("SFT0508", f"the files of `{weights}` cannot be read: {error}")


def _kept(found: GgufFile | ModelFolder) -> ModelFacts:
    """The facts from the cache, or worked out and put there. ``chat_template`` is empty when there is none."""
    if isinstance(found, GgufFile):
        files = {"gguf": content_hash(found.path), "conversion": str(CONVERSION)}
    else:
        files = _files_of(found.path)
    kept = cache_folder() / "model-facts" / f"{hash_value(files)}-{FACTS}.json"
    values = read_json(kept)
    if values.keys() == set(ModelFacts.__struct_fields__):
        return ModelFacts(**{**values, "special_tokens": tuple(values["special_tokens"])})
    facts = _of_gguf(found.path, files) if isinstance(found, GgufFile) else _of_folder(found.path, files)
    write_json(kept, asdict(facts))
    return facts


def _of_gguf(path: Path, files: dict[str, str]) -> ModelFacts:
    header = read_header(path)
    tokenizer = {key: _plain(value) for key, value in header.items() if key.startswith("tokenizer.ggml.")}
    template = str(header.get("tokenizer.chat_template") or "")
    return ModelFacts(
        weights=hash_value(files),
        tokenizer=hash_value({"conversion": CONVERSION, **tokenizer}),
        chat_template=template_hash(template) if template else "",
        special_tokens=special_tokens(header),
    )


def _plain(value: Any) -> Any:
    """Header values without floats (scores of a vocabulary), which have no canonical form."""
    if isinstance(value, float):
        return repr(value)
    return [_plain(item) for item in value] if isinstance(value, list) else value


def _files_of(folder: Path) -> dict[str, str]:
    weights = sorted(folder.glob("*.safetensors"))
    names = ("config.json", "generation_config.json", "tokenizer.json", "tokenizer_config.json", "chat_template.jinja")
    others = [folder / name for name in (*names, "special_tokens_map.json", "chat_template.json")]
    return {file.name: content_hash(file) for file in [*weights, *others] if file.exists()}


def _of_folder(folder: Path, files: dict[str, str]) -> ModelFacts:
    own = {name: value for name, value in files.items() if name.endswith(".safetensors")}
    own |= {name: files[name] for name in ("config.json", "generation_config.json") if name in files}
    settings = _json(folder / "tokenizer_config.json")
    behaviour = {key: value for key, value in settings.items() if key not in _NO_BEHAVIOUR}
    vocabulary = _json(folder / "tokenizer.json")
    template = template_in_folder(folder)
    return ModelFacts(
        weights=hash_value(own),
        tokenizer=hash_value(
            {
                "tokenizer": files["tokenizer.json"],
                "settings": json.dumps(behaviour, sort_keys=True),
                "map": files.get("special_tokens_map.json"),
            }
        ),
        chat_template=template_hash(template) if template else "",
        special_tokens=tuple(token["content"] for token in vocabulary.get("added_tokens", ()) if token.get("special")),
    )


def _json(path: Path) -> dict[str, Any]:
    if not path.exists():
        return {}
    loaded = json.loads(path.read_text(encoding="utf-8"))
    if not isinstance(loaded, dict):
        raise ValueError(f"{path.name} is not a JSON object")
    return loaded
