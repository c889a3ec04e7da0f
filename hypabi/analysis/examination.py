"""A file under a contract: whose its tables are, what they do, and what is proved of it."""

from collections.abc import Callable, Mapping
from functools import cached_property

from hypabi.analysis.installers import (
    FoundInstaller,
    Installer,
    at_link_address,
    derive_installers,
    find_installers,
)
from hypabi.analysis.party_detection import (
    Found,
    address_of,
    expected_parties,
    table_names,
    tell_parties,
)
from hypabi.analysis.program import Program
from hypabi.behaviour.case import Behaviour
from hypabi.code.cpu_capabilities import Capabilities
from hypabi.code.vector_tables import VectorTable, only_state
from hypabi.contract.model import Contract
from hypabi.contract.revision import LiveParty, Revision
from hypabi.image.model import Image, Loaded, Role
from hypabi.judgement.verification.lowering import Surroundings
from hypabi.judgement.verification.obligations import HeldRow
from hypabi.judgement.verification.prover import Judgement, judge_contract
from hypabi.judgement.verification.record import Listener, unheard
from hypabi.records import frozen, replace
from hypabi.smt.solver import Solver


@frozen
class Provider:
    """A vector table of one program, and which party's it is."""

    role: Role
    table: VectorTable
    parties: tuple[str, ...]
    """Names of the contract's parties that take calls through it; empty for one it does not
    know."""


@frozen
class Outside:
    """A program of another file, whose callers are held against the parties of this one."""

    loaded: Loaded
    programs: Mapping[Role, Program]


class Examination:
    """What is found in a file under a contract; each step is done when it is first asked for."""

    def __init__(
        self,
        loaded: Loaded,
        contract: Contract,
        revision: Revision,
        programs: Mapping[Role, Program],
        capabilities: Callable[[], Capabilities],
        solver: Callable[[], Solver],
    ) -> None:
        """Hold what the steps need.

        :param solver: makes solvers that draw on the allowance of this file
        """
        self.outside: Outside | None = None
        """Whose callers are asked for; where ``None``, the file's own."""
        self.loaded = loaded
        self.contract = contract
        self.revision = revision
        self.programs = programs
        self._capabilities = capabilities
        self.solver = solver
        self._asked: dict[str, int] = {}

    @property
    def kernel(self) -> Image:
        """The kernel, which a decompressor in front of it only unpacks."""
        return self.loaded.images[-1]

    @cached_property
    def tables(self) -> Mapping[Role, Mapping[int, VectorTable]]:
        """The vector tables of each program, by address."""
        names = tuple(table_names(self.revision))
        return {role: program.tables(names) for role, program in self.programs.items()}

    @cached_property
    def found(self) -> Found:
        """By name of the party: the program that holds its table, and the table."""
        return tell_parties(self.revision, self.programs, self.tables)

    @cached_property
    def handed_to(self) -> frozenset[str]:
        """The compiled functions at which the contract ends."""
        return frozenset(name for row in self.revision.rows for name in row.handed_to)

    @cached_property
    def behaviours(self) -> Mapping[str, Behaviour]:
        """What each party that was found does, by its name."""
        return {
            name: self.programs[role].behaviour_by(table, self.revision, self.handed_to)
            for name, (role, table) in self.found.items()
        }

    @cached_property
    def surroundings(self) -> Surroundings:
        """What names in the contract stand for in this file."""
        known = self._capabilities()
        tables = {name: table.address for name, (_, table) in self.found.items()}
        return Surroundings(
            tables,
            self._number,
            known.lacks,
            self._symbol,
            order=self.loaded.images[-1].byte_order,
            within=self._within,
            state=only_state(table for _, table in self.found.values()),
        )

    def _symbol(self, name: str) -> int | None:
        """Return the address of a symbol that one of the file's programs has, and has once."""
        return address_of(name, *self.loaded.images)

    def _within(self, address: int) -> bool:
        if any(address in tables for tables in self.tables.values()):
            return False
        return any(image.segment(address) is not None for image in self.loaded.images)

    def _number(self, name: str) -> int | None:
        found = self._capabilities().number(name)
        if found is not None:
            self._asked[name] = found
        return found

    @property
    def judgement(self) -> Judgement:
        """What was proved of each clause."""
        return self._judged[0]

    @property
    def capabilities(self) -> Mapping[str, int]:
        """Number of each capability that a clause asked for and that the kernel describes."""
        return self._judged[1]

    @cached_property
    def _judged(self) -> tuple[Judgement, Mapping[str, int]]:
        self._asked.clear()
        found = self.judged(self.solver)
        return found, dict(self._asked)

    def judged(self, solver: Callable[[], Solver], listener: Listener = unheard) -> Judgement:
        """Judge every clause anew.

        :param listener: is told of each question
        """
        found = judge_contract(
            self.revision, self.behaviours, self.surroundings, solver, listener, self.installed
        )
        by = {each.row: each.by(self.programs) for each in self.installers}
        bits = self.revision.architecture.bits
        findings = (
            at_link_address(each, by.get((each.party, each.call), 0), bits)
            for each in found.findings
        )
        return replace(found, findings=tuple(findings))

    @cached_property
    def sought_installers(self) -> tuple[FoundInstaller, ...]:
        """The code that makes a party of the file live without a call, found or not."""
        return find_installers(self.revision, self.programs, self.found)

    @cached_property
    def installers(self) -> tuple[Installer, ...]:
        """The installers that the file has."""
        return tuple(each for each in self.sought_installers if isinstance(each, Installer))

    @cached_property
    def installed(self) -> tuple[HeldRow, ...]:
        """What each installer does, where the program was loaded."""
        return derive_installers(self.installers, self.revision, self.programs, self.surroundings)

    @cached_property
    def providers(self) -> tuple[Provider, ...]:
        """Every vector table, with the parties whose it is."""
        return tuple(
            self._provider(role, table)
            for role, tables in self.tables.items()
            for _, table in sorted(tables.items())
        )

    def _provider(self, role: Role, table: VectorTable) -> Provider:
        whose = [
            name
            for name, (of, found) in self.found.items()
            if (of, found.address) == (role, table.address)
        ]
        how = next((self.found[name][1].how for name in whose), table.how)
        return Provider(role, replace(table, how=how), tuple(whose))

    @property
    def missing(self) -> tuple[LiveParty, ...]:
        """Parties of the revision that the file does not hold."""
        return tuple(party for party in self.revision.parties if party.name not in self.found)

    @cached_property
    def expected(self) -> Mapping[str, str]:
        """Why the file should hold a party that it does not hold, by the party's name."""
        return expected_parties(self.revision, self.programs, self.found)

    def text(self, address: int) -> str:
        """Return the disassembly of the instruction at an address; empty where there is none."""
        for program in self.programs.values():
            if program.image.segment(address) is not None:
                return program.explorer.disassembled(address)
        return ""
