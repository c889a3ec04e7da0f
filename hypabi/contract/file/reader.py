"""Read a contract from its nodes, strictly: the types say which keys there are, and of what."""

import enum
from collections.abc import Callable
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, assert_never

from hypabi.contract.architectures import ArchitectureName, OnEach
from hypabi.contract.file.node import Node, Scalar, Sequence, Table
from hypabi.contract.file.shapes import (
    Key,
    ListOf,
    Nullable,
    Number,
    PerArchitecture,
    PerName,
    Record,
    Shape,
    TableOf,
    Text,
    VersionText,
    Word,
    keys_of,
)
from hypabi.contract.model import ByArchitecture, Contract
from hypabi.contract.place import ContractError, closest_name
from hypabi.contract.version import Version

if TYPE_CHECKING:
    from hypabi.contract.stated.model import StatedContract

_ARCHITECTURES = ("arm", "arm64")


def read_contract(node: Node) -> "Contract | StatedContract":
    """Read a contract of either kind; what it means is not looked at.

    :raises ContractError: a key is unknown, missing, or takes something else
    """
    if isinstance(node, Table) and "kind" in node.items:
        return _stated(node)
    contract = _Reader().record(node, Contract)
    assert isinstance(contract, Contract)
    return contract


def _stated(node: Table) -> "StatedContract":
    from hypabi.contract.stated.model import StatedContract  # noqa: PLC0415 - few commands need one

    contract = _Reader().record(node, StatedContract)
    assert isinstance(contract, StatedContract)
    return contract


class _Reader:
    """Reads shapes.  Remembers the keys of each type, which take time to find out."""

    def __init__(self) -> None:
        self._keys: dict[type[Any], dict[str, Key]] = {}

    def record(self, node: Node, kind: type[Any]) -> object:
        table = _table(node)
        keys = self._keys_of(kind)
        for name, inner in table.items.items():
            if name not in keys:
                raise inner.place.refuse("unknown key", closest_name(name, keys))
        values: dict[str, object] = {}
        for name, key in keys.items():
            if name in table.items:
                values[key.field] = self.value(table.items[name], key.shape)
            elif key.required:
                raise table.place.refuse(f"the key {name!r} is missing", key.says)
        return _build(kind, values, table)

    def value(self, node: Node, shape: Shape) -> object:
        match shape:
            case Text():
                return _text(node, "a text")
            case Number():
                return _number(node)
            case VersionText():
                return _version(node)
            case Word(kind):
                return _word(node, kind)
            case Nullable(of):
                return None if _is_null(node) else self.value(node, of)
            case ListOf(of):
                return tuple(self.value(item, of) for item in _sequence(node).items)
            case TableOf(of):
                table = _table(node).items
                return MappingProxyType({name: self.value(i, of) for name, i in table.items()})
            case PerArchitecture() | PerName():
                return self._each(node, shape)
            case Record(kind):
                return self.record(node, kind)
            case _:
                assert_never(shape)

    def _each(self, node: Node, shape: PerArchitecture | PerName) -> object:
        if isinstance(shape, PerName):
            return self._per_name(node, shape.of)
        return self._per_architecture(node, shape.of)

    def _per_architecture(self, node: Node, shape: Shape) -> ByArchitecture[object]:
        if not isinstance(node, Table):
            both = self.value(node, shape)
            return ByArchitecture(both, both)
        for name, inner in node.items.items():
            if name not in _ARCHITECTURES:
                raise inner.place.refuse("unknown key", closest_name(name, _ARCHITECTURES))
        if not node.items:
            raise node.place.refuse("nothing is said of either architecture")
        arm, arm64 = (
            self.value(node.items[name], shape) if name in node.items else None
            for name in _ARCHITECTURES
        )
        return ByArchitecture(arm, arm64)

    def _per_name(self, node: Node, shape: Shape) -> OnEach[object]:
        if not isinstance(node, Table):
            return OnEach(self.value(node, shape))
        names = {each.value: each for each in ArchitectureName}
        for name, inner in node.items.items():
            if name not in names:
                raise inner.place.refuse("unknown key", closest_name(name, names))
        if not node.items:
            raise node.place.refuse("nothing is said of any architecture")
        named = {names[name]: self.value(each, shape) for name, each in node.items.items()}
        return OnEach(None, MappingProxyType(named))

    def _keys_of(self, kind: type[Any]) -> dict[str, Key]:
        keys = self._keys.get(kind)
        if keys is None:
            keys = self._keys[kind] = {key.name: key for key in keys_of(kind)}
        return keys


def _build(kind: Callable[..., object], values: dict[str, object], table: Table) -> object:
    return kind(**values, place=table.place)


def _wrong(node: Node, wanted: str) -> ContractError:
    match node:
        case Scalar(value=None):
            found = "nothing"
        case Scalar(value=int() as value):
            found = f"the number {value}"
        case Scalar(value=value):
            found = f"the text {value!r}"
        case Sequence():
            found = "a list"
        case Table():
            found = "a mapping"
        case _:
            assert_never(node)
    hint = "quote it" if "text" in wanted and found.startswith("the number") else ""
    return node.place.refuse(f"wants {wanted}, has {found}", hint)


def _table(node: Node) -> Table:
    if isinstance(node, Table):
        return node
    raise _wrong(node, "a mapping")


def _sequence(node: Node) -> Sequence:
    if isinstance(node, Sequence):
        return node
    raise _wrong(node, "a list")


def _is_null(node: Node) -> bool:
    return isinstance(node, Scalar) and node.value is None


def _text(node: Node, wanted: str) -> str:
    if isinstance(node, Scalar) and isinstance(node.value, str) and node.value.strip():
        return node.value
    raise _wrong(node, wanted)


def _number(node: Node) -> int:
    if isinstance(node, Scalar) and isinstance(node.value, int):
        return node.value
    raise _wrong(node, "a number")


def _version(node: Node) -> Version:
    version = Version.exact(_text(node, 'a kernel version as text, as in "6.1"'))
    if version is None:
        raise _wrong(node, 'a kernel version, as in "6.1"')
    return version


def _word(node: Node, kind: type[enum.Enum]) -> enum.Enum:
    words = {str(member.value): member for member in kind}
    found = words.get(_text(node, "one of " + ", ".join(words)))
    if found is None:
        raise _wrong(node, "one of " + ", ".join(words))
    return found
