"""Which numbers compiled code behind a handler serves, and what it answers to the rest.

KVM's vectors hand every call that is no stub's to ``handle_trap``, which looks the number up in a
table of functions.  Here that function is followed as far as the function that serves a number.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from hypabi.analysis.findings.derivation import Served
from hypabi.analysis.summaries.outcome_text import ending
from hypabi.arch.aarch64 import HCR_EL2_E2H
from hypabi.behaviour.by_number import numbers_served
from hypabi.behaviour.case import Behaviour, Case, guard_terms
from hypabi.behaviour.derive import Given, derive_behaviour
from hypabi.behaviour.identifier import identifier_term, with_number
from hypabi.behaviour.outcome import Returned, Undecided
from hypabi.image.model import ImageError
from hypabi.smt import terms
from hypabi.smt.solver import Solver, Unsatisfiable
from hypabi.smt.terms import Value
from hypabi.unknowns import capability_name, fixed_words

if TYPE_CHECKING:
    from hypabi.analysis.program import Program
    from hypabi.code.cpu_capabilities import Capabilities
    from hypabi.image.symbolizer import Places
    from hypabi.symbolic.explore import Explorer

MOST_PINNED: Final = 64
"""Numbers that are followed once more by themselves, where all together are not told apart."""
REDIRECTED: Final = ("ARM64_HAS_VIRT_HOST_EXTN", "ARM64_KVM_HVHE")
"""Capabilities for which the kernel names its registers as they are with HCR_EL2.E2H set."""
PREMISE: Final = "a kernel that patched itself for VHE runs with HCR_EL2.E2H set"


class Dispatcher:
    """One entry, followed into compiled functions."""

    def __init__(
        self,
        program: "Program",
        entry: int,
        asked: tuple[str, str],
        followed: frozenset[str],
        capabilities: "Capabilities",
        places: "Places",
    ) -> None:
        """Hold what following needs.

        :param asked: what selects a call, and the register that answers
        :param followed: compiled functions, by symbol or address
        """
        self.program = program
        self.entry = entry
        self.identifier, self.answer = asked
        self.explorer: Explorer = program.explorer_following(followed)
        self.capabilities = capabilities
        self.places = places
        self.bits = program.image.architecture.bits
        self._pinned = 0

    def served(self) -> Iterator[Served]:
        """Yield how each number ends that is told from others, any other last."""
        behaviour = derive_behaviour(self.explorer, self.entry, identifier=self.identifier)
        solver = self.explorer.new_solver()
        possible = tuple(self._possible(behaviour, solver))
        numbers = numbers_served(behaviour, self.identifier, self.bits)
        for number in numbers:
            asked = with_number(self.identifier, number, self.bits)
            cases = tuple(_taken(possible, asked, (), solver))
            if any(isinstance(case.outcome, Undecided) for case in cases):
                yield Served(number, tuple(self._by_itself(number, asked, solver)))
            else:
                yield Served(number, tuple(self._ends(cases, asked)))
        term = identifier_term(self.identifier, self.bits)
        others = tuple(terms.ne(term, number, self.bits) for number in numbers)
        cases = tuple(_taken(possible, {}, others, solver))
        yield Served(None, tuple(self._ends(cases, {})))

    def _by_itself(
        self, number: int, asked: Mapping[terms.Term, Value], solver: Solver
    ) -> Iterator[str]:
        """Yield how one number ends, followed with that number alone."""
        self._pinned += 1
        if self._pinned > MOST_PINNED:
            yield f"undecided: more than {MOST_PINNED} numbers are not told apart together"
            return
        pinned = {self.identifier: number}
        behaviour = derive_behaviour(
            self.explorer, self.entry, identifier=self.identifier, given=Given(pinned)
        )
        possible = tuple(self._possible(behaviour, solver))
        yield from self._ends(tuple(_taken(possible, asked, (), solver)), asked)

    def _possible(self, behaviour: Behaviour, solver: Solver) -> Iterator["_Possible"]:
        """Yield the cases that can come about at all; most cannot, whatever the number."""
        known = terms.land(*self._premises(), *behaviour.holds)
        for case in behaviour.cases:
            guard = terms.land(*guard_terms(case), known)
            if guard != 0 and not isinstance(solver.feasibility(guard), Unsatisfiable):
                yield _Possible(case, guard)

    def _premises(self) -> Iterator[Value]:
        configured = terms.symbol("HCR_EL2", 64)
        host = terms.extract(configured, HCR_EL2_E2H, 1, 64)
        for name in REDIRECTED:
            number = self.capabilities.number(name)
            if number is not None:
                found = terms.symbol(capability_name(number), 1)
                yield terms.lor(terms.lnot(found), host)

    def _ends(self, cases: tuple[Case, ...], asked: Mapping[terms.Term, Value]) -> Iterator[str]:
        found: dict[str, None] = {}
        for case in cases:
            found[self._end(case, asked)] = None
        yield from found

    def _end(self, case: Case, asked: Mapping[terms.Term, Value]) -> str:
        how, where = ending(case.outcome, self.places)
        if isinstance(case.outcome, Returned):
            value = case.registers.get(self.answer, terms.symbol(self.answer, self.bits))
            return (
                f"returns {self.answer} = {terms.text(terms.substitute(value, asked), self.bits)}"
            )
        if isinstance(case.outcome, Undecided):
            return f"undecided {where}{''.join(self._in_the_file(case.outcome))}"
        return f"{how.value} {where.removesuffix(', which is compiled code and not followed')}"

    def _in_the_file(self, outcome: Undecided) -> Iterator[str]:
        """Yield what the file holds where writable memory decides."""
        image = self.program.image
        for address in fixed_words(outcome.reason):
            try:
                held = int.from_bytes(image.read(address, self.bits // 8), image.byte_order.value)
            except ImageError:
                continue
            yield f"; in the file that is {self.places.name(held) if held else 0}"


@dataclass(frozen=True)
class _Possible:
    """A case that can come about, and all that holds then."""

    case: Case
    guard: Value


def _taken(
    possible: tuple[_Possible, ...],
    asked: Mapping[terms.Term, Value],
    others: tuple[Value, ...],
    solver: Solver,
) -> Iterator[Case]:
    for each in possible:
        guard = terms.substitute(terms.land(each.guard, *others), asked)
        if guard != 0 and not isinstance(solver.feasibility(guard), Unsatisfiable):
            yield each.case
