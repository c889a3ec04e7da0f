"""Resolve what a reply lets change: whole registers, or parts of system registers, and to what."""

import re
from typing import Final

from hypabi.contract.clause import Partly
from hypabi.contract.expression import Bits, Predicate, Read
from hypabi.contract.expression_parser import GRAMMAR, parse_part
from hypabi.contract.model import Permission, Reply
from hypabi.contract.resolution import Context
from hypabi.decode.place import Place
from hypabi.records import frozen

_PART: Final = re.compile(r"[.\[]")


@frozen
class Permitted:
    """What a call may change besides the frame's."""

    general: tuple[str, ...]
    """Whole, whatever to; so are those of ``system``."""
    system: tuple[str, ...]
    partly: tuple[Partly, ...]


def permissions_of(context: Context, party: str, reply: Reply) -> Permitted:
    """Return what a party may change in a reply.

    :raises FileError: a permission names what the architecture has not, or cannot be meant
    """
    whole: list[str] = []
    partly: list[Partly] = []
    for permission in context.in_force(reply.writes).values():
        if permission.parties is not None and party not in permission.parties:
            continue
        place = permission.place.below("registers")
        to = _to(context, permission)
        for name in permission.registers:
            if to is None and not is_part(name):
                spelled = context.scope.names.get(name, name)
                whole += context.registers.expand((spelled,), place)
            else:
                partly.append(_part(context, name, to, place))
    return Permitted(
        tuple(each for each in whole if each in context.registers.general),
        tuple(each for each in whole if each in context.registers.system),
        tuple(partly),
    )


def is_part(name: str) -> bool:
    """Tell whether a permission names a field or bits, and no whole register."""
    return _PART.search(name) is not None


def base_of(name: str) -> tuple[str, str]:
    """Split what a permission names into the register and the field or bits, empty for all."""
    found = _PART.search(name)
    return (name, "") if found is None else (name[: found.start()], name[found.start() :])


def _to(context: Context, permission: Permission) -> Predicate | None:
    if permission.to is None:
        return None
    return context.holds_at_exit(permission.to, permission.place.below("to"))


def _part(context: Context, name: str, to: Predicate | None, place: Place) -> Partly:
    match parse_part(name, context.scope, place):
        case Read(register, width, _):
            part = Partly(register, width, width - 1, 0, to)
        case Bits(Read(register, width, _), high, low):
            part = Partly(register, width, high, low, to)
        case _:
            raise place.refuse(f"{name!r} is no register, field or bits of one", GRAMMAR)
    if part.register not in context.registers.system:
        hint = "say it in a promise"
        raise place.refuse(f"{part.register} is no system register: it changes as a whole", hint)
    return part
