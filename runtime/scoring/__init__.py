"""Numbers that a model gives a row: losses of its answer, outputs of a classifier; kept once a text and scorer."""
