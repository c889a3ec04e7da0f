"""Write a contract as plain values that its reader reads back."""

from typing import TYPE_CHECKING

from hypabi.contract.file.shapes import record_of
from hypabi.decode.encoder import encode
from hypabi.decode.schema import Plain

if TYPE_CHECKING:
    from hypabi.contract.file.load import AnyContract


def write_contract(contract: "AnyContract") -> Plain:
    """Return the contract in its file format, without the keys that say nothing."""
    return encode(contract, record_of(type(contract)))
