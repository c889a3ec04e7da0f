"""The shipped contracts that speak of a kernel: one registry, read by need.

Any file in ``hypabi/contracts`` takes part that speaks of the kernel's architecture and version; a
new one needs no line here.  One of them is what the kernel is held to where none is named, and all
of them name its call sites.
"""

import re
from collections.abc import Callable, Iterable
from typing import Final

from hypabi.arch.names import Architecture, Conduit
from hypabi.contract.architectures import ArchitectureName
from hypabi.contract.defaults import DEFAULT_CONTRACT
from hypabi.contract.file.load import shipped_contract, shipped_or_stated
from hypabi.contract.model import Contract
from hypabi.contract.resolve import revision_of
from hypabi.contract.revision import Revision
from hypabi.contract.stated.model import StatedContract
from hypabi.contract.version import Version, in_force
from hypabi.decode.place import Place
from hypabi.home import CONTRACTS
from hypabi.records import frozen

ARCHITECTURES: Final = re.compile(rb"^architectures?: \[?([a-z0-9, ]*)\]?", re.MULTILINE)
STATED: Final = re.compile(rb"^kind: stated", re.MULTILINE)
SINCE: Final = re.compile(rb"^since: \"?([0-9.]+)", re.MULTILINE)
UNTIL: Final = re.compile(rb"^until: \"?([0-9.]+)", re.MULTILINE)
"""Keys at the top of a contract file, as `hypabi contract format` writes them."""


NUMBER: Final = re.compile(rb"\b(?:number|value): (0x[0-9A-Fa-f]+|[0-9]+)\b")
IMMEDIATE: Final = re.compile(rb"^ +immediate: (0x[0-9A-Fa-f]+|[0-9]+)$", re.MULTILINE)
"""Keys of a call and of a conduit, as the same command writes them."""


FIRST: Final = {Architecture.ARM: "3.7", Architecture.ARM64: "3.8"}
"""The kernels in which the interface began."""

LOWER: Final = 0xFFFFFFFF
"""SMCCC looks at the lower half of the register only (DEN0028, 2.5)."""


@frozen
class Named:
    """A call of a contract."""

    identifier: int
    contract: str
    call: str


class Interfaces:
    """The contracts of one kernel, to look identifiers up in."""

    def __init__(
        self,
        architecture: Architecture,
        version: Version | None,
        revisions: Iterable[Revision],
        stated: Iterable[StatedContract],
    ) -> None:
        self.architecture = ArchitectureName(architecture.value)
        self.version = version
        self.revisions = tuple(revisions)
        self.stated = tuple(stated)

    def makes(self, function: str, named: Named) -> bool:
        """Tell whether a contract says that a function of the kernel makes a call."""
        for revision in self.revisions:
            if revision.contract == named.contract:
                return any(c.name == named.call and function in c.callers for c in revision.calls)
        stated = next(each for each in self.stated if each.name == named.contract)
        return function in stated.calls[named.call].callers

    def passes_on(self, function: str) -> bool:
        """Tell whether a contract says that a function makes whichever call it was called for."""
        return any(function in revision.passes_on for revision in self.revisions)

    def has_conduit(self, immediate: int, made_by: Conduit = Conduit.HVC) -> bool:
        """Tell whether some contract's calls are made by an instruction with this immediate."""
        stated = (each for contract in self.stated for each in contract.conduits.values())
        revised = made_by is Conduit.HVC and any(each.made_by(immediate) for each in self.revisions)
        return revised or any(each.makes(made_by, immediate) for each in stated)

    def find(
        self, immediate: int, register: str, identifier: int, made_by: Conduit = Conduit.HVC
    ) -> tuple[Named, ...]:
        """Return the calls that an identifier selects, those of revisions first."""
        found = [
            Named(identifier, revision.contract, call.name)
            for revision in self.revisions
            if made_by is Conduit.HVC
            and revision.made_by(immediate)
            and register == revision.identifier
            for call in revision.numbered(identifier)
        ]
        for contract in self.stated:
            for name, conduit in contract.conduits.items():
                if not conduit.makes(made_by, immediate):
                    continue
                if conduit.identifier is None:
                    continue
                if conduit.identifier.on(self.architecture) != register:
                    continue
                number = identifier & LOWER
                calls = contract.find(name, number, self.architecture, self.version)
                found += [Named(identifier, contract.name, call) for call in calls]
        return tuple(dict.fromkeys(found))


def default_contract(
    architecture: Architecture, version: Version | None, has_symbol: Callable[[str], bool]
) -> Contract:
    """Return the shipped contract that a kernel is held to where none is named.

    Of two that speak of the same kernels one says by which symbols an image of its own is told
    (``told-by``).

    :param has_symbol: tells whether the kernel has a symbol
    :raises FileError: none speaks of a kernel of this version
    """
    if version is None:
        return shipped_contract(DEFAULT_CONTRACT)
    found: list[Contract] = []
    for path in sorted(CONTRACTS.glob("*.yaml")):
        text = path.read_bytes()
        if STATED.search(text) or not _may_speak(text, architecture, version):
            continue
        contract = shipped_contract(path.stem)
        if _speaks(contract, architecture, version) and all(map(has_symbol, contract.told_by)):
            found.append(contract)
    if not found:
        what = f"no contract speaks of {architecture.value} kernels of {version}"
        hint = f"the interface begins with {FIRST[architecture]}; or name one with --contract"
        raise Place(DEFAULT_CONTRACT, 0, "").refuse(what, hint)
    return max(found, key=lambda contract: len(contract.told_by))


def find_interfaces(
    architecture: Architecture, version: Version | None, revision: Revision | None
) -> tuple[Interfaces, tuple[str, ...]]:
    """Return the interfaces of a kernel, and which contracts they are.

    :param revision: of the contract that was named; its stub calls are those that count
    """
    revisions = [] if revision is None else [revision]
    stated: list[StatedContract] = []
    for path in sorted(CONTRACTS.glob("*.yaml")):
        if not _may_speak(path.read_bytes(), architecture, version):
            continue
        if revision is not None and path.stem == revision.contract:
            continue
        contract = shipped_or_stated(path.stem)
        if isinstance(contract, StatedContract):
            stated.append(contract)
        elif revision is None and version is not None and _speaks(contract, architecture, version):
            revisions.append(revision_of(contract, version, architecture))
    names = [each.contract for each in revisions] + [each.name for each in stated]
    return Interfaces(architecture, version, revisions, stated), tuple(names)


def listed_numbers(architecture: Architecture) -> tuple[frozenset[int], frozenset[int]]:
    """Return every identifier and every immediate that some shipped contract writes.

    Of an architecture, whichever the kernel: what is not among them, no contract has.  They are
    read off the files' text, because reading the contracts takes longer than judging a kernel.
    """
    numbers: set[int] = set()
    immediates: set[int] = set()
    for path in sorted(CONTRACTS.glob("*.yaml")):
        text = path.read_bytes()
        if _may_speak(text, architecture, None):
            numbers |= {int(each, 0) for each in NUMBER.findall(text)}
            immediates |= {int(each, 0) for each in IMMEDIATE.findall(text)}
    return frozenset(numbers), frozenset(immediates)


def _may_speak(text: bytes, architecture: Architecture, version: Version | None) -> bool:
    """Tell by the keys at its top whether a contract is worth reading."""
    found = ARCHITECTURES.search(text)
    if found and architecture.value not in found.group(1).decode("ascii", "replace").split(", "):
        return False
    since, until = _bound(SINCE, text), _bound(UNTIL, text)
    return version is None or in_force(version, since, until)


def _bound(key: "re.Pattern[bytes]", text: bytes) -> Version | None:
    found = key.search(text)
    return Version.exact(found.group(1).decode("ascii")) if found else None


def _speaks(contract: Contract, architecture: Architecture, version: Version) -> bool:
    if architecture not in contract.architectures or version < contract.since:
        return False
    return contract.until is None or version < contract.until
