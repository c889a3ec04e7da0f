"""What ``hypabi callers`` has to say, before it is text or JSON."""

from collections.abc import Iterator, Mapping
from typing import Final, assert_never

from hypabi.analysis.provenance import Provenance
from hypabi.callsites.model import Caller, CallPath, CallSite, Reached, ResultFate, Why
from hypabi.contract.registry import Named
from hypabi.image.model import Loaded, Role
from hypabi.judgement.callers.identification import (
    Naming,
    NotACall,
    OneOf,
    UninitialisedIdentifier,
    Unlisted,
    Unresolved,
)
from hypabi.records import frozen
from hypabi.smt import terms
from hypabi.smt.terms import Value

KINDS: Final = ("named", "not in any contract", "no call", "unresolved", "left to chance")
"""What a naming is, in the order in which a report counts them."""


@frozen
class NamedWay:
    """A way and what it asks for; several names where it chooses among constants."""

    way: CallPath
    names: tuple[Naming, ...]


@frozen
class NamedCaller:
    """A direct caller of the function around a site, and what it asks for through it."""

    caller: Caller
    ways: tuple[NamedWay, ...]


@frozen
class NamedSite:
    """A call site with its names."""

    role: Role
    site: CallSite
    ways: tuple[NamedWay, ...]
    callers: tuple[NamedCaller, ...]

    def names(self) -> tuple[Naming, ...]:
        """Return what it asks for, each once: its callers' where it leaves that to them."""
        own: list[Naming] = [name for way in self.ways for name in way.names]
        named = [n for caller in self.callers for way in caller.ways for n in way.names]
        if named and not any(isinstance(name, UninitialisedIdentifier) for name in own):
            known: list[Naming] = [name for name in own if not isinstance(name, Unresolved)]
            own = [*known, *named]
        return tuple(dict.fromkeys(own))

    @property
    def kind(self) -> str:
        """Return the worst of what is said of it."""
        kinds = [kind_of(name) for name in self.names()]
        return max(kinds, key=KINDS.index, default="unresolved")

    @property
    def finding(self) -> bool:
        """Whether an identifier is left to chance, and no party takes any."""
        return any(isinstance(n, UninitialisedIdentifier) and not n.taken_by for n in self.names())

    def asks_by_itself(self, contract: str) -> bool:
        """Return whether a way, and not only a caller of the function, asks for its calls."""
        names = [name for way in self.ways for name in way.names]
        return any(isinstance(name, Named) and name.contract == contract for name in names)

    @property
    def contracts(self) -> tuple[str, ...]:
        """Return the contracts that name it, each once."""
        found = []
        for name in self.names():
            match name:
                case Named(_, contract, _):
                    found.append(contract)
                case OneOf(_, among):
                    found += [each.contract for each in among]
                case _:
                    pass
        return tuple(dict.fromkeys(found))


@frozen
class Callers:
    """The call sites of a file."""

    loaded: Loaded
    sites: tuple[NamedSite, ...]
    main: str
    """The contract whose calls are told in full."""
    contracts: tuple[str, ...]
    """All that names were looked up in."""
    asked: str | None
    """The function that was asked for; ``None`` for all."""
    exit_status: int
    provenance: Provenance

    def count(self) -> Mapping[str, int]:
        """Return how many sites are of each kind; one that has several names counts once."""
        return {kind: sum(site.kind == kind for site in self.sites) for kind in KINDS}


def kind_of(name: Naming) -> str:
    """Return what a naming is."""
    match name:
        case Named() | OneOf():
            return "named"
        case Unlisted():
            return "not in any contract"
        case NotACall():
            return "no call"
        case Unresolved():
            return "unresolved"
        case UninitialisedIdentifier():
            return "left to chance"
        case _:
            assert_never(name)


def in_words(name: Naming) -> str:
    """Return what a way asks for."""
    match name:
        case Named(identifier, _, call):
            return f"{call} ({identifier:#x})"
        case OneOf(identifier, among):
            calls = " or ".join(f"{each.call} of {each.contract}" for each in among)
            return f"{calls} ({identifier:#x})"
        case Unlisted(identifier, owner):
            return f"{identifier:#x}, a call of {owner} that no contract lists"
        case NotACall(identifier):
            return f"{identifier:#x} is not a call number on this path"
        case Unresolved(reason):
            return f"unresolved: {reason}"
        case UninitialisedIdentifier(register, why, taken_by):
            anyway = f"; {', '.join(taken_by)} would take any" if taken_by else ""
            return f"{register} is left to chance: {why}{anyway}"
        case _:
            assert_never(name)


def where_found(site: CallSite) -> str:
    """Return how a site was told from data, where that needs to be said."""
    match site.reached:
        case Reached.FLOW:
            return ""
        case Reached.NOT_SHOWN:
            return "no branch of the function leads here; it may be data"
        case Reached.REPLACEMENT:
            return "an alternative: the kernel copies it over other code"
        case Reached.WRITTEN:
            return "a nop in the file: the kernel writes hvc or smc over it"
        case _:
            assert_never(site.reached)


def arguments_of(site: CallSite, way: CallPath) -> Iterator[tuple[str, Value]]:
    """Yield the registers that a way sets for the call: those that are not as they came."""
    for name, value in way.request.registers.items():
        if name == site.identifier or int(name[1:]) > HIGHEST:
            continue
        source = way.source(name)
        if source is None or source.register != name:
            yield name, value


HIGHEST: Final = 7
"""The last argument register (AAPCS64 6.1.1)."""


def relied_on(site: CallSite) -> tuple[str, ...]:
    """Return the registers that the function reads behind the site, answers included."""
    return tuple(read.register for read in site.reliance.reads)


def kept_for_others(site: CallSite) -> tuple[str, ...]:
    """Return the registers that only the function's own caller may count on."""
    reads = {read.register for read in site.reliance.reads}
    kept = [may.register for may in site.reliance.may_read if may.why is Why.KEPT]
    return tuple(dict.fromkeys(name for name in kept if name not in reads))


def answered(site: CallSite) -> Iterator[tuple[str, str]]:
    """Yield each register that may answer and what is done with it; none that is overwritten."""
    for answer in site.answers:
        fates = [fate.value for fate in answer.fates if fate is not ResultFate.OVERWRITTEN]
        tests = [terms.text(test.condition, 1) for test in answer.tests]
        if fates or tests:
            asked = f", tested: {'; '.join(dict.fromkeys(tests))}" if tests else ""
            yield answer.register, ", ".join(fates) + asked
