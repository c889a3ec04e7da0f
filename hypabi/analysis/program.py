"""One program of a boot, with what is needed to derive from it."""

from collections.abc import Mapping
from functools import cache, cached_property
from types import MappingProxyType
from typing import TYPE_CHECKING, Final, TypeAlias

from hypabi.analysis.displacement import displaced
from hypabi.arch.identifiers import IDENTIFIERS
from hypabi.arch.names import Architecture, Conduit, InstructionSet
from hypabi.behaviour.case import Behaviour
from hypabi.behaviour.derive import Given, derive_behaviour
from hypabi.code.alternatives import Patches, find_alternatives
from hypabi.code.compiled_functions import HANDED_TO, is_compiled
from hypabi.code.vector_tables import VectorTable, find_vector_tables
from hypabi.image.model import Image
from hypabi.lifter.sleigh import Lifter
from hypabi.records import replace
from hypabi.smt.allowance import Allowance
from hypabi.symbolic.explore import Explorer
from hypabi.symbolic.setup import Lifters, explorer_for

if TYPE_CHECKING:
    from hypabi.callsites.call_ways import Asked
    from hypabi.callsites.finder import CallSites
    from hypabi.contract.revision import Revision

BehaviourKey: TypeAlias = tuple[VectorTable, int | None, frozenset[str], str, bool]
NOTHING_LINKED: Final[Mapping[int, str]] = MappingProxyType({})


class Program:
    """One program of a boot; tables, behaviours and call sites are found once and kept."""

    def __init__(
        self, image: Image, allowance: Allowance | None = None, lifters: Lifters | None = None
    ) -> None:
        self.image = image
        self._allowance = allowance
        self._lifters = lifters or cache(Lifter)
        self._moved: dict[tuple[int, tuple[int, ...]], Program] = {}
        self._tables: dict[tuple[str, ...], dict[int, VectorTable]] = {}
        self._behaviours: dict[BehaviourKey, Behaviour] = {}
        self._sites_by: dict[Asked, CallSites] = {}
        self._ending_at: dict[frozenset[str], Explorer] = {}

    @cached_property
    def explorer(self) -> Explorer:
        """What follows the program's paths."""
        return self._explorer_for(HANDED_TO)

    @cached_property
    def _patches(self) -> Patches:
        return find_alternatives(self.image)

    def _explorer_for(self, handed_to: frozenset[str]) -> Explorer:
        return explorer_for(
            self.image,
            lifters=self._lifters,
            allowance=self._allowance,
            compiled=is_compiled(self.image, handed_to),
            patches=self._patches,
        )

    def explorer_following(self, followed: frozenset[str]) -> Explorer:
        """Return what follows paths into these compiled functions too."""
        return explorer_for(
            self.image,
            lifters=self._lifters,
            allowance=self._allowance,
            patches=self._patches,
            compiled=is_compiled(self.image, followed=followed),
        )

    def moved(self, by: int, linked: Mapping[int, str] = NOTHING_LINKED) -> "Program":
        """Return the same program where it stands that far from its link address.

        :param linked: functions that are mapped where they are linked, by address
        """
        key = (by, tuple(linked))
        found = self._moved.get(key)
        if found is None:
            image = displaced(self.image, by)
            image = replace(image, stand_ins={**image.stand_ins, **linked})
            found = Program(image, self._allowance, self._lifters)
            found._patches = self._patches.moved(by, self.image.architecture.bits)
            self._moved[key] = found
        return found

    def with_allowance(self, allowance: Allowance) -> "Program":
        """Return the same program, of which nothing is known yet, with another allowance."""
        found = Program(self.image, allowance, self._lifters)
        found._patches = self._patches
        return found

    @cached_property
    def call_sites(self) -> "CallSites":
        """The ``hvc`` instructions of the program."""
        from hypabi.callsites.finder import CallSites

        return CallSites(self.explorer)

    @cached_property
    def calls_by_smc(self) -> "CallSites":
        """The ``smc`` instructions of the program."""
        from hypabi.callsites.finder import CallSites

        return CallSites(self.explorer, conduit=Conduit.SMC)

    def outside_call_sites(self, immediate: int | None, identifier: str) -> "CallSites":
        """Return the ``hvc`` instructions of a program that takes EL2 with vectors of its own."""
        entries = {at: table.hvc_entry for at, table in self.tables().items()}
        from hypabi.callsites.call_ways import Asked
        from hypabi.callsites.finder import CallSites

        return CallSites(self.explorer, entries, Asked(immediate, identifier))

    def call_sites_by(self, immediate: int | None, identifier: str) -> "CallSites":
        """Return the ``hvc`` instructions as a contract reads them, found once for each way."""
        if identifier == IDENTIFIERS[self.image.architecture]:
            return self.call_sites
        from hypabi.callsites.call_ways import Asked
        from hypabi.callsites.finder import CallSites

        asked = Asked(immediate, identifier)
        found = self._sites_by.get(asked)
        if found is None:
            found = self._sites_by[asked] = CallSites(self.explorer, asked=asked)
        return found

    def state_at(self, address: int) -> InstructionSet:
        """Return the instruction set state of the code at an address, as its symbol says it."""
        if self.image.architecture is Architecture.ARM64:
            return InstructionSet.A64
        symbol = self.image.symbols.around(address)
        return InstructionSet.T32 if symbol is not None and symbol.thumb else InstructionSet.A32

    def tables(self, names: tuple[str, ...] = ()) -> Mapping[int, VectorTable]:
        """Return the vector tables by address, among them those at symbols of these names."""
        found = self._tables.get(names)
        if found is None:
            tables = find_vector_tables(self.image, names, self.explorer.instruction)
            found = self._tables[names] = {table.address: table for table in tables}
        return found

    def explorer_ending_at(self, handed_to: frozenset[str]) -> Explorer:
        """Return what follows paths until they enter one of these compiled functions."""
        if handed_to <= HANDED_TO:
            return self.explorer
        found = self._ending_at.get(handed_to)
        if found is None:
            found = self._ending_at[handed_to] = self._explorer_for(handed_to | HANDED_TO)
        return found

    def behaviour_by(
        self, table: VectorTable, revision: "Revision", handed_to: frozenset[str] = HANDED_TO
    ) -> Behaviour:
        """Return what a call that is made as a contract says does through a table.

        :param handed_to: as of :meth:`behaviour`
        """
        return self.behaviour(
            table,
            revision.immediate,
            handed_to,
            revision.identifier,
            every_cpu=revision.every_cpu,
        )

    def behaviour(
        self,
        table: VectorTable,
        immediate: int | None,
        handed_to: frozenset[str] = HANDED_TO,
        identifier: str | None = None,
        *,
        every_cpu: bool = False,
    ) -> Behaviour:
        """Return what an ``hvc`` through a table does, derived once.

        :param immediate: ``None`` for any
        :param handed_to: compiled functions at which a contract ends
        :param identifier: where the number of the call stands; x0 or r0 where ``None``
        :param every_cpu: whether it runs on every CPU of its architecture
        """
        identifier = identifier or IDENTIFIERS[self.image.architecture]
        key = (table, immediate, handed_to | HANDED_TO, identifier, every_cpu)
        found = self._behaviours.get(key)
        if found is None:
            explorer = self.explorer_ending_at(handed_to)
            entry = table.hvc_entry
            found = derive_behaviour(
                explorer,
                entry,
                immediate,
                table.state,
                identifier,
                Given(every_cpu=every_cpu),
            )
            self._behaviours[key] = found
        return found
