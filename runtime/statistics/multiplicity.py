"""Many questions at once: p-values adjusted so that any false alarm stays at the level asked for.

Needed where one bad slice out of many fails a gate: 20 independent slices at 5% raise a false alarm in 64% of
runs. Not needed where every slice has to be proven good (intersection-union: the weakest one decides).
"""

from __future__ import annotations

from collections.abc import Sequence


def holm(p_values: Sequence[float]) -> tuple[float, ...]:
    """Step-down adjusted p-values in the order given (Holm 1979, Scand. J. Stat. 6:65); compare each with the level."""
    adjusted = [0.0] * len(p_values)
    largest = 0.0
    for rank, index in enumerate(sorted(range(len(p_values)), key=lambda i: p_values[i])):
        largest = max(largest, min(1.0, (len(p_values) - rank) * p_values[index]))
        adjusted[index] = largest
    return tuple(adjusted)
