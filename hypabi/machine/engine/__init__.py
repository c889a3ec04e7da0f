"""Our own machine: the meanings of ``semantics`` over integers."""
