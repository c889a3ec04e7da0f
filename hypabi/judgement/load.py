"""Load a contract from a file, or one of those that hypabi ships."""

import hashlib
from dataclasses import replace
from importlib import resources
from pathlib import Path
from typing import Final

from hypabi.judgement.contract import Contract
from hypabi.judgement.meaning import check_meaning
from hypabi.judgement.node import Node
from hypabi.judgement.place import Place, closest
from hypabi.judgement.read import read_contract
from hypabi.judgement.yaml_source import MOST_BYTES, compose

_SHIPPED: Final = "contracts"
_SUFFIX: Final = ".yaml"


def load_contract(path: Path) -> Contract:
    """Load a contract file.

    :raises ContractError: it cannot be read, is no contract, or cannot be meant
    """
    return parse_contract(_bytes(path), str(path))


def parse_contract(text: bytes, file: str) -> Contract:
    """Read a contract from its text.

    :param file: what refusals call it
    :raises ContractError: it is no contract, or cannot be meant
    """
    return contract_from(compose(text, file), text)


def contract_from(node: Node, text: bytes) -> Contract:
    """Read a contract from its nodes and check what it means.

    :raises ContractError: it is no contract, or cannot be meant
    """
    contract = replace(read_contract(node), sha256=hashlib.sha256(text).hexdigest())
    check_meaning(contract)
    return contract


def shipped_contracts() -> tuple[str, ...]:
    """Return the names of the contracts that come with hypabi."""
    names = (each.name for each in resources.files("hypabi").joinpath(_SHIPPED).iterdir())
    return tuple(sorted(name.removesuffix(_SUFFIX) for name in names if name.endswith(_SUFFIX)))


def shipped_contract(name: str) -> Contract:
    """Load a contract that comes with hypabi.

    :raises ContractError: there is none of this name
    """
    names = shipped_contracts()
    if name not in names:
        raise Place(name, 0, "").refuse("no contract of this name is shipped", closest(name, names))
    file = f"{name}{_SUFFIX}"
    return parse_contract(resources.files("hypabi").joinpath(_SHIPPED, file).read_bytes(), file)


def _bytes(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(MOST_BYTES + 1)
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise Place(str(path), 0, "").refuse(f"cannot be read: {reason}") from None
