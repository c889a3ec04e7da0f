"""Frozen slotted dataclasses that cost little to define.

The standard decorator compiles six functions for each class; 150 classes of this house took it a
tenth of a second of every command.  This one lets it collect the fields and make the slots, and
compiles the initialiser alone; comparison, hash and printing are the same for all classes.  What it
makes are dataclasses: ``fields``, ``replace`` and class patterns work on them.
"""

import dataclasses
from collections.abc import Callable
from operator import attrgetter
from typing import Any, NoReturn, TypeVar, dataclass_transform, overload

T = TypeVar("T")


@overload
def frozen(cls: type[T], /) -> type[T]: ...


@overload
def frozen(*, kw_only: bool = False, eq: bool = True) -> Callable[[type[T]], type[T]]: ...


@dataclass_transform(frozen_default=True, field_specifiers=(dataclasses.field,))
def frozen(cls: Any = None, /, *, kw_only: bool = False, eq: bool = True) -> Any:
    """Make a frozen slotted dataclass of a class.

    :param kw_only: all fields are given by name
    :param eq: compare and hash by value; else by identity
    """
    if cls is None:
        return lambda given: _made(given, kw_only, eq)
    return _made(cls, kw_only, eq)


def _made(cls: type[T], kw_only: bool, eq: bool) -> type[T]:
    given = cls.__dict__
    made: Any = dataclasses.dataclass(
        init=False, repr=False, eq=False, slots=True, kw_only=kw_only
    )(cls)
    fields = dataclasses.fields(made)
    made.__init__ = _initialiser(made, fields)
    made.__setattr__ = _refuse
    made.__delattr__ = _refuse
    if "__repr__" not in given:
        made.__repr__ = _print
    if eq and "__eq__" not in given:
        compared = _values(tuple(f.name for f in fields if f.compare))
        made.__eq__ = _equality(compared)
        if given.get("__hash__") is None:
            made.__hash__ = lambda self: hash(compared(self))
    return made  # type: ignore[no-any-return]


def _initialiser(cls: type, fields: tuple[dataclasses.Field[Any], ...]) -> Callable[..., None]:
    """Compile ``__init__``: positional fields in order, then those that are given by name."""
    names: dict[str, object] = {"_set": object.__setattr__, "_absent": dataclasses.MISSING}
    positional, by_name, body = ["self"], list[str](), list[str]()
    for field in fields:
        parameter, value = field.name, field.name
        if field.default is not dataclasses.MISSING:
            names[f"_d_{field.name}"] = field.default
            parameter += f"=_d_{field.name}"
        elif field.default_factory is not dataclasses.MISSING:
            names[f"_f_{field.name}"] = field.default_factory
            parameter += "=_absent"
            value = f"_f_{field.name}() if {field.name} is _absent else {field.name}"
        (by_name if field.kw_only else positional).append(parameter)
        body.append(f" _set(self, {field.name!r}, {value})")
    parameters = positional + (["*", *by_name] if by_name else [])
    text = f"def __init__({', '.join(parameters)}):\n" + ("\n".join(body) or " pass")
    exec(text, names)
    made: Any = names["__init__"]
    made.__qualname__ = f"{cls.__qualname__}.__init__"
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
    shown = (f.name for f in dataclasses.fields(self) if f.repr)
    return f"{type(self).__qualname__}({', '.join(f'{n}={getattr(self, n)!r}' for n in shown)})"


def _refuse(self: object, name: str, *_: object) -> NoReturn:
    raise dataclasses.FrozenInstanceError(f"cannot assign to field {name!r}")
