"""The call sites of a file with what each asks for, as terms over the registers."""

from hypabi.analysis.provenance import Provenance
from hypabi.callsites.model import Caller, CallPath, CallSite
from hypabi.image.model import Loaded, Role
from hypabi.judgement.callers.identification import (
    Naming,
    UninitialisedIdentifier,
    Unresolved,
)
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
