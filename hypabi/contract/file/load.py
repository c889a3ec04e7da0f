"""Load a contract from a file, or one of those that hypabi ships."""

import hashlib
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Final, TypeAlias

from hypabi.contract.file.shapes import record_of
from hypabi.contract.model import Contract
from hypabi.decode.bounds import Bounds, read_bounded
from hypabi.decode.decoder import decode
from hypabi.decode.node import Node, Table
from hypabi.decode.place import Place, closest_name
from hypabi.decode.yaml import compose_yaml
from hypabi.home import CONTRACTS
from hypabi.records import replace

if TYPE_CHECKING:
    from hypabi.contract.stated.model import StatedContract

AnyContract: TypeAlias = "Contract | StatedContract"
"""One that images are held against, or one that only states an interface."""

BOUNDS: Final = Bounds(bytes=1 << 20, parts=50_000, depth=32)
"""Of a contract file; the largest that is shipped has a tenth of them."""

MOST_KEPT: Final = 32
"""Contracts that are kept once read; more than are shipped."""


def load_contract(path: Path) -> Contract:
    """Load a contract file that images can be held against.

    :raises FileError: it cannot be read, is no such contract, or cannot be meant
    """
    return parse_contract(read_bounded(path, BOUNDS), str(path))


def load_any(path: Path) -> AnyContract:
    """Load a contract file of either kind.

    :raises FileError: it cannot be read, is no contract, or cannot be meant
    """
    return load_with_source(path)[0]


def load_with_source(path: Path) -> tuple[AnyContract, Node]:
    """Load a contract file of either kind, with what it was read from.

    :raises FileError: as :func:`load_any`
    """
    return _parse(read_bounded(path, BOUNDS), str(path))


def parse_contract(text: bytes, file: str) -> Contract:
    """Read a contract that images can be held against from its text and check what it means.

    :param file: what refusals call it
    :raises FileError: it is no such contract, or cannot be meant
    """
    return _held(parse_any(text, file))


def parse_any(text: bytes, file: str) -> AnyContract:
    """Read a contract of either kind from its text and check what it means.

    :param file: what refusals call it
    :raises FileError: it is no contract, or cannot be meant
    """
    return _parse(text, file)[0]


def _parse(text: bytes, file: str) -> tuple[AnyContract, Node]:
    contract, node = _read(text, file)
    if isinstance(contract, Contract):
        from hypabi.contract.file.validation import check_meaning  # noqa: PLC0415 - not if it is shipped

        check_meaning(contract)
    else:
        from hypabi.contract.stated.validation import check_stated  # noqa: PLC0415 - as above

        check_stated(contract)
    return contract, node


@lru_cache(maxsize=MOST_KEPT)
def read_text(text: bytes, file: str) -> AnyContract:
    """Read a contract from its text; what it means is not looked at.

    What was read last is kept: a program that asks about many images reads each contract once.

    :raises FileError: it is no contract
    """
    return _read(text, file)[0]


def _read(text: bytes, file: str) -> tuple[AnyContract, Node]:
    node = compose_yaml(text, file, BOUNDS)
    if isinstance(node, Table) and "kind" in node.items:
        from hypabi.contract.stated.model import StatedContract  # noqa: PLC0415 - few commands need one

        stated = decode(node, record_of(StatedContract), StatedContract)
        return replace(stated, sha256=hashlib.sha256(text).hexdigest()), node
    contract = decode(node, record_of(Contract), Contract)
    return replace(contract, sha256=hashlib.sha256(text).hexdigest()), node


def shipped_contracts() -> tuple[str, ...]:
    """Return the names of the contracts of both kinds that come with hypabi."""
    return tuple(sorted(path.stem for path in _shipped().glob("*.yaml")))


def shipped_contract(name: str) -> Contract:
    """Load a contract that comes with hypabi and that images can be held against.

    :raises FileError: there is none of this name
    """
    return _held(shipped_or_stated(name))


def shipped_or_stated(name: str) -> AnyContract:
    """Load a contract that comes with hypabi; our tests have checked what it means.

    :raises FileError: there is none of this name
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
