"""Make witnesses of what an examination refuted, at addresses at which a machine can run it."""

import mmap
from bisect import bisect_right
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path

from hypabi.analysis.displacement import displaced
from hypabi.analysis.examination import Examination, Provider
from hypabi.analysis.findings.check import Check
from hypabi.analysis.party_detection import address_of
from hypabi.analysis.provenance import provenance
from hypabi.analysis.replay import machine as machine_of
from hypabi.analysis.results.shared import ReplayAttempt
from hypabi.analysis.summaries.replay_attempt import replay_attempt
from hypabi.analysis.tools import TOOLS
from hypabi.analysis.witness_files import needed_of, write_witness
from hypabi.arch.names import Architecture, InstructionSet
from hypabi.behaviour.case import Behaviour
from hypabi.behaviour.derive import Given, derive_behaviour
from hypabi.code.alternatives import PatchSite
from hypabi.code.cpu_capabilities import Capabilities
from hypabi.code.vector_tables import VectorTable, only_state
from hypabi.contract.clause import RegisterFrame
from hypabi.contract.revision import LiveParty, Revision
from hypabi.image.model import Image, Loaded, Role
from hypabi.judgement.verification.lowering import Surroundings
from hypabi.judgement.verification.obligations import HeldRow
from hypabi.judgement.verification.verdict import Finding, Refuted
from hypabi.machine.engine.machine import Engine
from hypabi.machine.protocol import Machine
from hypabi.records import replace
from hypabi.symbolic.explore import Explorer
from hypabi.symbolic.setup import explorer_for
from hypabi.witness.builder import NotMade, Setting, witness_of
from hypabi.witness.model import Patched, Source, Witness
from hypabi.witness.pages import Pages
from hypabi.witness.program import content_of, displacement_of
from hypabi.witness.replay import NotRun, Replay, replay_witness


class Ground:
    """One program of an examined file, where a machine can run it."""

    def __init__(self, image: Image, by: int, explorer: Explorer | None = None) -> None:
        self.by = by
        self.image = displaced(image, by)
        self.explorer = explorer or explorer_for(self.image)
        self._behaviours: dict[int, Behaviour] = {}

    def moved(self, address: int) -> int:
        """Return where something linked at ``address`` is."""
        return (address + self.by) % (1 << self.image.architecture.bits)

    def behaviour(self, provider: Provider, revision: Revision) -> Behaviour:
        """Return what an ``hvc`` through a table does here.

        It is derived anew, so every address that code computes from its own place is the one that
        a machine computes.
        """
        table = provider.table
        found = self._behaviours.get(table.address)
        if found is None:
            entry = self.moved(table.hvc_entry)
            found = derive_behaviour(
                self.explorer,
                entry,
                revision.immediate,
                table.state,
                revision.identifier,
                Given(every_cpu=revision.every_cpu),
            )
            self._behaviours[table.address] = found
        return found

    @cached_property
    def _sites(self) -> tuple[list[int], list[PatchSite]]:
        sites = (site for site in self.explorer.patches if site.size and not site.callback)
        found = sorted(sites, key=lambda site: (site.replacement, site.address))
        return [site.replacement for site in found], found

    def replaced(self, address: int) -> Patched | None:
        """Return the patch whose replacement holds an address of code."""
        starts, sites = self._sites
        index = bisect_right(starts, address) - 1
        if index < 0 or address >= starts[index] + sites[index].size:
            return None
        site = sites[index]
        return Patched(site.address, site.size, site.replacement, site.capability)


class Witnesses:
    """Makes the witnesses of one examination; programs are displaced and derived from once."""

    def __init__(self, examination: Examination) -> None:
        self._examined = examination
        self._grounds: dict[tuple[Role, int], Ground] = {}
        self._engine = Engine()
        self._capabilities = Capabilities(examination.loaded.images[-1])
        self._versions = dict(provenance((), TOOLS).versions)

    def of(self, finding: Finding) -> Witness | NotMade:
        """Make the witness of a refuted finding.

        Where the code does not do the same elsewhere, it stays at its link addresses: our engine
        can run it there, QEMU cannot.
        """
        assert isinstance(finding.verdict, Refuted)
        provider = self._provider(finding.party)
        image = self._image(provider.role)
        by = displacement_of(image)
        made = self._at(finding, provider, by)
        if isinstance(made, NotMade) and by:
            linked = self._at(finding, provider, 0)
            return made if isinstance(linked, NotMade) else linked
        return made

    def pages(self, witness: Witness) -> Pages:
        """Return the code of a witness that was made here."""
        ground = self._ground(Role(witness.image.program), witness.image.displacement)
        found = Pages()
        other = found.take(
            witness.image.pages,
            lambda page: content_of(ground.image, page.address, page.size) or b"",
        )
        assert other is None, other
        return found

    def _at(self, finding: Finding, provider: Provider, by: int) -> Witness | NotMade:
        ground = self._ground(provider.role, by)
        revision = self._examined.revision
        party = revision.party(finding.party)
        assert party is not None
        held = HeldRow(
            revision,
            party,
            revision.row(finding.party, finding.call),
            self._behaviour(ground, provider, party),
            self._surroundings(ground, provider.role),
        )
        contract = self._examined.contract.sha256
        setting = setting_of(
            self._examined.loaded, ground, provider.table, contract, self._versions
        )
        return witness_of(held, finding.clause, setting, self._examined.solver, self._engine)

    def _behaviour(self, ground: Ground, provider: Provider, party: LiveParty) -> Behaviour:
        if ground.by == 0:
            return self._examined.behaviours[party.name]
        return ground.behaviour(provider, self._examined.revision)

    def _provider(self, party: str) -> Provider:
        return next(each for each in self._examined.providers if party in each.parties)

    def _image(self, role: Role) -> Image:
        return next(image for image in self._examined.loaded.images if image.role is role)

    def _ground(self, role: Role, by: int) -> Ground:
        found = self._grounds.get((role, by))
        if found is None:
            found = self._grounds[role, by] = Ground(self._image(role), by)
        return found

    def _surroundings(self, ground: Ground, role: Role) -> Surroundings:
        tables = {
            party: ground.moved(each.table.address) if each.role is role else each.table.address
            for each in self._examined.providers
            for party in each.parties
        }
        number, lacks = self._capabilities.number, self._capabilities.lacks
        return Surroundings(
            tables,
            number,
            lacks,
            lambda name: address_of(name, ground.image),
            order=ground.image.byte_order,
            state=only_state(each.table for each in self._examined.providers),
        )


def offset_in(path: str, likely: int, content: bytes) -> int | None:
    """Return where bytes stand in a file, ``None`` where they do not."""
    with (
        Path(path).open("rb") as file,
        mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as held,
    ):
        if held[likely : likely + len(content)] == content:
            return likely
        found = held.find(content)
        return None if found < 0 else found


def confirmed(
    check: Check, examination: Examination, machine: str | None, folder: str | None
) -> Check:
    """Return a check with what a machine made of each refutation.

    :param machine: ``engine`` or ``qemu``; ``None`` only writes the witnesses
    :param folder: to write the witnesses to
    """
    witnesses = Witnesses(examination)
    runs = None if machine is None else machine_of(machine)
    attempts = {}
    installed = {each.row for each in examination.installers}
    for finding in examination.judgement.findings:
        if not isinstance(finding.verdict, Refuted):
            continue
        if (finding.party, finding.call) in installed:
            made = replay_attempt(NotRun("any machine", "code that installs is run on none"))
        else:
            made = _attempted(witnesses, without_suppressed(check, finding), runs, folder)
        attempts[finding.party, finding.call, finding.clause.name] = made
    return replace(check, attempts=attempts, machine=machine)


def without_suppressed(check: Check, finding: Finding) -> Finding:
    """Return a refuted frame with leave to lose what is suppressed, so that the rest is replayed.

    Where everything that is lost is suppressed, that is what a machine is asked to show.
    """
    statement, verdict = finding.clause.statement, finding.verdict
    assert isinstance(verdict, Refuted)
    names = [each.lost for each in verdict.every if each.lost is not None]
    covered = tuple(name for name in names if check.loss_by(finding, name) is not None)
    if not isinstance(statement, RegisterFrame) or len(covered) == len(names):
        return finding
    may_change = (*statement.may_change, *covered)
    clause = replace(finding.clause, statement=replace(statement, may_change=may_change))
    return replace(finding, clause=clause)


def _attempted(
    witnesses: Witnesses, finding: Finding, machine: Machine | None, folder: str | None
) -> ReplayAttempt:
    made = witnesses.of(finding)
    if isinstance(made, NotMade):
        return replay_attempt(NotRun("any machine", f"no witness was made: {made.reason}"))
    file = None if folder is None else write_witness(made, folder)
    found: Replay
    if machine is None:
        found = NotRun("any machine", "nobody asked for it (--confirm)")
    else:
        found = replay_witness(made, machine, witnesses.pages(made))
    return replay_attempt(found, file, needed_of(made))


def setting_of(
    loaded: Loaded,
    ground: Ground,
    table: VectorTable,
    contract_sha256: str,
    versions: Mapping[str, str],
) -> Setting:
    """Return what a witness needs to know of the program that holds a table."""
    image = ground.image
    arm64 = image.architecture is Architecture.ARM64
    first = image.segments[0].address
    source = Source(
        Path(loaded.path).name,
        loaded.sha256,
        image.role.value,
        image.sha256,
        image.version,
        ground.by,
    )

    def offset(address: int, content: bytes) -> int | None:
        return offset_in(loaded.path, address - first, content)

    return Setting(
        image,
        source,
        ground.moved(table.address),
        InstructionSet.A64 if arm64 else table.state,
        contract_sha256,
        versions,
        ground.replaced,
        offset,
    )
