"""From answers to numbers with intervals: slices and aggregates of the measure step, shared with gates."""
