"""The shipped contracts, each read once for all tests: they are frozen."""

import functools

from hypabi.contract.file.load import AnyContract, shipped_or_stated


@functools.cache
def shipped(name: str) -> AnyContract:
    """Return a shipped contract of either kind."""
    return shipped_or_stated(name)
