"""A text as a YAML scalar: in double quotes, with the escapes that YAML 1.1 and 1.2 share with JSON.

JSON's own escaping will not do. With ``ensure_ascii`` a character beyond U+FFFF becomes two surrogates, which YAML
reads as two characters that are none; without it controls stand there as they are, which YAML forbids.
"""

from __future__ import annotations

import json
import re

_NOT_PLAIN = re.compile(r"[\x7f-\xa0\u2028\u2029\ud800-\udfff\ufeff\ufffe\uffff]")


def yaml_text(text: str) -> str:
    quoted = json.dumps(text, ensure_ascii=False)
    return _NOT_PLAIN.sub(lambda match: f"\\u{ord(match.group()):04x}", quoted)
