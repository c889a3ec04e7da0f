"""A target with a defect that only code guides to, for the tests of the fuzzer."""

from collections.abc import Callable, Mapping


def defective(content: bytes) -> None:
    """Fail for one input."""
    if content[:4] == b"hvc!":
        raise KeyError("planted")


PACKAGES: tuple[str, ...] = ()
TARGETS: Mapping[str, Callable[[bytes], None]] = {"defective": defective}
