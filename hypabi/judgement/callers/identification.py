"""What a call site asks for, by the name that a contract gives it.

An identifier that a way knows is looked up in every contract whose conduit is the site's: by its
immediate, and by the register that selects.  Stub calls are numbered from 0, SMCCC's from 2**31, so
that one ``hvc #0`` can serve both.  What is not known is said, never guessed.
"""

import re
from collections.abc import Iterator
from typing import Final, assert_never

from hypabi.callsites.identifier_values import constants_of, symbols_in_order, uninitialised
from hypabi.callsites.model import CallPath, CallSite, Origin, Source, Start
from hypabi.contract.registry import LOWER, Interfaces, Named
from hypabi.records import frozen
from hypabi.smt.terms import Value
from hypabi.unknowns import undefined_symbol, undefined_text

OWNERS: Final = (
    "the architecture", "the CPU", "the silicon partner", "the equipment manufacturer",
    "the standard secure service", "the standard hypervisor service", "the vendor's hypervisor",
)  # fmt: skip
"""Of SMCCC identifiers, by bits 29:24 (DEN0028, table 6-2)."""


@frozen
class OneOf:
    """A number that several contracts give to a call, and nothing says which is meant."""

    identifier: int
    among: tuple[Named, ...]


@frozen
class Unlisted:
    """An identifier that SMCCC gives to somebody, but that no contract lists."""

    identifier: int
    owner: str


@frozen
class NotACall:
    """An identifier that is no call's number in any contract with this conduit."""

    identifier: int


@frozen
class Unresolved:
    """The identifier is not known, and why."""

    reason: str
    passed: bool = False
    """Whether it is what the function's caller passed, in a register or in memory, or the contract
    says that the function makes whichever call it was called for."""


@frozen
class Uninitialised:
    """Nobody puts an identifier into the register that selects the call."""

    register: str
    why: str
    taken_by: tuple[str, ...]
    """Parties of the contract to which any identifier is as good as another."""


NAMES: Final = re.compile(r"[A-Za-z_]\w*(?: (?:at|from|after) 0x[0-9a-f]+)?")
ARGUMENT: Final = re.compile(r"mem|x[0-7]|r[0-3]")
"""AAPCS64 6.8.2, AAPCS32 6.5: registers that pass arguments."""

Naming = Named | OneOf | Unlisted | NotACall | Unresolved | Uninitialised


def names_of(
    site: CallSite, way: CallPath, interfaces: Interfaces, taken_by: tuple[str, ...] = ()
) -> tuple[Naming, ...]:
    """Return what a way to a call site, or to a call of its function, asks for.

    More than one where the way itself chooses among constants.

    :param taken_by: parties of the site's program that take any identifier
    """
    value = way.request.registers[site.identifier]
    if not interfaces.has_conduit(site.immediate, site.conduit):
        what = f"no contract has the immediate {site.immediate:#x}, which may select by itself"
        return (Unresolved(what),)
    chosen = sorted(constants_of(value))
    if not chosen:
        passes_on = interfaces.passes_on(site.function.plain)
        return (_unknown(site, way, value, taken_by, passes_on=passes_on),)
    return tuple(_known(site, each, interfaces) for each in chosen)


def _known(site: CallSite, identifier: int, interfaces: Interfaces) -> Naming:
    named = interfaces.find(site.immediate, site.identifier, identifier, site.conduit)
    if len(named) > 1:
        # KVM's host calls and what it offers to guests share the range of the vendor's hypervisor.
        made = tuple(each for each in named if interfaces.makes(site.function.plain, each))
        named = made if len(made) == 1 else named
    if named:
        return named[0] if len(named) == 1 else OneOf(identifier, named)
    number = identifier & LOWER
    owner = number >> 24 & 0x3F
    is_smccc = site.immediate == 0 and number >> 24 and owner < len(OWNERS)
    if is_smccc and not number & 0x00FF0000:
        return Unlisted(identifier, OWNERS[owner])
    return NotACall(identifier)


def _unknown(
    site: CallSite, way: CallPath, value: Value, taken_by: tuple[str, ...], *, passes_on: bool
) -> Unresolved | Uninitialised:
    register = site.identifier
    why = uninitialised(register, way)
    if why is not None:
        return Uninitialised(register, why, taken_by)
    reason = way.reason or "; ".join(dict.fromkeys(_because(register, way, value)))
    if site.undecided and not way.reason:
        reason = f"{register} is not a constant; not followed: {site.undecided[0]}"
    sources = [way.sources[symbol.name] for symbol in symbols_in_order(value)]
    from_caller = any(source.origin is Origin.ARGUMENT for source in sources)
    anyway = f"; {', '.join(taken_by)} would take any" if taken_by and not from_caller else ""
    passed = way.start is Start.ENTRY and bool(sources) and all(map(_is_passed, sources))
    return Unresolved(f"{reason}{anyway}", passed or passes_on)


def _is_passed(source: Source) -> bool:
    """Tell whether a value is an argument of the function, or in memory that one points at.

    The name of what was read from memory spells its address, over the registers at entry.
    """
    if source.origin is Origin.MEMORY:
        found = NAMES.findall(source.symbol)
        return bool(found) and all(ARGUMENT.fullmatch(name) for name in found)
    return source.origin is Origin.ARGUMENT


def _because(register: str, way: CallPath, value: Value) -> Iterator[str]:
    for symbol in symbols_in_order(value):
        source = way.sources[symbol.name]
        match source.origin:
            case Origin.ARGUMENT:
                yield f"{register} depends on {source.register}, an argument of the function"
            case Origin.KEPT:
                yield f"{register} depends on {source.register} as the function's caller left it"
            case Origin.UNINITIALISED:
                yield f"{register} depends on {source.register}, which nobody sets"
            case Origin.RESULT:
                yield f"{register} depends on what the call at {source.address:#x} returns"
            case Origin.MEMORY:
                yield f"{register} is read from memory"
            case Origin.EARLIER:
                yield f"{register} depends on {source.register} at {source.address:#x}"
            case Origin.UNDEFINED:
                name = undefined_symbol(symbol.name) or symbol.name
                yield f"{register} depends on the address of {undefined_text(name)}"
            case Origin.UNMODELLED:
                yield f"{register} depends on an instruction that is not modelled"
            case _:
                assert_never(source.origin)
