"""What the values of a metric are compared along: templates, numbers of examples, or the parts of a slice.

Apart from the parameters of steps, so that reading a spec does not load pydantic (a tenth of a second).
"""

from __future__ import annotations

from typing import Literal, TypeAlias

Axis: TypeAlias = Literal["templates", "few_shot", "slice"]
