"""Controllers of the core: read caches, decide, act, report."""
