"""The obligations that a machine may break, where its registers can hold what the case leaves.

A verdict keeps one model.  A witness needs the obligation itself, because it asks for a model that
a machine can hold; the answer is a refutation in its own right, found without the first.
"""

from collections.abc import Iterator, Mapping

from hypabi.behaviour.case import Case
from hypabi.contract.clause import Clause
from hypabi.judgement.verification.lowering import NotKnown
from hypabi.judgement.verification.obligations import (
    HeldRow,
    Obligation,
    hypotheses_of,
    lowered_premises,
    obligations_of,
)
from hypabi.machine.state import VECTOR_BASES
from hypabi.records import replace
from hypabi.smt import terms
from hypabi.smt.terms import Value


def breakable_obligations(held: HeldRow, clause: Clause) -> Iterator[Obligation]:
    """Yield every obligation of a clause that could be broken, in the order of the cases."""
    try:
        premises = lowered_premises(held)
        for case in held.behaviour.cases:
            yield from _of_case(held, clause, _as_read(case, held.behaviour.widths), premises)
    except NotKnown:
        return


def _as_read(case: Case, widths: Mapping[str, int]) -> Case:
    """Return a case whose vector bases read as hardware may have them, reserved bits as 0.

    A refutation that rests on a reserved bit is none that a machine could show.
    """
    read = {}
    for name, reserved in VECTOR_BASES.items():
        if name in case.registers:
            width = widths[name]
            kept = (1 << width) - 1 & ~reserved
            read[name] = terms.and_(case.registers[name], kept, width)
    return replace(case, registers={**case.registers, **read}) if read else case


def _of_case(
    held: HeldRow, clause: Clause, case: Case, premises: tuple[Value, ...]
) -> Iterator[Obligation]:
    hypotheses = hypotheses_of(held, clause, case, premises)
    for asked in obligations_of(held, clause, case, hypotheses):
        if isinstance(asked, Obligation) and 0 not in asked.denial:
            yield asked
