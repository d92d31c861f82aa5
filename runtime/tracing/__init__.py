"""From a row to its fate in every step, and from a batch back to lines of files."""
