"""A weight matrix ready to be multiplied: packed once where oneDNN multiplies float32 on a CPU, plain elsewhere.

Rows leave the batch one by one, so products come in every height. MKL is fast at multiples of 16 rows only; oneDNN on
a packed matrix is fast at all of them. Two AVX2 cores, GFLOP/s of packed / ``W @ x.T`` / ``nn.Linear``, for 3072x576:
121/130/67 at 64 rows, 123/80/- at 63, 145/65/- at 31, 105/46/45 at 5; for the vocabulary of 49152: 135/112/59 at 64.

Packing costs the memory of the matrix again (0.5 GB for a model of 135M, 0.15 s), so a model above PACKED_BYTES keeps
the plain product. That limit is for memory; how fast packed products of larger models are was not measured.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

import torch
from torch.nn import functional

PACKED_BYTES = 4 << 30
_TYPICAL_ROWS = 64  # a hint for the layout; other heights are multiplied as fast


@dataclass(frozen=True, slots=True)
class Matrix:
    """``weight`` is [outputs, inputs]; ``packed`` holds the same numbers in oneDNN's own layout."""

    weight: torch.Tensor
    bias: torch.Tensor | None = None
    packed: torch.Tensor | None = None

    def __call__(self, x: torch.Tensor) -> torch.Tensor:
        """``x @ weight.T + bias`` for x [rows, inputs]."""
        if self.packed is None:
            return functional.linear(x, self.weight, self.bias)
        product = torch.ops.mkldnn._linear_pointwise(x, self.packed, self.bias, "none", [], "")
        return cast(torch.Tensor, product)


def can_pack(weight: torch.Tensor) -> bool:
    """Whether this build of torch multiplies packed matrices of this kind. What inductor uses, so not for ever."""
    return (
        weight.device.type == "cpu"
        and weight.dtype is torch.float32
        and torch.backends.mkldnn.is_available()
        and hasattr(torch.ops.mkldnn, "_linear_pointwise")
        and hasattr(torch.ops.mkldnn, "_reorder_linear_weight")
    )


def packed(matrix: Matrix) -> Matrix:
    """The same matrix, packed where that is possible."""
    if not can_pack(matrix.weight):
        return matrix
    with torch.no_grad():
        layout = torch.ops.mkldnn._reorder_linear_weight(matrix.weight, _TYPICAL_ROWS)
    return Matrix(matrix.weight, matrix.bias, layout)
