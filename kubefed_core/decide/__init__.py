"""Decisions of the core: pure functions, no I/O, no clock."""
