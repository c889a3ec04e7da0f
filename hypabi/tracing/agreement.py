"""A crossing beside the case that was derived of it: what we derive against what a machine did."""

from collections.abc import Callable
from typing import Final

from hypabi.analysis.program import Program
from hypabi.behaviour.case import Behaviour, Case
from hypabi.behaviour.outcome import Called, CalledBack, Left, Returned, Undecided
from hypabi.code.vector_tables import VectorTable
from hypabi.contract.revision import Revision
from hypabi.machine.crossing import Back, Entered
from hypabi.records import replace
from hypabi.smt import terms
from hypabi.smt.terms import Term, Value
from hypabi.tracing.result import DerivedWord

MOST_CASES: Final = 4096

SamePlace = Callable[[int, int], bool | None]


def behaviour_at(program: Program, table: VectorTable, slide: int, revision: Revision) -> Behaviour:
    """Return what an ``hvc`` does through a table that lies that far from its link address."""
    if not slide:
        return program.behaviour_by(table, revision)
    there = replace(
        table, address=table.address + slide & (1 << program.image.architecture.bits) - 1
    )
    return program.moved(slide).behaviour_by(there, revision)


def compare(
    behaviour: Behaviour, entered: Entered, back: Back | None, same: SamePlace
) -> tuple[DerivedWord, str]:
    """Say whether a crossing is one of the cases that were derived.

    :param same: tells whether an address is where a place of the image lies, as far as is known
    """
    if back is None or not back.registers or not entered.registers:
        return DerivedWord.NOT_COMPARED, "what it answered was not seen"
    known = {terms.symbol(n, behaviour.widths.get(n, 64)): v for n, v in entered.registers.items()}
    possible = [case for case in behaviour.cases[:MOST_CASES] if _is_possible(case, known)]
    if not possible:
        return DerivedWord.DIFFERS, "no case that was derived is taken with these registers"
    differences: list[str] = []
    for case in possible:
        match case.outcome:
            case Called() | CalledBack() | Undecided():
                return DerivedWord.NOT_COMPARED, "it goes on in code that is not followed"
            case _:
                found = _difference(behaviour, case, known, entered, back, same)
        if found is None:
            return DerivedWord.AGREES, ""
        differences.append(found)
    return DerivedWord.DIFFERS, differences[0]


def _is_possible(case: Case, known: dict[Term, int]) -> bool:
    return all(_at(condition.term, known) != 0 for condition in case.guard)


def _at(value: Value, known: dict[Term, int]) -> Value:
    return terms.substitute(value, known) if isinstance(value, Term) else value


def _difference(
    behaviour: Behaviour,
    case: Case,
    known: dict[Term, int],
    entered: Entered,
    back: Back,
    same: SamePlace,
) -> str | None:
    """Return what a case does otherwise than was seen, ``None`` where nothing is known to be."""
    target = _target(behaviour, case, known)
    to = back.to
    if isinstance(target, int) and to is not None and target != to and same(target, to) is False:
        return f"control goes to {target:#x} by the derived case, and was seen at {to:#x}"
    for name, seen in back.registers.items():
        before = entered.registers.get(name)
        if name in case.registers:
            after = _at(case.registers[name], known)
        elif name in behaviour.at_entry:
            after = _at(behaviour.at_entry[name], known)
        elif before is not None:
            after = before
        else:
            continue
        if isinstance(after, int) and after != seen and same(after, seen) is False:
            return f"{name} is {after:#x} by the derived case, and was seen to be {seen:#x}"
    return None


def _target(behaviour: Behaviour, case: Case, known: dict[Term, int]) -> Value | None:
    """Return where a case goes, ``None`` where it never leaves."""
    match case.outcome:
        case Left(target):
            return _at(target, known)
        case Returned():
            return _at(behaviour.entered(behaviour.link, 64), known)
        case _:
            return None
