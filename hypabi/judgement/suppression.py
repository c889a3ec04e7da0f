"""Refutations and changes that a project has decided to live with, each with its reason and an end.

A suppression says exactly what it is about: a party, a call, and a clause or a caller (of
``check``) or a kind of change (of ``diff``).  Of a frame it can name one register; then it covers
the loss of that one and of no other.  It is never silent: what it covers is listed as
suppressed, with the reason; one that covers nothing is reported as unused, and one that has expired
covers nothing.
"""

import hashlib
from collections.abc import Iterable
from datetime import date
from pathlib import Path
from typing import Final

from hypabi.arch.names import Architecture
from hypabi.contract.clauses_of_reply import REGISTERS, SYSTEM_REGISTERS
from hypabi.contract.file.shapes import VERSION
from hypabi.contract.registers import registers_of
from hypabi.contract.version import Version, in_force
from hypabi.decode.bounds import Bounds, read_bounded
from hypabi.decode.decoder import decode
from hypabi.decode.place import Place, closest_name
from hypabi.decode.shape import SHA256, TEXT, Checked, ListOf, Text, Word, record
from hypabi.decode.yaml import compose_yaml
from hypabi.records import frozen, replace

ANY_OTHER: Final = "any-other"
"""Stands for every identifier that is no call's number."""
ANY_PARTY: Final = "any"
"""Of a caller: whoever is live."""

CHANGES: Final = ("renumbered", "stronger", "changed", "weaker", "incompatible")
DIRECTIONS: Final = ("old-callers", "new-callers")
KINDS: Final = ("clause", "caller", "change")
"""What a suppression is about: one of them."""
FRAMES: Final = (REGISTERS, SYSTEM_REGISTERS)
MOST: Final = 1000
BOUNDS: Final = Bounds(bytes=1 << 20, parts=50_000, depth=8)


@frozen(kw_only=True)
class Suppression:
    """One decision."""

    party: str
    call: str | None
    """``None`` for every identifier that is no call's number."""
    reason: str
    expires: date
    """The first day on which it covers nothing."""
    place: Place
    clause: str | None = None
    """Of ``check``; then ``caller`` and ``change`` are ``None``."""
    caller: str | None = None
    """Of ``check``: the function around a call site, or its address where that has no name."""
    change: str | None = None
    """Of ``diff``, a word of ``CHANGES``."""
    direction: str | None = None
    """Of ``diff``, a word of ``DIRECTIONS``; ``None`` is both."""
    image: str | None = None
    """SHA-256 of the file that it is about, where it is about one only."""
    since: Version | None = None
    until: Version | None = None
    register: str | None = None
    """Of a frame clause: the one register whose loss it covers; ``None`` is all of the clause."""


@frozen
class Suppressions:
    """The suppressions of a file, and the day on which they are asked."""

    file: str
    sha256: str
    today: date
    entries: tuple[Suppression, ...]

    def of_checks(self) -> "Suppressions":
        """Return those that are about ``check``."""
        return replace(self, entries=tuple(e for e in self.entries if e.change is None))

    def of_changes(self) -> "Suppressions":
        """Return those that are about ``diff``."""
        return replace(self, entries=tuple(e for e in self.entries if e.change is not None))

    def of_clause(
        self, party: str, call: str | None, clause: str, image: str, version: Version | None
    ) -> Suppression | None:
        """Return what suppresses a refuted clause as a whole."""
        return self.of_register(None, party, call, clause, image, version)

    def of_register(
        self,
        register: str | None,
        party: str,
        call: str | None,
        clause: str,
        image: str,
        version: Version | None,
    ) -> Suppression | None:
        """Return what suppresses that a frame clause loses a register, and that one alone."""
        return self._first(
            each
            for each in self.entries
            if (each.party, each.call, each.clause) == (party, call, clause)
            and each.register == register
            and _about(each, image, version)
        )

    def of_caller(
        self, caller: str, party: str, call: str | None, image: str, version: Version | None
    ) -> Suppression | None:
        """Return what suppresses a refuted caller.

        :param call: ``None`` for an identifier that is no call's number, or is not known
        """
        return self._first(
            each
            for each in self.entries
            if (each.caller, each.call) == (caller, call)
            and each.party in (party, ANY_PARTY)
            and _about(each, image, version)
        )

    def of_change(
        self,
        party: str,
        call: str | None,
        change: str,
        direction: str,
        image: str,
        version: Version | None,
    ) -> Suppression | None:
        """Return what suppresses a change.

        :param image: SHA-256 of the new image
        :param version: of the new kernel
        """
        return self._first(
            each
            for each in self.entries
            if (each.party, each.call, each.change) == (party, call, change)
            and each.direction in (None, direction)
            and _about(each, image, version)
        )

    def _first(self, found: Iterable[Suppression]) -> Suppression | None:
        return next((each for each in found if not self.expired(each)), None)

    def expired(self, suppression: Suppression) -> bool:
        """Tell whether a suppression covers nothing any more."""
        return suppression.expires <= self.today

    def unused(self, used: Iterable[Suppression | None]) -> tuple[Suppression, ...]:
        """Return those that are in force and cover nothing, in the order of the file."""
        lines = {each.place.line for each in used if each is not None}
        return tuple(
            each for each in self.entries if each.place.line not in lines and not self.expired(each)
        )

    def run_out(self) -> tuple[Suppression, ...]:
        """Return those that have expired."""
        return tuple(each for each in self.entries if self.expired(each))


def _about(suppression: Suppression, image: str, version: Version | None) -> bool:
    if suppression.image not in (None, image):
        return False
    if suppression.since is None and suppression.until is None:
        return True
    return version is not None and in_force(version, suppression.since, suppression.until)


def load_suppressions(path: Path, today: date) -> Suppressions:
    """Load a file of suppressions.

    :raises FileError: it cannot be read, or is none
    """
    return parse_suppressions(read_bounded(path, BOUNDS), str(path), today)


def parse_suppressions(text: bytes, file: str, today: date) -> Suppressions:
    """Read suppressions from their text.

    :param file: what refusals call it
    :raises FileError: it is none
    """
    entries = tuple(map(_meant, decode(compose_yaml(text, file, BOUNDS), _FILE, tuple)))
    seen: dict[object, Suppression] = {}
    for each in entries:
        what_for = (each.clause, each.register, each.caller, each.change, each.direction)
        key = (each.party, each.call, what_for, each.image)
        first = seen.setdefault((*key, each.since, each.until), each)
        if first is not each:
            what = f"the same is suppressed on line {first.place.line}"
            raise each.place.refuse(what, "leave one of them out")
    return Suppressions(file, hashlib.sha256(text).hexdigest(), today, entries)


def parse_day(text: str) -> date | None:
    """Return the day that ``2027-01-31`` names, ``None`` for any other spelling."""
    try:
        return date.fromisoformat(text) if len(text) == 10 else None
    except ValueError:
        return None


def _meant(entry: Suppression) -> Suppression:
    """Refuse what no suppression can mean, and name its register as the architecture does."""
    if entry.direction is not None and entry.change is None:
        what = "only a change has a direction"
        raise entry.place.below("direction").refuse(what, "leave it out")
    if entry.since is not None and entry.until is not None and not entry.since < entry.until:
        what = f"it holds for no version: since {entry.since}"
        raise entry.place.below("until").refuse(what)
    return replace(entry, register=_register_of(entry))


def _register_of(entry: Suppression) -> str | None:
    """Return the architectural name of the register that a suppression names, if it names one."""
    name, clause = entry.register, entry.clause
    if name is None:
        return None
    place = entry.place.below("register")
    if clause not in FRAMES:
        raise place.refuse(f"only a frame ({', '.join(FRAMES)}) loses registers", "leave it out")
    known: list[str] = []
    for each in map(registers_of, Architecture):
        kind = each.general if clause == REGISTERS else each.system
        if each.canonical(name) in kind:
            return each.canonical(name)
        known += kind
    kind_of = "general" if clause == REGISTERS else "system"
    raise place.refuse(f"{name!r} is no {kind_of} register", closest_name(name, known))


_ENTRY: Final = record(
    Suppression,
    ("party", TEXT),
    ("call", Checked(TEXT, lambda call, _: None if call == ANY_OTHER else call)),
    ("reason", Text(parse=lambda text: " ".join(text.split())), "every suppression has a reason"),
    (
        "expires",
        Text("a day such as 2027-01-31", "^[0-9]{4}-[0-9]{2}-[0-9]{2}$", parse_day),
        "every suppression has an end",
    ),
    optional=(
        ("clause", TEXT),
        ("caller", TEXT),
        ("change", Word({each: each for each in CHANGES})),
        ("direction", Word({each: each for each in DIRECTIONS})),
        ("register", TEXT),
        ("image", SHA256),
        ("since", VERSION),
        ("until", VERSION),
    ),
    place="place",
    exactly_one=KINDS,
)
ENTRY_KEYS: Final = tuple(_ENTRY.keys())
"""Every key of a suppression."""
_FILE: Final = record(lambda suppressions: suppressions, ("suppressions", ListOf(_ENTRY, MOST)))
