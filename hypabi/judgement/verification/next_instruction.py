"""What makes the instruction execute to which control goes, and be read as what it is.

DDI 0487, C5.2.19 (SPSR_EL2), D1.4.2; DDI 0406C, B1.3.3 (CPSR), A2.3.1 (interworking addresses).  An
Illegal Execution state, a software step, a branch type or an IT block that the handler has put into
the status makes that instruction fault or be skipped; T and E say how it and its data are read.
"""

from collections.abc import Iterator
from typing import Final

from hypabi.arch.names import Architecture
from hypabi.behaviour.case import Case
from hypabi.behaviour.outcome import CalledBack, Left
from hypabi.contract.expression import Integer, Moment, Operation, Operator
from hypabi.contract.expression import Value as Expression
from hypabi.contract.revision import Revision
from hypabi.judgement.verification.breach import InTheWay, Misread
from hypabi.judgement.verification.demand import Demand, Subject
from hypabi.judgement.verification.lowering import Lowering
from hypabi.smt import terms
from hypabi.smt.terms import Value

IL: Final = 1 << 20
SS: Final = 1 << 21
BTYPE: Final = 0b11 << 10
JAZELLE: Final = 1 << 24
IT: Final = 0b11 << 25 | 0b111111 << 10
IN_THE_WAY: Final = {
    Architecture.ARM64: (("IL", IL), ("SS", SS), ("BTYPE", BTYPE)),
    Architecture.ARM: (("IL", IL), ("J", JAZELLE), ("IT", IT)),
}
"""Bits of the status with which the next instruction does not simply execute."""
THUMB: Final = 5
BIG: Final = 9
EVEN: Final = 0xFFFF_FFFE


def executes(case: Case, lowering: Lowering, revision: Revision) -> Iterator[Demand]:
    """Demand that an exception return puts nothing in the way that the caller had not."""
    if not isinstance(case.outcome, Left) or case.outcome.status is None:
        return
    bits = revision.architecture.bits
    before, after = _statuses(lowering, revision)
    for name, mask in IN_THE_WAY[revision.architecture]:
        added = terms.and_(terms.and_(after, mask, bits), terms.not_(before, bits), bits)
        about = (Subject("the saved status", bits, before, after),)
        yield Demand(terms.eq(added, 0, bits), InTheWay(name), about)


def is_read_as_meant(
    case: Case, lowering: Lowering, revision: Revision, where: Expression
) -> Iterator[Demand]:
    """Demand of AArch32 that bit 0 of the target says its instruction set, and E is the kernel's.

    :param where: what the contract says of the target; ``X & 0xfffffffe`` is the code at ``X``
    """
    if revision.architecture is Architecture.ARM64:
        return
    wanted = terms.extract(lowering.value(_with_bit_0(where)), 0, 1, 32)
    thumb, big = _state(case, lowering, revision)
    fits = terms.eq(thumb, wanted, 1)
    if isinstance(case.outcome, CalledBack):
        # A function of the caller's kernel may be called in the instruction set of that kernel.
        fits = terms.lor(fits, terms.eq(thumb, lowering.at_entry("CPSR.T", 1), 1))
    about = (Subject("CPSR.T", 1, wanted, thumb),)
    yield Demand(fits, Misread.INSTRUCTION_SET, about)
    kernels = lowering.at_entry("CPSR.E", 1)
    callers = terms.extract(lowering.register("CPSR", 32, Moment.ENTRY), BIG, 1, 32)
    fits = terms.lor(terms.eq(big, kernels, 1), terms.eq(big, callers, 1))
    about = (Subject("CPSR.E", 1, kernels, big),)
    yield Demand(fits, Misread.BYTE_ORDER, about)


def _with_bit_0(where: Expression) -> Expression:
    match where:
        case Operation(Operator.AND, address, Integer(mask, _)) if mask == EVEN:
            return address
        case _:
            return where


def _state(case: Case, lowering: Lowering, revision: Revision) -> tuple[Value, Value]:
    """Return CPSR.T and CPSR.E where control goes."""
    if isinstance(case.outcome, Left) and case.outcome.status is not None:
        _, after = _statuses(lowering, revision)
        return terms.extract(after, THUMB, 1, 32), terms.extract(after, BIG, 1, 32)
    thumb, big = (lowering.register(name, 1, Moment.EXIT) for name in ("CPSR.T", "CPSR.E"))
    return thumb, big


def _statuses(lowering: Lowering, revision: Revision) -> tuple[Value, Value]:
    name = "PSTATE" if revision.architecture is Architecture.ARM64 else "CPSR"
    bits = revision.architecture.bits
    return lowering.register(name, bits, Moment.ENTRY), lowering.register(name, bits, Moment.EXIT)
