"""Callers held against an interface that is stated: SMCCC, PSCI, Xen.

Nobody's code is there to serve the calls, so what is asked is what a caller has to see to whoever
does: the conduit, the registers that a call may change or answers in, how wide an answer is, and
the level from which it is made.
"""

from collections.abc import Iterator, Sequence
from typing import Final

from hypabi.arch.names import Architecture, Conduit
from hypabi.callsites.composition import composed
from hypabi.callsites.identifier_values import paths_by_identifier
from hypabi.callsites.model import CallPath, CallSite, ResultUse, after
from hypabi.contract.architectures import ArchitectureName
from hypabi.contract.stated.model import StatedCall, StatedConduit, StatedContract
from hypabi.contract.stated.registers import expand
from hypabi.contract.version import Version
from hypabi.judgement.callers.findings import (
    AT_EL2,
    CallerAnswer,
    CallerCheck,
    CallerQuestion,
    CallerVerdict,
    Satisfied,
    Undecided,
    Violated,
)
from hypabi.judgement.callers.schedule import CheckInContext, LifeCycle, Reachability
from hypabi.records import frozen
from hypabi.smt import terms
from hypabi.smt.solver import Solver, Unknown, Unsatisfiable

LOWER: Final = 0xFFFFFFFF
WIDTH: Final = "width"
"""The field of an identifier that tells calls of 64 bits (SMCCC, DEN0028, 2.5)."""
FAST: Final = 1 << 31


@frozen
class StatedInterface:
    """A stated contract on one architecture."""

    contract: StatedContract
    architecture: Architecture
    version: Version | None

    @property
    def _name(self) -> ArchitectureName:
        return ArchitectureName(self.architecture.value)

    def asked(self, site: CallSite, identifier: int) -> Iterator[tuple[str, StatedConduit]]:
        """Yield the calls that an identifier names, each with the conduit that it has."""
        for name, conduit in self.contract.conduits.items():
            register = None if conduit.identifier is None else conduit.identifier.on(self._name)
            if conduit.instruction != site.conduit.value or register != site.identifier:
                continue
            number = identifier & LOWER
            for call in self.contract.find(name, number, self._name, self.version):
                yield call, conduit

    def registers(self, conduit: StatedConduit, key: str) -> frozenset[str]:
        """Return the registers that a conduit names under a key."""
        stated = getattr(conduit, key)
        found = None if stated is None else stated.on(self._name)
        return frozenset(expand(found or (), self._name, conduit.place.below(key)))

    def answers(self, call: StatedCall) -> frozenset[str]:
        """Return the registers in which a call gives something back."""
        found = set()
        for parameter in call.results.values():
            register = None if parameter.register is None else parameter.register.on(self._name)
            if register is None:
                continue
            ours = self.contract.registers.get(register)
            found.add((None if ours is None else ours.on(self._name)) or register)
        return frozenset(found)


def hold_stated(interface: StatedInterface, sites: Sequence[CallSite], solver: Solver) -> LifeCycle:
    """Hold every call site that asks for a call of the contract against what it states."""
    checks: list[CheckInContext] = []
    elsewhere = 0
    for site in sites:
        for way in _ways(site):
            identifier = way.request.registers[site.identifier]
            found = list(interface.asked(site, identifier)) if isinstance(identifier, int) else []
            elsewhere += not found
            for name, conduit in found:
                held = _Held(interface, site, way, name, conduit, solver)
                check = CallerCheck(site, way, interface.contract.name, name, held.points())
                checks.append(CheckInContext(check, Reachability.WHOEVER_IS_LIVE, None))
    return LifeCycle(tuple(checks), (), (), elsewhere)


def _ways(site: CallSite) -> Iterator[CallPath]:
    """Yield the ways to a site, and through its callers where they say what is asked for."""
    for way in site.paths:
        if isinstance(way.request.registers[site.identifier], int):
            yield way
            continue
        yield from paths_by_identifier(way, site.identifier)
        for caller in site.callers:
            for outer in caller.paths:
                whole = composed(way, outer)
                if whole is not None:
                    yield whole


@frozen
class _Held:
    """One way to a call site, and the call that it asks for."""

    interface: StatedInterface
    site: CallSite
    way: CallPath
    name: str
    conduit: StatedConduit
    solver: Solver

    def points(self) -> tuple[CallerAnswer, ...]:
        """Return the answers, in the order of the questions."""
        asked = (
            (CallerQuestion.SERVED, self._conduit()),
            (CallerQuestion.SURVIVES, self._survives()),
            (CallerQuestion.UNDERSTOOD, self._understood()),
            (CallerQuestion.READ_FROM, self._width()),
        )
        return tuple(CallerAnswer(question, said) for question, said in asked)

    @property
    def call(self) -> StatedCall:
        return self.interface.contract.calls[self.name]

    def _conduit(self) -> CallerVerdict:
        if self.site.conduit is Conduit.HVC and self.way.privileged is not None:
            return Violated(AT_EL2.format(self.way.privileged))
        wanted = self.conduit.immediate
        if wanted is not None and wanted != self.site.immediate:
            by = self.site.conduit.value
            made = f"{by} #{self.site.immediate:#x}"
            return Violated(f"it is made by {made}, and has to be by {by} #{wanted:#x}")
        return Satisfied(f"as {self.name}, by {self.site.conduit.value}")

    def _survives(self) -> CallerVerdict:
        """Say whether a register is read that the call may have changed and answers nothing in."""
        lost = self.interface.registers(self.conduit, "may_change")
        answers = self.interface.registers(self.conduit, "results")
        lost -= answers | self.interface.answers(self.call) | self._handed_on()
        reads = [read for read in self.site.reliance.reads if read.register in lost]
        if reads:
            names = " and ".join(read.register for read in reads)
            are = "is" if len(reads) == 1 else "are"
            places = " and ".join(dict.fromkeys(f"{read.address:#x}" for read in reads))
            what = f"{names}, which the contract lets a call change, {are} read at {places}"
            return Violated(f"{what}, for what was there before")
        for caller in self.site.callers:
            for read in caller.reads:
                if read.register in lost & self.site.reliance.through:
                    who = caller.function.name or f"{caller.address:#x}"
                    return Violated(f"{read.register} is lost, and {who} reads it")
        return Satisfied(f"of {len(lost)} registers that it may change none is read")

    def _handed_on(self) -> frozenset[str]:
        """Return the registers that a wrapper stores beside the answer, for whoever called it.

        Whatever they hold: SMCCC (DEN0028, 2.6) answers in four, most of its calls in the first.
        """
        stored = {a.register for a in self.site.answers if ResultUse.STORED in a.uses}
        first = self.interface.registers(self.conduit, "results")
        return frozenset(stored) if first & stored else frozenset()

    def _understood(self) -> CallerVerdict:
        first = min(self.interface.registers(self.conduit, "results"), default=None)
        answer = next((a for a in self.site.answers if a.register == first), None)
        if answer is None or not self.call.errors:
            return Satisfied("no error is stated")
        unread = set(answer.uses) <= {ResultUse.OVERWRITTEN} and not answer.tests
        if unread and not self.site.reliance.undecided:
            return Violated(f"{first} can be {self.call.errors[0]}, and nobody looks at it")
        return Satisfied("the answer is looked at, or goes on")

    def _width(self) -> CallerVerdict:
        """Say whether the upper half of an answer is looked at that has 32 bits only."""
        identifier = self.way.request.registers[self.site.identifier]
        assert isinstance(identifier, int)
        narrow = WIDTH in self.conduit.fields and not identifier >> 30 & 1
        if self.interface.architecture is Architecture.ARM or not narrow:
            return Satisfied("its answers have the width of its registers")
        for answer in self.site.answers:
            symbol = terms.symbol(after(answer.register), 64)
            lower = terms.and_(symbol, LOWER, 64)
            for test in answer.tests:
                other = terms.substitute(test.condition, {symbol: lower})
                said = self.solver.feasibility(terms.xor(test.condition, other, 1))
                if isinstance(said, Unknown):
                    return Undecided(f"whether the test at {test.address:#x} looks at 32 bits")
                if not isinstance(said, Unsatisfiable):
                    what = f"bits 63 to 32 of {answer.register} are tested at {test.address:#x}"
                    return Violated(f"{what}, and a call of 32 bits answers in the lower half")
        return Satisfied("no more than 32 bits of an answer are tested")
