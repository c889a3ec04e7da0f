"""What a call site is counted as: the worst of what it asks for, and whether all was followed."""

import pytest

from hypabi.analysis.findings.callers import NamedCaller, NamedSite, NamedWay
from hypabi.analysis.results.callers import Kind, SiteVerdict
from hypabi.arch.names import InstructionSet
from hypabi.behaviour.request import Request
from hypabi.callsites.model import (
    Caller,
    CallPath,
    CallSite,
    Function,
    Liveness,
    Reached,
    Start,
)
from hypabi.contract.registry import Named
from hypabi.image.model import Role
from hypabi.judgement.callers.identification import (
    Naming,
    NotACall,
    OneOf,
    Uninitialised,
    Unlisted,
    Unresolved,
)

FUNCTION = Function("f", 0x10000, 0x10020)
NAMED = Named(0, "linux-hyp-abi", "HVC_SET_VECTORS")
OTHER = Named(2, "linux-hyp-abi", "HVC_RESET_VECTORS")
CHANCE = Uninitialised("x0", "nobody sets it", ())
TAKEN = Uninitialised("x0", "nobody sets it", ("stub",))
LOADED = Unresolved("x0 is read from memory")
ARGUMENT = Unresolved("x0 depends on x0, an argument of the function", passed=True)


def way(*names: Naming) -> NamedWay:
    request = Request(0x10004, 0, {}, (), ())
    return NamedWay(CallPath(request, Start.ENTRY, (0x10000, 0x10004), {}, ()), names)


def site(
    *names: Naming,
    callers: tuple[Naming, ...] = (),
    reached: Reached = Reached.FLOW,
    undecided: tuple[str, ...] = (),
    behind: tuple[str, ...] = (),
) -> NamedSite:
    of = CallSite(
        0x10004,
        InstructionSet.A64,
        0,
        FUNCTION,
        reached,
        (),
        undecided,
        (),
        Liveness((), (), behind),
        (),
        "x0",
    )
    through = tuple(NamedCaller(Caller(0x20000, FUNCTION, ()), (way(name),)) for name in callers)
    return NamedSite(Role.KERNEL, of, (way(*names),), through)


@pytest.mark.parametrize(
    ("name", "kind", "verdict"),
    [
        (NAMED, Kind.NAMED, SiteVerdict.NAMED),
        (OneOf(0, (NAMED, OTHER)), Kind.NAMED, SiteVerdict.NAMED),
        (Unlisted(0xC6000000, "somebody"), Kind.NO_CONTRACT, SiteVerdict.NO_CONTRACT),
        (NotACall(9), Kind.NO_CALL, SiteVerdict.NO_CALL),
        (LOADED, Kind.UNRESOLVED, SiteVerdict.UNRESOLVED),
        (ARGUMENT, Kind.UNRESOLVED, SiteVerdict.DEPENDS),
        (TAKEN, Kind.UNINITIALISED, SiteVerdict.TAKEN),
        (CHANCE, Kind.UNINITIALISED, SiteVerdict.UNINITIALISED),
    ],
)
def test_a_name_is_of_a_kind_and_the_worst_of_two_decides(
    name: Naming, kind: Kind, verdict: SiteVerdict
) -> None:
    for found in (site(name), site(NAMED, name), site(name, NAMED)):
        assert (found.kind, found.verdict) == (kind, verdict)
    assert site(name).finding is (verdict is SiteVerdict.UNINITIALISED)


def test_no_name_at_all_is_unresolved() -> None:
    assert site().verdict is SiteVerdict.UNRESOLVED


@pytest.mark.parametrize(
    "open_one",
    [
        site(NAMED, reached=Reached.NOT_SHOWN),
        site(NAMED, undecided=("a loop",)),
    ],
)
def test_a_name_is_in_doubt_where_not_all_was_followed(open_one: NamedSite) -> None:
    assert open_one.kind is Kind.NAMED
    assert open_one.verdict is SiteVerdict.IN_DOUBT


def test_what_was_not_followed_behind_a_call_leaves_its_name_alone() -> None:
    assert site(NAMED, behind=("an indirect branch",)).verdict is SiteVerdict.NAMED


def test_a_wrapper_of_which_not_all_was_followed_is_unresolved() -> None:
    assert site(ARGUMENT, undecided=("a loop",)).verdict is SiteVerdict.UNRESOLVED
    assert site(ARGUMENT, LOADED).verdict is SiteVerdict.UNRESOLVED


@pytest.mark.parametrize("reached", [Reached.FLOW, Reached.REPLACEMENT, Reached.WRITTEN])
def test_code_that_is_shown_to_be_code_leaves_no_doubt(reached: Reached) -> None:
    assert site(NAMED, reached=reached).verdict is SiteVerdict.NAMED


def test_what_callers_ask_for_takes_the_place_of_what_is_left_to_them() -> None:
    passing = site(ARGUMENT, OTHER, callers=(NAMED, NAMED))
    assert passing.names() == (OTHER, NAMED)
    assert passing.verdict is SiteVerdict.NAMED


def test_callers_do_not_mend_what_is_left_to_chance() -> None:
    assert site(CHANCE, callers=(NAMED,)).names() == (CHANCE,)
    assert site(CHANCE, TAKEN).finding
