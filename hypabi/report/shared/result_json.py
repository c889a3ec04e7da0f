"""A result as JSON: what it amounts to, then its fields.

64-bit values are strings in hexadecimal, because many readers of JSON cut numbers at 53 bits.
"""

from typing import Protocol

from hypabi.analysis.results.conclusion import Conclusion
from hypabi.analysis.results.plain import Plain, plain


class Concluded(Protocol):
    """A result that amounts to something."""

    @property
    def conclusion(self) -> Conclusion:
        """Return what it amounts to."""
        ...


def result_document(result: Concluded, name: str, version: int) -> dict[str, Plain]:
    """Return a result as plain values.

    :param name: of the schema
    :param version: of the schema
    """
    parts = (plain(result.conclusion), plain(result))
    document: dict[str, Plain] = {"schema": {"name": name, "version": version}}
    for part in parts:
        assert isinstance(part, dict), "a result is a record"
        document |= part
    return document


def write_result(result: Concluded, name: str, version: int) -> str:
    """Return a result as JSON, keys sorted, ending in a newline."""
    import json  # noqa: PLC0415 - what is printed as text does without

    return json.dumps(result_document(result, name, version), indent=2, sort_keys=True) + "\n"
