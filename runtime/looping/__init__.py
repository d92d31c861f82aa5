"""What tells whether a loop still learns: figures of a round's rows, limits on them, stop rules, proxy against gold."""
