"""Frozen slotted dataclasses that cost little to define.

The standard decorator compiles six functions for each class, and importing it imports ``inspect``;
with 150 classes that was a tenth of a second of every command.  This one collects the fields, makes
the slots and compiles the initialiser; comparison, hash and printing are the same for all classes.
What it makes are dataclasses: ``fields``, ``replace`` and class patterns work on them, and the
standard module is imported when one of its functions first asks.
"""

from collections.abc import Callable, Mapping
from operator import attrgetter
from typing import (
    TYPE_CHECKING,
    Any,
    ClassVar,
    NoReturn,
    TypeVar,
    dataclass_transform,
    get_origin,
    overload,
)

T = TypeVar("T")

_ABSENT: Any = object()


class _Field:
    """What is said of one field: its type, its default and what it takes part in."""

    __slots__ = ("by_name", "compare", "default", "factory", "repr", "type")

    def __init__(self, default: Any, factory: Any = _ABSENT) -> None:
        self.default = default
        self.factory = factory
        self.compare = True
        self.repr = True
        self.by_name = False
        self.type: Any = None


@overload
def field(*, default: T, compare: bool = True, repr: bool = True) -> T: ...


@overload
def field(*, default_factory: Callable[[], T], compare: bool = True, repr: bool = True) -> T: ...


@overload
def field(*, compare: bool = True, repr: bool = True) -> Any: ...


def field(
    *,
    default: Any = _ABSENT,
    default_factory: Any = _ABSENT,
    compare: bool = True,
    repr: bool = True,  # noqa: A002 - the standard function's names
) -> Any:
    """Say more of a field than its type, as the standard function of this name."""
    said = _Field(default, default_factory)
    said.compare, said.repr = compare, repr
    return said


if TYPE_CHECKING:
    from dataclasses import replace as replace  # noqa: PLC0414 - told again by this module
else:

    def replace(made: T, /, **changes: object) -> T:
        """Return the same but for some fields, as the standard function of this name."""
        kept = {n: getattr(made, n) for n in made.__frozen_fields__ if n not in changes}
        return type(made)(**kept, **changes)


@overload
def frozen(cls: type[T], /) -> type[T]: ...


@overload
def frozen(*, kw_only: bool = False, eq: bool = True) -> Callable[[type[T]], type[T]]: ...


@dataclass_transform(frozen_default=True, field_specifiers=(field,))
def frozen(cls: Any = None, /, *, kw_only: bool = False, eq: bool = True) -> Any:
    """Make a frozen slotted dataclass of a class.

    :param kw_only: all fields are given by name
    :param eq: compare and hash by value; else by identity
    """
    if cls is None:
        return lambda given: _made(given, kw_only, eq)
    return _made(cls, kw_only, eq)


def _made(cls: type[T], kw_only: bool, eq: bool) -> type[T]:
    given = dict(cls.__dict__)
    inherited = _inherited(cls)
    own = _own(given, kw_only)
    fields = {**inherited, **own}
    for name in ("__dict__", "__weakref__", *own):
        given.pop(name, None)
    given["__slots__"] = tuple(name for name in own if name not in inherited)
    given["__match_args__"] = tuple(name for name, f in fields.items() if not f.by_name)
    given["__frozen_fields__"] = fields
    given["__dataclass_fields__"] = _Fields()
    given["__init__"] = _initialiser
    given["__setattr__"] = given["__delattr__"] = _refuse
    given.setdefault("__repr__", _print)
    given.setdefault("__reduce__", _reduced)
    if eq and "__eq__" not in given:
        compared = _values(tuple(name for name, f in fields.items() if f.compare))
        given["__eq__"] = _equality(compared)
        if given.get("__hash__") is None:
            given["__hash__"] = lambda self: hash(compared(self))
    remake: Any = type(cls)
    made: Any = remake(cls.__name__, cls.__bases__, given)
    made.__qualname__ = cls.__qualname__
    return made  # type: ignore[no-any-return]


def _inherited(cls: type) -> dict[str, _Field]:
    fields: dict[str, _Field] = {}
    for base in reversed(cls.__mro__[1:]):
        fields.update(base.__dict__.get("__frozen_fields__", {}))
    return fields


def _own(given: Mapping[str, Any], kw_only: bool) -> dict[str, _Field]:
    fields = {}
    for name, annotation in given.get("__annotations__", {}).items():
        if annotation is ClassVar or get_origin(annotation) is ClassVar:
            continue
        default = given.get(name, _ABSENT)
        if type(default).__module__ == "dataclasses":
            raise TypeError(f"{name}: say it with hypabi.records.field")
        one = default if isinstance(default, _Field) else _Field(default)
        one.by_name, one.type = kw_only, annotation
        fields[name] = one
    return fields


class _Fields:
    """What the standard module keeps of a dataclass, made when it is asked for."""

    def __get__(self, instance: object, owner: Any) -> Mapping[str, Any]:
        from dataclasses import dataclass  # noqa: PLC0415 - imports inspect; most runs never ask

        fields: Mapping[str, _Field] = owner.__frozen_fields__
        alike: Any = type(owner.__name__, (), {n: _standard(f) for n, f in fields.items()})
        alike.__annotations__ = {name: one.type for name, one in fields.items()}
        owner.__dataclass_fields__ = dataclass(alike).__dataclass_fields__
        return owner.__dataclass_fields__  # type: ignore[no-any-return]


def _standard(one: _Field) -> object:
    from dataclasses import MISSING, field  # noqa: PLC0415 - as above

    return field(
        default=MISSING if one.default is _ABSENT else one.default,
        default_factory=MISSING if one.factory is _ABSENT else one.factory,
        compare=one.compare,
        repr=one.repr,
        kw_only=one.by_name,
    )


def _initialiser(self: Any, *values: object, **named: object) -> None:
    """Compile the initialiser of a class when its first instance is made; many never are."""
    made = type(self)
    made.__init__ = _compiled(made.__qualname__, made.__frozen_fields__)
    made.__init__(self, *values, **named)


def _compiled(qualname: str, fields: Mapping[str, _Field]) -> Callable[..., None]:
    """Compile ``__init__``: positional fields in order, then those that are given by name."""
    names: dict[str, object] = {"_set": object.__setattr__, "_absent": _ABSENT}
    positional, by_name, body = ["self"], list[str](), list[str]()
    for name, one in fields.items():
        parameter, value = name, name
        if one.default is not _ABSENT:
            names[f"_d_{name}"] = one.default
            parameter += f"=_d_{name}"
        elif one.factory is not _ABSENT:
            names[f"_f_{name}"] = one.factory
            parameter += "=_absent"
            value = f"_f_{name}() if {name} is _absent else {name}"
        (by_name if one.by_name else positional).append(parameter)
        body.append(f" _set(self, {name!r}, {value})")
    parameters = positional + (["*", *by_name] if by_name else [])
    text = f"def __init__({', '.join(parameters)}):\n" + ("\n".join(body) or " pass")
    exec(text, names)
    made: Any = names["__init__"]
    made.__qualname__ = f"{qualname}.__init__"
    return made  # type: ignore[no-any-return]


def _values(names: tuple[str, ...]) -> Callable[[object], object]:
    return attrgetter(*names) if names else lambda _: ()


def _equality(compared: Callable[[object], object]) -> Callable[[object, object], object]:
    def equal(self: object, other: object) -> object:
        if other.__class__ is not self.__class__:
            return NotImplemented
        return compared(self) == compared(other)

    return equal


def _print(self: Any) -> str:
    shown = (name for name, one in self.__frozen_fields__.items() if one.repr)
    return f"{type(self).__qualname__}({', '.join(f'{n}={getattr(self, n)!r}' for n in shown)})"


def _reduced(self: Any) -> tuple[Callable[..., object], tuple[object, ...]]:
    """Take an instance apart for pickling and copying: what is frozen cannot be filled in later."""
    return _restored, (type(self), tuple(getattr(self, name) for name in self.__frozen_fields__))


def _restored(cls: Any, values: tuple[object, ...]) -> object:
    made = object.__new__(cls)
    for name, value in zip(cls.__frozen_fields__, values, strict=True):
        object.__setattr__(made, name, value)
    return made


def field_names(record: object) -> tuple[str, ...] | None:
    """Return the names of a record's fields, ``None`` where a value is no record."""
    found = getattr(record, "__frozen_fields__", None)
    return None if found is None else tuple(found)


def _refuse(self: object, name: str, *_: object) -> NoReturn:
    from dataclasses import FrozenInstanceError  # noqa: PLC0415 - as in _Fields

    raise FrozenInstanceError(f"cannot assign to field {name!r}")
