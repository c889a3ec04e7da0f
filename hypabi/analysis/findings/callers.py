"""The call sites of a file with what each asks for, as terms over the registers."""

from typing import assert_never

from hypabi.analysis.provenance import Provenance
from hypabi.analysis.results.callers import Kind, SiteVerdict
from hypabi.callsites.model import Caller, CallPath, CallSite, Reached
from hypabi.contract.registry import Named
from hypabi.contract.revision import Revision
from hypabi.image.model import Loaded, Role
from hypabi.judgement.callers.identification import (
    Naming,
    NotACall,
    OneOf,
    Uninitialised,
    Unlisted,
    Unresolved,
)
from hypabi.judgement.callers.schedule import LifeCycle
from hypabi.records import frozen


@frozen
class NamedWay:
    """A way and what it asks for; several names where it chooses among constants."""

    way: CallPath
    names: tuple[Naming, ...]


@frozen
class NamedCaller:
    """A direct caller of the function around a site, and what it asks for through it."""

    caller: Caller
    paths: tuple[NamedWay, ...]


@frozen
class NamedSite:
    """A call site with its names."""

    role: Role
    site: CallSite
    paths: tuple[NamedWay, ...]
    callers: tuple[NamedCaller, ...]

    def names(self) -> tuple[Naming, ...]:
        """Return what it asks for, each once: its callers' where it leaves that to them."""
        own: list[Naming] = [name for way in self.paths for name in way.names]
        named = [n for caller in self.callers for way in caller.paths for n in way.names]
        if named and not any(isinstance(name, Uninitialised) for name in own):
            known: list[Naming] = [name for name in own if not isinstance(name, Unresolved)]
            own = [*known, *named]
        return tuple(dict.fromkeys(own))

    @property
    def kind(self) -> Kind:
        """Return the worst of what is said of it."""
        kinds = [_kind(name) for name in self.names()]
        return max(kinds, key=tuple(Kind).index, default=Kind.UNRESOLVED)

    @property
    def finding(self) -> bool:
        """Whether an identifier is uninitialised, and no party takes any."""
        return any(isinstance(n, Uninitialised) and not n.taken_by for n in self.names())

    @property
    def verdict(self) -> SiteVerdict:
        """Return the one word for it."""
        match self.kind:
            case Kind.NAMED:
                return SiteVerdict.IN_DOUBT if self._open else SiteVerdict.NAMED
            case Kind.NO_CONTRACT:
                return SiteVerdict.NO_CONTRACT
            case Kind.NO_CALL:
                return SiteVerdict.NO_CALL
            case Kind.UNRESOLVED:
                return SiteVerdict.DEPENDS if self._passed else SiteVerdict.UNRESOLVED
            case Kind.UNINITIALISED:
                return SiteVerdict.UNINITIALISED if self.finding else SiteVerdict.TAKEN
            case _:
                assert_never(self.kind)

    @property
    def _open(self) -> bool:
        """Whether it may be no call, or ask for more on ways that were not followed."""
        at_el2 = any(each.way.privileged is not None for each in self.paths)
        return at_el2 or self.site.reached is Reached.NOT_SHOWN or bool(self.site.undecided)

    @property
    def _passed(self) -> bool:
        """Whether all that it asks for and that is not named is up to the function's caller."""
        own = [name for way in self.paths for name in way.names]
        passed = all(not isinstance(n, Unresolved) or n.passed for n in own)
        return bool(own) and passed and not self._open


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
    provenance: Provenance
    against: "Against | None" = None
    """What comes of them at the parties of another file, where one was named."""
    stated: "Stated | None" = None
    """What comes of them by a contract that only states an interface, where one was named."""


@frozen
class Against:
    """Call sites that were held against the parties of another file."""

    loaded: Loaded
    revision: Revision
    sha256: str
    """Of the contract's file."""
    cycle: LifeCycle


@frozen
class Stated:
    """Call sites that were held against what a contract states."""

    contract: str
    sha256: str
    cycle: LifeCycle


def _kind(name: Naming) -> Kind:
    match name:
        case Named() | OneOf():
            return Kind.NAMED
        case Unlisted():
            return Kind.NO_CONTRACT
        case NotACall():
            return Kind.NO_CALL
        case Unresolved():
            return Kind.UNRESOLVED
        case Uninitialised():
            return Kind.UNINITIALISED
        case _:
            assert_never(name)
