"""The pages of a store: every kernel, every finding, every difference."""
