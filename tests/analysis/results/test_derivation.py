"""A derivation amounts to what its calls are, and is data."""

import pytest

from hypabi.analysis.results.derivation import DerivedCall, DerivedEntry, Ending
from tests.analysis.results.walk import assert_is_data
from tests.report.made_derivations import call, case, derivation, entry

WHOLE = case(registers={"x0": "0x0"}, last_place="sync")
LOST = case(ends=(Ending.UNDECIDED, "beyond sync: no semantics"))


def test_it_is_data() -> None:
    assert_is_data(derivation(entry(call("0x0", WHOLE, name="A"), call(None, WHOLE, LOST))))


@pytest.mark.parametrize(
    ("calls", "verdict", "status"),
    [
        ([call("0x0", WHOLE), call(None, WHOLE)], "derived", 0),
        ([call("0x0", WHOLE), call(None, WHOLE, LOST)], "undecided", 16),
        ([call("0x0", WHOLE), call(None)], "undecided", 16),
        ([], "undecided", 16),
    ],
)
def test_one_case_that_was_not_followed_leaves_all_undecided(
    calls: list[DerivedCall], verdict: str, status: int
) -> None:
    found = derivation(entry(call("0x0", WHOLE)), entry(*calls))
    assert (found.verdict, found.exit_status) == (verdict, status)
    assert found.conclusion.counts["entries"] == {
        "derived": 2 if status == 0 else 1,
        "undecided": 0 if status == 0 else 1,
    }
    assert sum(found.conclusion.counts["calls"].values()) == 1 + len(calls)


@pytest.mark.parametrize("ends", [each for each in Ending if each is not Ending.UNDECIDED])
def test_every_other_way_to_end_is_derived(ends: Ending) -> None:
    assert derivation(entry(call(None, case(ends=(ends, "so"))))).verdict == "derived"


def test_no_entry_is_nothing_judged() -> None:
    nothing: tuple[DerivedEntry, ...] = ()
    found = derivation(*nothing)
    assert (found.verdict, found.exit_status) == ("undecided", 16)
