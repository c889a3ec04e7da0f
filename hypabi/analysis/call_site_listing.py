"""From a file to its call sites, each with its names."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from hypabi.analysis.callers import life_cycle
from hypabi.analysis.examination import Examination
from hypabi.analysis.findings.callers import (
    Against,
    Callers,
    NamedCaller,
    NamedSite,
    NamedWay,
    Stated,
)
from hypabi.analysis.program import Program
from hypabi.analysis.provenance import provenance
from hypabi.analysis.session import Session
from hypabi.arch.names import Conduit
from hypabi.callsites.identifier_values import paths_by_identifier
from hypabi.callsites.model import CallPath, CallSite
from hypabi.contract.architectures import ArchitectureName
from hypabi.contract.defaults import DEFAULT_CONTRACT
from hypabi.contract.model import Contract
from hypabi.contract.registry import Interfaces, find_interfaces
from hypabi.contract.revision import Revision
from hypabi.contract.stated.model import StatedContract
from hypabi.contract.version import Version
from hypabi.errors import HypabiError
from hypabi.image.model import Image, Role
from hypabi.judgement.callers.identification import names_of
from hypabi.judgement.callers.stated import StatedInterface, hold_stated
from hypabi.records import frozen

if TYPE_CHECKING:
    from hypabi.callsites.finder import CallSites

TOOLS = ("pypcode",)
"""Packages that the listing rests on."""


@frozen
class _Names:
    """What the call sites of a file are named by."""

    interfaces: Interfaces
    contracts: tuple[str, ...]
    contract: str
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
    session: Session,
    contract: Contract | None,
    version: Version | None,
    function: str | None,
    command: tuple[str, ...],
    against: "Session | StatedContract | None" = None,
) -> Callers:
    """Return the call sites of a file.

    :param contract: lends its names; where ``None``, the default one does if it speaks of the file
    :param function: only those in functions of this name
    :param against: another file, against whose parties they are held; contract and version are
        that one's then; or a stated contract that they are held against
    :raises HypabiError: the contract that was named does not speak of the file, or no call site is
        in such a function
    """
    loaded = session.loaded
    held = stated = None
    if isinstance(against, Session):
        held = against.examine(contract, version, session)
        names = _names_of(session, held.revision)
    else:
        names, stated = _names(session, contract, version), against
    sites = tuple(_sites(session, names, function, _conduits(stated)))
    if function is not None and not sites:
        what = f"no function {function!r} issues an hvc"
        raise HypabiError(loaded.path, what, "leave --function out")
    return Callers(
        loaded,
        sites,
        names.contract,
        names.contracts,
        function,
        provenance(command, TOOLS),
        None if held is None else _held(held),
        None if stated is None else _stated(session, stated, version),
    )


def _held(examination: Examination) -> Against:
    """Hold the call sites against the parties of another file."""
    sha256 = examination.contract.sha256
    return Against(examination.loaded, examination.revision, sha256, life_cycle(examination))


def _stated(session: Session, contract: StatedContract, version: Version | None) -> Stated:
    """Hold the call sites against what a contract states.

    :raises HypabiError: it does not speak of the architecture
    """
    architecture = session.kernel.architecture
    if ArchitectureName(architecture.value) not in contract.architectures:
        raise HypabiError(contract.name, f"does not speak of {architecture.value}")
    at = version or Version.parse(session.kernel.version)
    interface = StatedInterface(contract, architecture, at)
    found = (_made_by(p, c) for p in session.programs.values() for c in _conduits(contract))
    sites = [site for each in found for site in each.find_with_callers()]
    solver = next(iter(session.programs.values())).explorer.new_solver()
    return Stated(contract.name, contract.sha256, hold_stated(interface, sites, solver))


def _names_of(session: Session, revision: Revision) -> _Names:
    """Return what call sites are named by that are held against a kernel."""
    found, names = find_interfaces(session.kernel.architecture, revision.version, revision)
    return _Names(found, names, revision.contract, revision)


def _names(session: Session, contract: Contract | None, version: Version | None) -> _Names:
    kernel = session.kernel
    named = contract is not None or version is not None
    revision = None
    if named or kernel.version:
        try:
            revision = session.revision(contract or session.contract(version), version)
        except HypabiError:
            # A listing needs no contract: one only lends the names.
            if named:
                raise
    at = version or Version.parse(kernel.version)
    found, names = find_interfaces(kernel.architecture, at, revision)
    return _Names(
        found, names, DEFAULT_CONTRACT if revision is None else revision.contract, revision
    )


def _conduits(stated: StatedContract | None) -> tuple[Conduit, ...]:
    """Return by which instructions a contract's calls are made; of a derived one by ``hvc``."""
    made = {each.instruction for each in stated.conduits.values()} if stated else set[str]()
    return tuple(each for each in Conduit if each is Conduit.HVC or each.value in made)


def _made_by(program: Program, conduit: Conduit) -> "CallSites":
    return program.call_sites if conduit is Conduit.HVC else program.calls_by_smc


def _sites(
    session: Session, names: _Names, function: str | None, conduits: tuple[Conduit, ...]
) -> Iterator[NamedSite]:
    for role, program in session.programs.items():
        taken_by = names.taken_by(role)
        revision = names.revision
        for conduit in conduits:
            sites = _made_by(program, conduit)
            if revision is not None and conduit is Conduit.HVC:
                sites = program.call_sites_by(revision.immediate, revision.identifier)
            for site in sites.find(function):
                yield _named(program.image, site, names, taken_by)


def _named(image: Image, site: CallSite, names: _Names, taken_by: tuple[str, ...]) -> NamedSite:
    def paths(of: tuple[CallPath, ...]) -> tuple[NamedWay, ...]:
        chosen = (each for way in of for each in paths_by_identifier(way, site.identifier))
        return tuple(
            NamedWay(each, names_of(site, each, names.interfaces, taken_by)) for each in chosen
        )

    through = tuple(NamedCaller(caller, paths(caller.paths)) for caller in site.callers)
    return NamedSite(image.role, site, paths(site.paths), through)
