"""Refutations and changes that a project has decided to live with, each with its reason and an end.

A suppression says exactly what it is about: a party, a call, and a clause or a caller (of
``check``) or a kind of change (of ``diff``).  Of a frame it can name one register; then it covers
the loss of that one and of no other.  It is never silent: what it covers is listed as
suppressed, with the reason; one that covers nothing is reported as unused, and one that has expired
covers nothing.
"""

import hashlib
from collections.abc import Iterable, Mapping
from datetime import date
from pathlib import Path
from typing import Final

from hypabi.arch.names import Architecture
from hypabi.contract.clauses_of_reply import REGISTERS, SYSTEM_REGISTERS
from hypabi.contract.file.node import Node, Scalar, Sequence, Table
from hypabi.contract.file.yaml import MOST_BYTES, compose_yaml
from hypabi.contract.place import Place, closest_name
from hypabi.contract.registers import registers_of
from hypabi.contract.version import Version, in_force
from hypabi.records import frozen, replace
from hypabi.regular import read_regular

ANY_OTHER: Final = "any-other"
"""Stands for every identifier that is no call's number."""
ANY_PARTY: Final = "any"
"""Of a caller: whoever is live."""

CHANGES: Final = ("renumbered", "stronger", "changed", "weaker", "incompatible")
DIRECTIONS: Final = ("old-callers", "new-callers")
REQUIRED: Final = ("party", "call", "reason", "expires")
KINDS: Final = ("clause", "caller", "change")
KEYS: Final = (*REQUIRED, *KINDS, "register", "direction", "image", "since", "until")
FRAMES: Final = (REGISTERS, SYSTEM_REGISTERS)
MOST: Final = 1000


@frozen
class Suppression:
    """One decision."""

    party: str
    call: str | None
    """``None`` for every identifier that is no call's number."""
    clause: str | None
    """Of ``check``; then ``caller`` and ``change`` are ``None``."""
    caller: str | None
    """Of ``check``: the function around a call site, or its address where that has no name."""
    change: str | None
    """Of ``diff``, a word of ``CHANGES``."""
    direction: str | None
    """Of ``diff``, a word of ``DIRECTIONS``; ``None`` is both."""
    image: str | None
    """SHA-256 of the file that it is about, where it is about one only."""
    since: Version | None
    until: Version | None
    reason: str
    expires: date
    """The first day on which it covers nothing."""
    place: Place
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

    :raises ContractError: it cannot be read, or is none
    """
    try:
        text = read_regular(path, MOST_BYTES + 1)
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise Place(str(path), 0, "").refuse(f"cannot be read: {reason}") from None
    return parse_suppressions(text, str(path), today)


def parse_suppressions(text: bytes, file: str, today: date) -> Suppressions:
    """Read suppressions from their text.

    :param file: what refusals call it
    :raises ContractError: it is none
    """
    top = _table(compose_yaml(text, file), ("suppressions",))
    listed = top.get("suppressions")
    if not isinstance(listed, Sequence):
        place = Place(file, 0, "") if listed is None else listed.place
        raise place.refuse("a file of suppressions lists them under 'suppressions'")
    if len(listed.items) > MOST:
        raise listed.place.refuse(f"there are more than {MOST}")
    entries = tuple(map(_suppression, listed.items))
    seen: dict[object, Suppression] = {}
    for each in entries:
        what_for = (each.clause, each.register, each.caller, each.change, each.direction)
        key = (each.party, each.call, what_for, each.image)
        first = seen.setdefault((*key, each.since, each.until), each)
        if first is not each:
            what = f"the same is suppressed on line {first.place.line}"
            raise each.place.refuse(what, "leave one of them out")
    return Suppressions(file, hashlib.sha256(text).hexdigest(), today, entries)


def _suppression(node: Node) -> Suppression:
    items = _table(node, KEYS)
    place = node.place
    for key in REQUIRED:
        if key not in items:
            raise place.refuse(f"{key!r} is missing", "every suppression has a reason and an end")
    texts = {key: _text(value) for key, value in items.items()}
    if sum(kind in texts for kind in KINDS) != 1:
        what = "it names a clause or a caller (of check) or a change (of diff), one of the three"
        raise place.refuse(what)
    _one_of(items, texts, "change", CHANGES)
    _one_of(items, texts, "direction", DIRECTIONS)
    if "direction" in texts and "change" not in texts:
        raise items["direction"].place.refuse("only a change has a direction", "leave it out")
    register = _register_of(items, texts)
    image = texts.get("image")
    if image is not None and (len(image) != 64 or set(image) - set("0123456789abcdef")):
        raise items["image"].place.refuse("this is no SHA-256 of 64 small hexadecimal digits")
    since, until = (_version(items, texts, key) for key in ("since", "until"))
    if since is not None and until is not None and not since < until:
        raise items["until"].place.refuse(f"it holds for no version: since {since}")
    call = texts["call"]
    return Suppression(
        texts["party"],
        None if call == ANY_OTHER else call,
        texts.get("clause"),
        texts.get("caller"),
        texts.get("change"),
        texts.get("direction"),
        image,
        since,
        until,
        " ".join(texts["reason"].split()),
        _date(items["expires"], texts["expires"]),
        place,
        register,
    )


def _register_of(items: Mapping[str, Node], texts: Mapping[str, str]) -> str | None:
    """Return the architectural name of the register that a suppression names, if it names one."""
    name = texts.get("register")
    if name is None:
        return None
    place, clause = items["register"].place, texts.get("clause")
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


def _table(node: Node, keys: tuple[str, ...]) -> Mapping[str, Node]:
    if not isinstance(node, Table):
        raise node.place.refuse("a table of keys has to stand here")
    for key, value in node.items.items():
        if key not in keys:
            raise value.place.refuse("this key has no meaning here", closest_name(key, keys))
    return node.items


def _text(node: Node) -> str:
    if not isinstance(node, Scalar) or not isinstance(node.value, str) or not node.value.strip():
        raise node.place.refuse("a text has to stand here", "quote it if it is a number")
    return node.value


def _one_of(
    items: Mapping[str, Node], texts: Mapping[str, str], key: str, words: tuple[str, ...]
) -> None:
    if key in texts and texts[key] not in words:
        what = f"{texts[key]!r} is none of {', '.join(words)}"
        raise items[key].place.refuse(what, closest_name(texts[key], words))


def _version(items: Mapping[str, Node], texts: Mapping[str, str], key: str) -> Version | None:
    if key not in texts:
        return None
    version = Version.exact(texts[key])
    if version is None:
        raise items[key].place.refuse(f"{texts[key]!r} is no kernel version", "write it as '6.1'")
    return version


def _date(node: Node, text: str) -> date:
    found = parse_day(text)
    if found is None:
        raise node.place.refuse(f"{text!r} is no date", "write it as 2027-01-31")
    return found


def parse_day(text: str) -> date | None:
    """Return the day that ``2027-01-31`` names, ``None`` for any other spelling."""
    try:
        return date.fromisoformat(text) if len(text) == 10 else None
    except ValueError:
        return None
