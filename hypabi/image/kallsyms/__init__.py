"""The symbols that a kernel carries itself, found by their invariants."""
