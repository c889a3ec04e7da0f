"""From a file to its call sites, each with its names."""

from collections.abc import Iterator

from hypabi.analysis.findings.callers import Callers, NamedCaller, NamedSite, NamedWay
from hypabi.analysis.options import contract_of, version_of
from hypabi.analysis.provenance import provenance
from hypabi.callsites.finder import CallSites
from hypabi.callsites.model import CallPath, CallSite
from hypabi.contract.defaults import DEFAULT_CONTRACT
from hypabi.contract.model import Contract
from hypabi.contract.registry import Interfaces, find_interfaces
from hypabi.contract.resolve import revision_of
from hypabi.contract.revision import Revision
from hypabi.contract.version import Version
from hypabi.errors import HypabiError
from hypabi.image.load import load_image
from hypabi.image.model import Image, Loaded, Role
from hypabi.judgement.callers.identification import names_of
from hypabi.records import frozen
from hypabi.symbolic.setup import explorer_for

TOOLS = ("pypcode",)
"""Packages that the listing rests on."""


@frozen
class _Names:
    """What the call sites of a file are named by."""

    interfaces: Interfaces
    contracts: tuple[str, ...]
    contract: Contract
    revision: Revision | None

    def taken_by(self, role: Role) -> tuple[str, ...]:
        """Return the parties of a program to which any identifier is as good as another."""
        if self.revision is None:
            return ()
        moves = self.revision.moves
        return tuple(
            party.name
            for party in self.revision.parties
            if party.program.value == role.value
            and any((move.source, move.call) == (party.name, "any") for move in moves)
        )


def callers(
    path: str,
    contract: str,
    version: str | None,
    function: str | None,
    command: tuple[str, ...],
) -> Callers:
    """Return the call sites of a file.

    :param function: only those in functions of this name
    :raises HypabiError: the file cannot be read, or has no call site in such a function
    """
    loaded = load_image(path)
    names = _names(loaded, contract, version_of(version))
    sites = tuple(_sites(loaded, names, function))
    if function is not None and not sites:
        raise HypabiError(path, f"no function {function!r} issues an hvc", "leave --function out")
    return Callers(
        loaded,
        sites,
        names.contract.name,
        names.contracts,
        function,
        provenance(command, TOOLS),
    )


def _names(loaded: Loaded, option: str, version: Version | None) -> _Names:
    kernel = loaded.images[-1]
    named = version is not None or option != DEFAULT_CONTRACT
    version = version or Version.parse(kernel.version)
    contract = contract_of(option)
    revision = None
    try:
        if version is not None:
            revision = revision_of(contract, version, kernel.architecture)
    except HypabiError:
        # A listing needs no contract: one only lends the names.
        if named:
            raise
    found, names = find_interfaces(kernel.architecture, version, revision)
    return _Names(found, names, contract, revision)


def _sites(loaded: Loaded, names: _Names, function: str | None) -> Iterator[NamedSite]:
    for image in loaded.images:
        taken_by = names.taken_by(image.role)
        for site in _found(image, function):
            yield _named(image, site, names, taken_by)


def _found(image: Image, function: str | None) -> tuple[CallSite, ...]:
    return CallSites(explorer_for(image)).find(function)


def _named(image: Image, site: CallSite, names: _Names, taken_by: tuple[str, ...]) -> NamedSite:
    def ways(of: tuple[CallPath, ...]) -> tuple[NamedWay, ...]:
        return tuple(NamedWay(way, names_of(site, way, names.interfaces, taken_by)) for way in of)

    through = tuple(NamedCaller(caller, ways(caller.ways)) for caller in site.callers)
    return NamedSite(image.role, site, ways(site.ways), through)
