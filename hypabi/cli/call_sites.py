"""From a file to its call sites, each with its names."""

from collections.abc import Iterator

from hypabi.behaviour.call_site import CallSite, Reached, Way
from hypabi.behaviour.call_sites import CallSites
from hypabi.cli.contract_option import contract_of, version_of
from hypabi.cli.exit_status import Exit
from hypabi.cli.parser import DEFAULT_CONTRACT
from hypabi.errors import HypabiError
from hypabi.execution.system import explorer_for
from hypabi.frozen import frozen
from hypabi.image import load
from hypabi.image.model import Image, Loaded, Role
from hypabi.judgement.contract import Contract
from hypabi.judgement.interfaces import interfaces
from hypabi.judgement.naming import Interfaces, names_of
from hypabi.judgement.revision import Revision
from hypabi.judgement.version import Version
from hypabi.report.callers import KINDS, Callers, NamedCaller, NamedSite, NamedWay
from hypabi.report.provenance import provenance

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
    loaded = load(path)
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
        int(_status(sites)),
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
            revision = contract.at(version, kernel.architecture)
    except HypabiError:
        # A listing needs no contract: one only lends the names.
        if named:
            raise
    found, names = interfaces(kernel.architecture, version, revision)
    return _Names(found, names, contract, revision)


def _sites(loaded: Loaded, names: _Names, function: str | None) -> Iterator[NamedSite]:
    for image in loaded.images:
        taken_by = names.taken_by(image.role)
        for site in _found(image, function):
            yield _named(image, site, names, taken_by)


def _found(image: Image, function: str | None) -> tuple[CallSite, ...]:
    return CallSites(explorer_for(image)).find(function)


def _named(image: Image, site: CallSite, names: _Names, taken_by: tuple[str, ...]) -> NamedSite:
    def ways(of: tuple[Way, ...]) -> tuple[NamedWay, ...]:
        return tuple(NamedWay(way, names_of(site, way, names.interfaces, taken_by)) for way in of)

    through = tuple(NamedCaller(caller, ways(caller.ways)) for caller in site.callers)
    return NamedSite(image.role, site, ways(site.ways), through)


def _status(sites: tuple[NamedSite, ...]) -> Exit:
    status = Exit.GOOD
    for site in sites:
        if site.finding:
            status |= Exit.REFUTED
        elif site.kind != KINDS[0] or _open(site.site):
            status |= Exit.UNDECIDED
    return status


def _open(site: CallSite) -> bool:
    """Return whether something about a site was not followed to its end."""
    shown = site.reached is not Reached.NOT_SHOWN
    return not shown or bool(site.undecided or site.reliance.undecided)
