"""Load a contract from a file, or one of those that hypabi ships."""

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from hypabi.contract.file.node import Node
from hypabi.contract.file.reader import read_contract
from hypabi.contract.file.yaml import MOST_BYTES, compose_yaml
from hypabi.contract.model import Contract
from hypabi.contract.place import Place, closest_name
from hypabi.home import CONTRACTS
from hypabi.records import replace
from hypabi.regular import read_regular

if TYPE_CHECKING:
    from hypabi.contract.stated.model import StatedContract

AnyContract: TypeAlias = "Contract | StatedContract"
"""One that images are held against, or one that only states an interface."""


def load_contract(path: Path) -> Contract:
    """Load a contract file that images can be held against.

    :raises ContractError: it cannot be read, is no such contract, or cannot be meant
    """
    return parse_contract(_bytes(path), str(path))


def load_any(path: Path) -> AnyContract:
    """Load a contract file of either kind.

    :raises ContractError: it cannot be read, is no contract, or cannot be meant
    """
    return parse_any(_bytes(path), str(path))


def load_with_source(path: Path) -> tuple[AnyContract, Node]:
    """Load a contract file of either kind, with what it was read from.

    :raises ContractError: as :func:`load_any`
    """
    text = _bytes(path)
    return parse_any(text, str(path)), compose_yaml(text, str(path))


def parse_contract(text: bytes, file: str) -> Contract:
    """Read a contract that images can be held against from its text and check what it means.

    :param file: what refusals call it
    :raises ContractError: it is no such contract, or cannot be meant
    """
    return _held(parse_any(text, file))


def parse_any(text: bytes, file: str) -> AnyContract:
    """Read a contract of either kind from its text and check what it means.

    :param file: what refusals call it
    :raises ContractError: it is no contract, or cannot be meant
    """
    contract = read_text(text, file)
    if isinstance(contract, Contract):
        from hypabi.contract.file.validation import check_meaning  # noqa: PLC0415 - not if it is shipped

        check_meaning(contract)
    else:
        from hypabi.contract.stated.validation import check_stated  # noqa: PLC0415 - as above

        check_stated(contract)
    return contract


def read_text(text: bytes, file: str) -> AnyContract:
    """Read a contract from its text; what it means is not looked at.

    :raises ContractError: it is no contract
    """
    contract = read_contract(compose_yaml(text, file))
    return replace(contract, sha256=hashlib.sha256(text).hexdigest())


def shipped_contracts() -> tuple[str, ...]:
    """Return the names of the contracts of both kinds that come with hypabi."""
    return tuple(sorted(path.stem for path in _shipped().glob("*.yaml")))


def shipped_contract(name: str) -> Contract:
    """Load a contract that comes with hypabi and that images can be held against.

    :raises ContractError: there is none of this name
    """
    return _held(shipped_or_stated(name))


def shipped_or_stated(name: str) -> AnyContract:
    """Load a contract that comes with hypabi; our tests have checked what it means.

    :raises ContractError: there is none of this name
    """
    path = _shipped() / f"{name}.yaml"
    if name not in shipped_contracts():
        hint = closest_name(name, shipped_contracts())
        raise Place(name, 0, "").refuse("no contract of this name is shipped", hint)
    return read_text(path.read_bytes(), path.name)


def _held(contract: AnyContract) -> Contract:
    """Refuse a contract that only states an interface."""
    if isinstance(contract, Contract):
        return contract
    place = contract.place.below("kind")
    what = f"{contract.name} only states an interface, so no image can be held against it"
    hint = f"read it by 'hypabi contract show {contract.name}'"
    raise Place(place.file, 0, place.key).refuse(what, hint)


def _shipped() -> Path:
    return CONTRACTS


def _bytes(path: Path) -> bytes:
    try:
        return read_regular(path, MOST_BYTES + 1)
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise Place(str(path), 0, "").refuse(f"cannot be read: {reason}") from None
