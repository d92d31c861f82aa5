"""Rows that models write: one module a method, with the rules that what they wrote has to pass."""
