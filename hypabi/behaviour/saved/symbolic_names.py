"""Say a behaviour in names instead of addresses, so that it can be held against another build's.

Every build lays out its code and data anew and numbers its capabilities anew.  What is left when
addresses are said relative to symbols, memory words by the symbol they are at, and capabilities by
their names, is what can be compared.  A constant that is an address of the program becomes the
symbol ``&name``, an unknown: what holds of it holds wherever the symbol is.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Final, assert_never

from hypabi.behaviour.case import Behaviour, Case, Guard
from hypabi.behaviour.outcome import (
    Called,
    CalledBack,
    Condition,
    Effect,
    Faulted,
    Left,
    Outcome,
    Requested,
    Returned,
    Store,
    Stuck,
    Undecided,
    writes_code,
)
from hypabi.records import frozen, replace
from hypabi.smt import terms
from hypabi.smt.rewrite import rebuild_term, subterms
from hypabi.smt.term import operand_width
from hypabi.smt.terms import Term, Value

ADDRESS: Final = "&"
"""Begins the name of a symbol that stands for an address."""

CODE_INTACT: Final = "no call has the code of its own image overwritten"
_HEXADECIMAL: Final = re.compile(r"(?<![\w.#])0x([0-9a-f]{3,16})\b")
_CAPABILITY: Final = re.compile(r"cpucap\.(\d+)")
_COMPARED: Final = frozenset({"add", "sub", "eq", "ult", "ite"})
"""Operations an address takes part in; what is masked or multiplied is taken for a number."""


@frozen
class Landmarks:
    """What a program calls its addresses and its capabilities."""

    bits: int
    place: Callable[[int], tuple[str, int] | None]
    """Symbol and distance of an address of the program, ``None`` for a number that is none.

    An address that no symbol is near has itself for a symbol, in hexadecimal.
    """
    tables: Mapping[int, str]
    """Name of each vector table, by its address."""
    capabilities: Mapping[int, str]


def in_symbolic_names(behaviour: Behaviour, landmarks: Landmarks) -> Behaviour:
    """Return a behaviour without addresses, capability numbers and paths."""
    return _Relative(landmarks).behaviour(behaviour)


def table_symbol(name: str, bits: int) -> Term:
    """Return what stands for the address of a vector table, or of a symbol, of this name."""
    return terms.symbol(ADDRESS + name, bits)


def _with_code_intact(cases: tuple[Case, ...]) -> Iterator[Case]:
    """Yield the cases that do not overwrite code; where another build has code, no one knows."""
    guards = {each.term for case in cases for each in case.guard}
    hits = {case.guard[-1].term for case in cases if writes_code(case.outcome)}
    hits = {hit for hit in hits if terms.lnot(hit) in guards}  # else it always does
    spared = {terms.lnot(hit) for hit in hits}
    for case in cases:
        guard = tuple(each for each in case.guard if each.term not in spared)
        if len(guard) < len(case.guard):
            yield replace(case, guard=guard, assumptions=(*case.assumptions, CODE_INTACT))
        elif not (writes_code(case.outcome) and case.guard[-1].term in hits):
            yield case


class _Relative:
    def __init__(self, landmarks: Landmarks) -> None:
        self.landmarks = landmarks
        self.bits = landmarks.bits
        self._known: dict[Term, Value] = {}

    def behaviour(self, behaviour: Behaviour) -> Behaviour:
        widths = behaviour.widths
        return Behaviour(
            0,
            {name: self.value(value, 0) for name, value in behaviour.at_entry.items()},
            behaviour.link,
            behaviour.status,
            tuple(self.case(case, widths) for case in _with_code_intact(behaviour.cases)),
            widths,
            tuple(self.value(value, 1) for value in behaviour.holds),
        )

    def case(self, case: Case, widths: Mapping[str, int]) -> Case:
        return Case(
            Guard(Condition(0, self.value(each.term, 1)) for each in case.guard),
            {name: self.register(name, v, widths[name]) for name, v in case.registers.items()},
            tuple(map(self.store, case.stores)),
            tuple(map(self.effect, case.effects)),
            self.outcome(case.outcome),
            tuple(map(self.text, case.assumptions)),
            None,
        )

    def register(self, name: str, value: Value, width: int) -> Value:
        """Return a register at exit; of a vector base every address of a table is one."""
        if isinstance(value, int) and name in ("VBAR_EL2", "HVBAR"):
            found = self.landmarks.tables.get(value)
            if found is not None:
                return table_symbol(found, width)
        return self.value(value, width)

    def store(self, store: Store) -> Store:
        base: Value = 0 if store.base is None else self.value(store.base, self.bits)
        address = terms.add(base, store.offset, self.bits)
        if store.base is None:
            address = self.number(store.offset, self.bits)
        value = self.value(store.value, 8 * store.size)
        if isinstance(address, int):
            return Store(None, address, store.size, value)
        if address.op == "add" and isinstance(address.args[1], int):
            inner = address.args[0]
            assert isinstance(inner, Term)
            return Store(inner, address.args[1], store.size, value)
        return Store(address, 0, store.size, value)

    def effect(self, effect: Effect) -> Effect:
        operands = tuple(self.value(operand, self.bits) for operand in effect.operands)
        return Effect(0, effect.name, operands, self.value(effect.guard, 1))

    def outcome(self, outcome: Outcome) -> Outcome:
        match outcome:
            case Returned():
                return outcome
            case Left(target, mode, status):
                at = None if status is None else self.value(status, self.bits)
                return Left(self.value(target, self.bits), mode, at)
            case Stuck():
                return Stuck(0)
            case Faulted(address, what):
                return Faulted(0, f"{what} at {self.text(f'{address:#x}')}")
            case Called(name):
                return Called("" if name.startswith("0x") else name, 0)
            case CalledBack(target, mode):
                return CalledBack(self.value(target, self.bits), mode)
            case Requested(_, immediate):
                return Requested(0, immediate)
            case Undecided(address, reason):
                return Undecided(0, f"at {self.text(f'{address:#x}')}: {self.text(reason)}")
            case _:
                assert_never(outcome)

    def value(self, value: Value, width: int) -> Value:
        """Return a value with names for addresses.

        :param width: 0 where a constant is no address
        """
        if isinstance(value, int):
            return self.number(value, width)
        for term in subterms((value,)):
            if term not in self._known:
                self._known[term] = self._term(term)
        return self._known[value]

    def number(self, value: int, width: int) -> Value:
        if width != self.bits:
            return value
        found = self.landmarks.place(value)
        if found is None:
            return value
        # An address within code or data is an unknown of its own: how far behind its symbol it lies
        # is of the build, too, so of two distances nobody knows whether they are one place.
        within = f"+{found[1]:#x}" if found[1] else ""
        return terms.symbol(f"{ADDRESS}{found[0]}{within}", width)

    def _term(self, term: Term) -> Value:
        if term.op == "symbol":
            return terms.symbol(self.text(term.name), term.width)
        args = tuple(self._argument(term, position) for position in range(len(term.args)))
        return term if args == term.args else rebuild_term(term, args)

    def _argument(self, term: Term, position: int) -> Value:
        value = term.args[position]
        if isinstance(value, Term):
            return self._known[value]
        if term.op not in _COMPARED or (term.op == "ite" and position == 0):
            return value
        width = operand_width(term) if term.op in ("eq", "ult") else term.width
        return self.number(value, width)

    def text(self, text: str) -> str:
        """Return a text with names for the addresses and capabilities in it."""
        return _CAPABILITY.sub(self._capability, _HEXADECIMAL.sub(self._placed, text))

    def _placed(self, match: re.Match[str]) -> str:
        found = self.landmarks.place(int(match[1], 16))
        if found is None:
            return match[0]
        return f"{found[0]}+{found[1]:#x}" if found[1] else found[0]

    def _capability(self, match: re.Match[str]) -> str:
        name = self.landmarks.capabilities.get(int(match[1]))
        return match[0] if name is None else f"cpucap.{name}"
