import pytest

from hypabi.analysis.results.conclusion import Weight
from hypabi.analysis.results.difference import ChangeKind, Made
from hypabi.judgement.difference.model import Bearing
from hypabi.judgement.difference.own_promises import PromiseChange
from hypabi.records import replace
from hypabi.report.diff.findings import findings_of
from tests.report import made_diff
from tests.report.told import held_to_the_law


def test_a_diff_of_every_kind_is_held_to_the_law() -> None:
    told = findings_of(made_diff.of_every_kind())
    held_to_the_law(told)
    assert {f"HYP-CHANGE-{word}" for word in ("INCOMPATIBLE", "WEAKER", "RENUMBERED", "STRONGER")}
    found = {each.rule.id for each in told.every()}
    assert found >= {
        "HYP-CHANGE-CHANGED", "HYP-CHANGE-HARMLESS", "HYP-CHANGE-INCOMPATIBLE",
        "HYP-CHANGE-RENUMBERED", "HYP-CHANGE-STRONGER", "HYP-CHANGE-VACUOUS",
        "HYP-CHANGE-WEAKER", "HYP-UNDECIDED-CHANGE",
        "HYP-OWN-ADDED", "HYP-OWN-BROKEN", "HYP-OWN-GONE", "HYP-OWN-MENDED",
        "HYP-OWN-OTHERWISE", "HYP-OWN-PREEXISTING", "HYP-UNDECIDED-OWN",
    }  # fmt: skip


@pytest.mark.parametrize("change", PromiseChange)
def test_what_became_of_a_promise_alone_is_held_to_the_law(change: PromiseChange) -> None:
    equal = made_diff.call(ChangeKind.EQUAL)
    held_to_the_law(findings_of(made_diff.diff(equal, promises=(made_diff.promise(change),))))


def test_what_nobody_asks_for_is_a_change_and_breaks_nobody() -> None:
    made = made_diff.call(ChangeKind.WEAKER)
    unasked = replace(made, made=Made.BY_NOBODY)
    for call, weight in ((made, Weight.REFUTED), (unasked, Weight.CHANGE)):
        told = findings_of(made_diff.diff(call))
        held_to_the_law(told)
        assert [each.weight for each in told.every()] == [weight]


@pytest.mark.parametrize("change", ChangeKind)
def test_each_kind_alone_is_held_to_the_law(change: ChangeKind) -> None:
    made = made_diff.call(change)
    held_to_the_law(findings_of(made_diff.diff(made)))
    suppressed = made_diff.call(change, suppressed=made_diff.SUPPRESSED)
    if change in made_diff.BEARING:
        held_to_the_law(findings_of(made_diff.diff(suppressed)))


def test_nothing_compared_is_told() -> None:
    told = findings_of(made_diff.diff())
    held_to_the_law(told)
    assert [each.rule.id for each in told.every()] == ["HYP-UNDECIDED-NOTHING-JUDGED"]


def test_what_is_open_besides_a_break_is_a_finding_of_its_own_and_stays_where_that_is_suppressed(
) -> None:  # fmt: skip
    both = made_diff.call(ChangeKind.WEAKER, reasons=("why",), suppressed=made_diff.SUPPRESSED)
    told = findings_of(made_diff.diff(both))
    held_to_the_law(told)
    known, open_ = told.every()
    assert (known.rule.id, known.weight) == ("HYP-CHANGE-WEAKER", Weight.GOOD)
    assert (open_.rule.id, open_.weight) == ("HYP-UNDECIDED-CHANGE", Weight.UNDECIDED)
    assert open_.suppressed is None


def test_a_break_says_who_what_and_who_must_agree() -> None:
    (found,) = findings_of(made_diff.diff(made_diff.call(ChangeKind.INCOMPATIBLE))).every()
    assert found.sentence == "stub, HVC_SET_VECTORS (x0 = 0), old callers on new: x19"
    assert found.agree == ("ARM64 PORT",)
    assert found.input == 1  # old callers meet the provider of the new image
    (line,) = found.lines
    assert line.text == ("breaks: x19 is kept; in the new image: x19 is 1 (entered with x3 = 0x7)")


def test_a_harmless_difference_is_a_change() -> None:
    noted = made_diff.call(ChangeKind.EQUAL, made_diff.difference(Bearing.HARMLESS, "x5"))
    (found,) = findings_of(made_diff.diff(noted)).every()
    assert (found.rule.id, found.weight) == ("HYP-CHANGE-HARMLESS", Weight.CHANGE)
