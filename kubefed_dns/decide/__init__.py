"""Decisions about DNS: pure functions, no I/O, no clock."""
