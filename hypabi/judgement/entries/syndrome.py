"""The syndrome of an exception whose class is a symbol, as formulas."""

from collections.abc import Iterable, Iterator
from typing import Final

from hypabi.arch.identifiers import IMMEDIATE_BITS, SYNDROMES
from hypabi.arch.vector_entries import Kind, Reason
from hypabi.behaviour.case import Case
from hypabi.contract.revision import Revision
from hypabi.judgement.entries.findings import Syndrome
from hypabi.records import frozen
from hypabi.smt import terms
from hypabi.smt.terms import Term, Value

SMC: Final = frozenset({0x13, 0x17})
"""What a reader can try most easily: one instruction, one bit of HCR."""


@frozen
class SyndromeTerms:
    """Says of reasons what the syndrome is, and of values whether they depend on it."""

    revision: Revision

    def example(self, reasons: tuple[Reason, ...]) -> Iterator[tuple[str, int]]:
        """Yield the values of the syndrome for one of the reasons, a trapped SMC where it is."""
        code = next((r.code for r in reasons if r.code in SMC), reasons[0].code)
        if code is not None:
            yield self.cls.name, code
        if reasons[0].kind is Kind.OTHER_IMMEDIATE:
            assert self.revision.immediate is not None
            yield self.name, self.revision.immediate ^ 1

    def replaced(self, value: Value, reason: Reason) -> Value:
        """Return a value where the exception has a reason."""
        if reason.code is None:
            return value
        return terms.substitute(value, {self.cls: reason.code})

    @property
    def name(self) -> str:
        """Name of the register."""
        return SYNDROMES[self.revision.architecture]

    @property
    def cls(self) -> Term:
        """Its field EC, as :func:`~hypabi.symbolic.entry.exception_class` names it."""
        return terms.symbol(f"{self.name}.EC", 6)

    def mentioned(self, value: Value) -> bool:
        """Return whether a value depends on the syndrome."""
        return any(symbol.name in (self.name, self.cls.name) for symbol in terms.symbols_of(value))

    def looked_at(self, cases: Iterable[Case]) -> Syndrome:
        """Return whether a decision of these cases depends on the syndrome."""
        decisions = [condition.term for case in cases for condition in case.guard]
        return Syndrome.DECIDES if any(map(self.mentioned, decisions)) else Syndrome.IGNORED

    def premise(self, reasons: tuple[Reason, ...]) -> Value:
        """Return that the syndrome is one of these reasons'; without any, that it may be all."""
        return 1 if not reasons else terms.lor(*map(self._is, reasons))

    def _is(self, reason: Reason) -> Value:
        if reason.code is None:
            return 1
        bits = self.revision.architecture.bits
        given = terms.eq(self.cls, reason.code, 6)
        if reason.kind is not Kind.OTHER_IMMEDIATE:
            return given
        syndrome = terms.symbol(self.name, bits)
        assert self.revision.immediate is not None
        immediate = terms.extract(syndrome, 0, IMMEDIATE_BITS, bits)
        other = terms.ne(immediate, self.revision.immediate, IMMEDIATE_BITS)
        return terms.land(given, other)
