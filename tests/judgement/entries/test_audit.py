"""Unintended entries of little handlers: found where the syndrome decides nothing, only there."""

from dataclasses import replace

import pytest

from hypabi.arch.exception_routing import SYNCHRONOUS_64, entries_of_el2
from hypabi.arch.names import InstructionSet
from hypabi.arch.vector_entries import Kind, Origin, Reason, VectorEntry
from hypabi.behaviour.derive import derive_behaviour, derive_exception
from hypabi.contract.expression import Comparison, Relation
from hypabi.contract.revision import LiveCall, Row, Service
from hypabi.judgement.entries.audit import judge_entries
from hypabi.judgement.entries.findings import (
    Extent,
    Guarded,
    Handled,
    JudgedEntry,
    NotReachable,
    Syndrome,
    Undecided,
    Unintended,
)
from hypabi.judgement.verification.lowering import Surroundings
from hypabi.smt.bitwuzla import BitwuzlaSolver
from hypabi.smt.evaluate import evaluate
from hypabi.smt.terms import Term
from hypabi.symbolic.setup import explorer_for
from tests.inputs import Assemble
from tests.judgement.handler_contract import ERROR, REVISION, WHY, equal, number, old
from tests.symbolic.handler import image_of

CALLS = ("SET", "RESTART")
REACHABLE = frozenset(int(r.code or 0) for r in SYNCHRONOUS_64 if not r.never) - {0x16}
"""Classes that come from EL1 and are no hvc."""

SERVE = f"""
serve:
    cmp x0, #0
    b.ne 1f
    msr vbar_el2, x1
    mov x0, xzr
    eret
1:  cmp x0, #1
    b.ne 2f
    br x1
2:  ldr x0, ={ERROR:#x}
    eret
out:
    eret
"""
LOOK = "mrs x18, esr_el2\n lsr x18, x18, #26\n"


def row(name: str | None, value: int) -> Row:
    selects = equal(old("x0"), number(value))
    if name is None:
        selects = Comparison(Relation.AT_MOST, number(value), old("x0"))
    return Row("stub", name, Service.SERVED, selects, (), (), (), None)


REVISION_OF_TWO = replace(
    REVISION,
    calls=tuple(LiveCall(name, at, (), ("stub",), WHY) for at, name in enumerate(CALLS)),
    rows=(*(row(name, at) for at, name in enumerate(CALLS)), row(None, 2)),
)


def findings(
    source: str, assemble: Assemble, entry: VectorEntry | None = None, served: str = "serve"
) -> tuple[JudgedEntry, ...]:
    """Return what is found of a handler that starts with ``source``.

    :param served: where an hvc enters, by a label; where it is empty, at the start
    """
    image = image_of(f".globl _start\n_start:\n{source}\n{SERVE}", assemble)
    explorer = explorer_for(image)
    hvc = image.symbols.find(served)[0].address if served else image.entry
    chosen = entry or entries_of_el2()[0]
    through = derive_exception(explorer, image.entry, chosen.origin, InstructionSet.A64)
    around = Surroundings({}, lambda _: None, lambda _: False)
    behaviours = {"stub": derive_behaviour(explorer, hvc)}
    entered = {"stub": ((chosen, through),)}
    return judge_entries(REVISION_OF_TWO, behaviours, entered, around, BitwuzlaSolver)


def classes(reasons: tuple[Reason, ...]) -> frozenset[int]:
    return frozenset(int(reason.code or 0) for reason in reasons)


def hidden(found: tuple[JudgedEntry, ...], kind: Kind = Kind.NO_HVC) -> frozenset[int]:
    """Return the classes for which an unintended entry was found."""
    return frozenset().union(
        *(
            classes(finding.reasons)
            for finding in found
            if isinstance(finding.judged, Unintended) and finding.reasons[0].kind is kind
        )
    )


def handled(found: tuple[JudgedEntry, ...], code: int = 0x17) -> tuple[Handled, ...]:
    for finding in found:
        if finding.reasons[0].kind is Kind.NO_HVC and code in classes(finding.reasons):
            return finding.judged.handled if isinstance(finding.judged, Unintended) else ()
    raise AssertionError(f"{code:#x} is in no finding")


def test_a_handler_that_never_looks_serves_every_exception(assemble: Assemble) -> None:
    found = findings("", assemble)
    assert hidden(found) == REACHABLE
    assert hidden(found, Kind.OTHER_IMMEDIATE) == {0x16}
    for each in handled(found):
        assert (each.extent, each.syndrome) == (Extent.WHOLE, Syndrome.IGNORED)
    assert [each.call for each in handled(found)] == [*CALLS, None]


def test_a_handler_that_looks_first_is_guarded(assemble: Assemble) -> None:
    found = findings(f"{LOOK} cmp x18, #0x16\n b.ne out", assemble, served="")
    assert hidden(found) == frozenset()
    guarded = [each.judged for each in found if isinstance(each.judged, Guarded)]
    assert guarded
    assert all(each.syndrome is Syndrome.DECIDES for each in guarded)


def test_a_handler_that_looks_at_the_class_alone_serves_other_immediates(
    assemble: Assemble,
) -> None:
    found = findings(f"{LOOK} cmp x18, #0x16\n b.ne out", assemble, served="")
    assert hidden(found, Kind.OTHER_IMMEDIATE) == {0x16}
    both = "mrs x18, esr_el2\n movz w17, #0x5a00, lsl #16\n cmp w18, w17\n b.ne out"
    assert hidden(findings(both, assemble, served=""), Kind.OTHER_IMMEDIATE) == frozenset()


@pytest.mark.parametrize("let_in", [{0x17}, {0x18, 0x3C}, {0x01, 0x20, 0x24}, REACHABLE])
def test_exactly_those_classes_are_doors_that_the_handler_lets_in(
    assemble: Assemble, let_in: frozenset[int]
) -> None:
    tests = "".join(f" cmp x18, #{code}\n b.eq serve\n" for code in sorted({0x16} | let_in))
    assert hidden(findings(f"{LOOK}{tests} b out", assemble, served="")) == let_in


def test_a_class_compared_with_one_bit_too_few_lets_its_neighbour_in(assemble: Assemble) -> None:
    source = "mrs x18, esr_el2\n ubfx x18, x18, #27, #5\n cmp x18, #0x0b\n b.ne out"
    assert hidden(findings(source, assemble, served="")) == {0x17}


def test_a_call_is_guarded_that_looks_by_itself(assemble: Assemble) -> None:
    found = findings(f"cbnz x0, serve\n {LOOK} cmp x18, #0x16\n b.ne out", assemble, served="")
    assert [each.call for each in handled(found)] == ["RESTART", None]
    assert all(each.syndrome is Syndrome.IGNORED for each in handled(found))


def test_part_of_a_call_is_told_from_the_whole(assemble: Assemble) -> None:
    source = f"{LOOK} cmp x18, #0x16\n b.eq serve\n msr vbar_el2, x1\n mov x0, #5\n eret"
    (each,) = handled(findings(source, assemble, served=""))
    assert (each.call, each.extent, each.shared) == ("SET", Extent.PART, ("VBAR_EL2",))
    assert each.syndrome is Syndrome.DECIDES


def test_a_handler_that_writes_something_else_there_is_guarded(assemble: Assemble) -> None:
    source = f"{LOOK} cmp x18, #0x16\n b.eq serve\n add x2, x1, #0x800\n msr vbar_el2, x2\n eret"
    assert hidden(findings(source, assemble, served="")) == frozenset()


def test_an_exception_that_is_not_followed_is_never_guarded(assemble: Assemble) -> None:
    source = f"{LOOK} cmp x18, #0x16\n b.eq serve\n .inst 0xdac10020\n eret"  # pacia x0, x1
    found = findings(source, assemble, served="")
    judged = [each.judged for each in found if 0x17 in classes(each.reasons)]
    assert [type(each) for each in judged] == [Undecided]


def test_a_loop_is_guarded_and_says_that_nothing_was_looked_at(assemble: Assemble) -> None:
    found = findings("b .", assemble)
    judged = {type(each.judged) for each in found}
    assert judged == {Guarded, NotReachable}
    assert all(
        each.judged.syndrome is Syndrome.IGNORED
        for each in found
        if isinstance(each.judged, Guarded)
    )


@pytest.mark.parametrize("origin", [Origin.EL2H, Origin.EL2T, Origin.EL1_32])
def test_every_slot_is_judged_alike(assemble: Assemble, origin: Origin) -> None:
    entry = next(each for each in entries_of_el2() if each.origin is origin)
    open_door = findings("", assemble, entry)
    assert hidden(open_door) | hidden(open_door, Kind.FROM_ITSELF) == classes(entry.reasons)
    shut = findings("b .", assemble, entry)
    assert hidden(shut) | hidden(shut, Kind.FROM_ITSELF) == frozenset()


def test_the_state_that_is_shown_takes_the_path_that_is_shown(assemble: Assemble) -> None:
    image = image_of(f".globl _start\n_start:\n{SERVE}", assemble)
    through = derive_exception(explorer_for(image), image.entry, Origin.EL1, InstructionSet.A64)
    for each in handled(findings("", assemble)):
        assert each.model["x0"] == each.number or (each.number is None and each.model["x0"] > 1)
        assert each.model["ESR_EL2.EC"] == 0x17
        total = {**dict.fromkeys(("x0", "x1"), 0), **each.model}
        taken = [
            case
            for case in through.cases
            if all(evaluate(condition.term, total) for condition in case.guard)
        ]
        assert [case.path(total) for case in taken] == [each.trail]


def test_a_state_is_one_of_the_kernel_where_that_is_possible(assemble: Assemble) -> None:
    for each in handled(findings("", assemble)):
        assert each.model["SPSR_EL2"] & 0x1F == 0b00101
        assert each.from_user


def test_a_handler_that_turns_programs_away_is_no_door_for_them(assemble: Assemble) -> None:
    source = "mrs x18, spsr_el2\n tst x18, #0xf\n b.eq out"
    for each in handled(findings(source, assemble, served="")):
        assert not each.from_user


def test_changes_are_told_over_the_state_at_entry(assemble: Assemble) -> None:
    first = handled(findings("", assemble))[0]
    ((name, value),) = first.changed
    assert (name, first.answer) == ("VBAR_EL2", 0)
    assert isinstance(value, Term)
    assert value.name == "x1"
