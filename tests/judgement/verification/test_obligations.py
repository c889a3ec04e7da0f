"""An obligation is one clause about one case: what holds where it speaks, and what has to."""

import itertools

import pytest

from hypabi.behaviour.case import Case
from hypabi.behaviour.outcome import Stuck, Undecided
from hypabi.contract.clause import (
    Authority,
    Clause,
    Ensures,
    KeepsRegisters,
    Premise,
)
from hypabi.contract.expression import Capability, Predicate
from hypabi.contract.revision import Row, Service
from hypabi.judgement.verification.breach import Amiss, Lost
from hypabi.judgement.verification.clause_demands import Unconcerned, Unfollowed
from hypabi.judgement.verification.lowering import NotKnown
from hypabi.judgement.verification.obligations import (
    Asked,
    HeldRow,
    Obligation,
    hypotheses_of,
    lowered_premises,
    obligations_of,
)
from hypabi.records import replace
from hypabi.smt import terms
from hypabi.smt.evaluate import evaluate
from tests.judgement.handler_contract import (
    ERROR,
    FAILS,
    PARTY,
    REVISION,
    aligned,
    equal,
    new,
    number,
    old,
)
from tests.judgement.made_case import AROUND, behaviour, case, x

WHY = Authority(because="made")
IS_7 = equal(old("x0"), number(7))
SERVED = Clause("served", "", Ensures(equal(new("x0"), number(0))), WHY)


def held(of: Case, *clauses: Clause, requires: Predicate | None = None) -> HeldRow:
    needs = () if requires is None else (Premise("needs", "", requires, WHY),)
    row = Row("stub", None, Service.SERVED, IS_7, (), needs, clauses, None)
    return HeldRow(REVISION, PARTY, row, behaviour(of), AROUND)


def asked(of: Case, clause: Clause, requires: Predicate | None = None) -> list[Asked]:
    row = held(of, clause, requires=requires)
    hypotheses = hypotheses_of(row, clause, of, lowered_premises(row))
    return list(obligations_of(row, clause, of, hypotheses))


def only(of: Case, clause: Clause, requires: Predicate | None = None) -> Obligation:
    (found,) = asked(of, clause, requires)
    assert isinstance(found, Obligation)
    return found


@pytest.mark.parametrize(
    ("x0", "x1", "x2", "denied"),
    [
        (7, 0x800, 1, 1),  # meant, and answered by 1 where 0 was promised
        (7, 0x800, 0, 0),  # answered as promised
        (6, 0x800, 1, 0),  # another identifier
        (7, 0x801, 1, 0),  # the caller's duty was not done
        (7, 0, 1, 0),  # another path
    ],
)
def test_a_state_denies_an_obligation_where_all_that_it_is_about_holds_and_the_goal_does_not(
    x0: int, x1: int, x2: int, denied: int
) -> None:
    of = case(None, terms.ne(x(1), 0, 64), x0=x(2))
    found = only(of, SERVED, aligned("x1"))
    state = {"x0": x0, "x1": x1, "x2": x2}
    assert evaluate(terms.land(*found.denial), state) == denied


def test_a_clause_with_a_condition_is_about_the_states_that_meet_it() -> None:
    clause = replace(SERVED, when=equal(old("x3"), number(1)))
    found = only(case(x0=1), clause)
    assert evaluate(terms.land(*found.denial), {"x0": 7, "x3": 1})
    assert not evaluate(terms.land(*found.denial), {"x0": 7, "x3": 0})


def test_a_clause_about_an_answer_is_about_the_states_that_get_it() -> None:
    kept = Clause("kept", "", KeepsRegisters(("x0",)), WHY, None, FAILS)
    found = only(case(x0=x(2), x9=0), kept)
    assert found.goal.breach == Lost("x9")
    assert evaluate(terms.land(*found.denial), {"x0": 7, "x2": ERROR, "x9": 1})
    assert not evaluate(terms.land(*found.denial), {"x0": 7, "x2": 0, "x9": 1})


def test_an_obligation_names_its_row_its_clause_its_case_and_what_it_is_to_break_it() -> None:
    of = case(x0=1)
    found = only(of, SERVED)
    assert (found.clause, found.case, found.goal.breach) == (SERVED, of, Amiss.NOT_ENSURED)
    assert found.held.party is PARTY and found.held.number is None


def test_of_a_case_that_was_not_followed_nothing_is_to_be_proved_and_it_is_said() -> None:
    end = Undecided(0x40, "no meaning")
    clauses = (SERVED, Clause("kept", "", KeepsRegisters(()), WHY))
    found = list(itertools.chain(*(asked(case(end, x9=0), clause) for clause in clauses)))
    assert found == [Unfollowed(end), Unfollowed(end)]
    assert asked(case(Stuck(0x40)), SERVED) == [Unconcerned()]


def test_a_premise_that_the_image_does_not_tell_leaves_no_obligation() -> None:
    row = held(case(x0=0), SERVED)
    assert len(lowered_premises(row)) == 1
    unknown = replace(row, party=replace(PARTY, when=Capability("ARM64_SOMETHING")))
    with pytest.raises(NotKnown, match="ARM64_SOMETHING"):
        lowered_premises(unknown)
