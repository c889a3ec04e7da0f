"""Whether those make a move of whom the contract says so."""

from dataclasses import replace

import pytest

from hypabi.callsites.call_graph import Lead
from hypabi.callsites.model import Function, Unread
from hypabi.contract.model import Program
from hypabi.contract.revision import CallerContext, Move
from hypabi.judgement.callers.findings import CallerVerdict, Satisfied, Undecided, Violated
from hypabi.judgement.callers.makers import Reach, hold_makers, hold_scheduled
from tests.callsites.made_site import site
from tests.judgement.handler_contract import REVISION, WHY

MOVE = Move("stub", "SET", "kvm-init", ("maker", "absent"))
PLACE = 0x8000


def held(
    lead: Lead, *unread: Unread, serves: bool = True, which: Program = Program.KERNEL
) -> dict[str, CallerVerdict]:
    """Return what is said of each maker, of which one is in the image."""
    revision = replace(REVISION, moves=(MOVE,))
    made = {("stub", "SET"): [site()]} if serves else {}

    def leads(address: int, wanted: frozenset[int]) -> Lead:
        assert address == PLACE
        assert wanted == ({site().address} if serves else frozenset())
        return lead

    reach = Reach(lambda name: [PLACE] if name == "maker" else [], leads)
    return {
        each.function: each.verdict for each in hold_makers(revision, which, reach, made, unread)
    }


def test_a_maker_that_leads_to_the_call_is_satisfied_and_one_that_is_absent_is_not_held() -> None:
    (found,) = held(Lead.LEADS).items()
    assert found[0] == "maker" and isinstance(found[1], Satisfied)


def test_a_maker_that_leads_nowhere_violates_the_contract() -> None:
    assert isinstance(held(Lead.NOT)["maker"], Violated)
    assert isinstance(held(Lead.NOT, serves=False)["maker"], Violated)


def test_what_was_not_followed_is_undecided() -> None:
    assert isinstance(held(Lead.BEYOND)["maker"], Undecided)
    own = Unread(PLACE + 8, Function("maker", PLACE, PLACE + 16), "x0 is not a constant")
    assert isinstance(held(Lead.NOT, own)["maker"], Undecided)
    other = Unread(0x9008, Function("other", 0x9000, 0x9010), "x0 is not a constant")
    assert isinstance(held(Lead.NOT, other)["maker"], Violated)


def test_a_move_from_a_party_of_another_program_is_not_held_here() -> None:
    assert held(Lead.NOT, which=Program.DECOMPRESSOR) == {}
    assert "maker" in held(Lead.NOT, which=Program.KERNEL)


@pytest.mark.parametrize(
    ("asked", "live", "undecided"),
    [
        ({(PLACE, "SET")}, {"stub"}, False),
        ({(PLACE, "RESTART"), (0x9000, "SET")}, {"stub"}, True),
        (set(), {"stub", "other"}, True),
        (set(), {"other"}, False),
    ],
)
def test_a_function_that_makes_its_call_no_more_is_undecided_where_its_party_is(
    asked: set[tuple[int, str]], live: set[str], *, undecided: bool
) -> None:
    context = CallerContext("it", None, ("maker",), ("SET",), (), ("stub",), WHY)
    reach = Reach(lambda name: [PLACE] if name == "maker" else [], lambda *_: Lead.NOT)
    found = list(hold_scheduled([context], reach, live, asked, ()))
    assert [isinstance(each.verdict, Undecided) for each in found] == [True] * undecided
    own = Unread(PLACE + 8, Function("maker", PLACE, PLACE + 16), "x0 is not a constant")
    assert list(hold_scheduled([context], reach, live, asked, [own])) == []
