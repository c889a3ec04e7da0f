"""Two sides of one contract, call by call: equal by proof, stronger, weaker, broken, or open."""

from dataclasses import replace

from hypabi.behaviour.case import Behaviour, Case
from hypabi.behaviour.outcome import Undecided as NotFollowed
from hypabi.contract.revision import Revision, Service
from hypabi.judgement.difference.compare import MOST_PAIRS, compare_sides
from hypabi.judgement.difference.model import (
    Aspect,
    Cell,
    Change,
    Direction,
    Equal,
    Incompatible,
    Renumbered,
    Stronger,
    Undecided,
    Vacuous,
    Weaker,
)
from hypabi.judgement.difference.side import Side
from hypabi.smt import terms
from hypabi.smt.bitwuzla import BitwuzlaSolver
from tests.judgement.difference.one_call import revision
from tests.judgement.handler_contract import (
    ERROR,
    NEVER,
)
from tests.judgement.made_case import AROUND, Clueless, behaviour, case, x


def side(of: Behaviour | None, contract: Revision | None = None, program: str = "one") -> Side:
    behaviours = {} if of is None else {"stub": of}
    return Side(contract or revision(), behaviours, AROUND, program, {})


def cells(home: Side, other: Side, *, solver: type = BitwuzlaSolver) -> list[Cell]:
    return list(compare_sides(home, other, Direction.OLD_CALLERS, solver))


def change(*cases: Case, of: tuple[Case, ...], solver: type = BitwuzlaSolver) -> Change:
    """Return what becomes of the call where the home side has these cases and the other those."""
    one, other = side(behaviour(*of)), side(behaviour(*cases), program="another")
    (cell,) = cells(one, other, solver=solver)
    assert (cell.party, cell.call) == ("stub", "SET")
    return cell.change


def test_what_is_the_same_is_equal_also_where_it_is_split_otherwise() -> None:
    whole = case(x0=0)
    assert isinstance(change(whole, of=(whole,)), Equal)
    zero = terms.eq(x(5), 0, 64)
    split = (case(None, zero, x0=0), case(None, terms.lnot(zero), x0=0))
    assert isinstance(change(*split, of=(whole,)), Equal)


def test_the_worst_of_what_differs_decides() -> None:
    home = (case(x0=0),)
    assert isinstance(change(case(x0=0, x9=0), of=home), Weaker)
    assert isinstance(change(case(x0=0), of=(case(x0=0, x9=0),)), Stronger)
    assert isinstance(change(case(x0=1, x9=0), of=home), Incompatible)
    assert isinstance(change(case(x0=0, x1=0), of=home), Equal), "the frame lets x1 go"


def test_what_is_not_followed_or_answered_is_undecided() -> None:
    home = (case(x0=0),)
    assert isinstance(change(case(NotFollowed(0, "no meaning")), of=home), Undecided)
    assert isinstance(change(case(x0=x(2)), of=home, solver=Clueless), Undecided)
    gap = case(None, terms.eq(x(5), 0, 64), x0=0)
    found = change(gap, of=home)
    assert isinstance(found, Undecided) and "leads to no case" in found.reasons[0]


def test_more_pairs_than_are_held_are_undecided() -> None:
    cases = tuple(case(None, terms.eq(x(5), n, 64), x0=0) for n in range(MOST_PAIRS // 32 + 1))
    found = change(*cases, of=cases)
    assert isinstance(found, Undecided) and str(MOST_PAIRS) in found.reasons[0]


def test_a_call_whose_preconditions_nothing_meets_is_vacuous() -> None:
    never = replace(revision(), rows=(replace(revision().rows[0], selects=NEVER),))
    made = behaviour(case(x0=0))
    (cell,) = cells(side(made, never), side(behaviour(case(x0=1)), never))
    assert isinstance(cell.change, Vacuous)


def test_a_party_that_is_gone_breaks_and_one_that_is_not_found_is_undecided() -> None:
    home = side(behaviour(case(x0=0)))
    gone = side(None, replace(revision(), parties=()))
    (cell,) = cells(home, gone)
    assert isinstance(cell.change, Incompatible) and cell.only_here
    assert [each.aspect for each in cell.change.differences] == [Aspect.PARTY]
    assert cell.must_agree == ("PEOPLE",)
    (cell,) = cells(home, side(None))
    assert isinstance(cell.change, Undecided) and not cell.only_here


def selected(identifier: int) -> Behaviour:
    """Return what serves one identifier and refuses every other."""
    taken = terms.eq(x(0), identifier, 64)
    return behaviour(case(None, taken, x0=0), case(None, terms.lnot(taken), x0=ERROR))


def test_a_call_that_moved_to_another_number_is_renumbered_and_one_that_went_is_not() -> None:
    home = side(selected(0))
    (cell,) = cells(home, side(selected(3), revision(identifier=3), program="another"))
    assert isinstance(cell.change, Renumbered)
    assert (cell.change.number, cell.change.call) == (3, "SET")
    (cell,) = cells(home, side(selected(4), revision(identifier=3), program="another"))
    assert isinstance(cell.change, Incompatible)


def test_a_refusal_that_became_a_service_as_promised_is_stronger() -> None:
    home = side(selected(9), revision(service=Service.REFUSED))
    (cell,) = cells(home, side(selected(0), program="another"))
    assert isinstance(cell.change, Stronger)
    wrong = behaviour(case(x0=5))
    (cell,) = cells(home, side(wrong, program="another"))
    assert isinstance(cell.change, Incompatible)


def test_owners_must_agree_where_something_breaks_only() -> None:
    home = side(behaviour(case(x0=0)))
    (broken,) = cells(home, side(behaviour(case(x0=1)), program="another"))
    (whole,) = cells(home, side(behaviour(case(x0=0)), program="another"))
    assert broken.must_agree == ("PEOPLE",) and whole.must_agree == ()
