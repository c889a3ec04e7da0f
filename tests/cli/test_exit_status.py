import itertools

import pytest

from hypabi.analysis.exit_status import Exit
from hypabi.cli.check import status
from hypabi.judgement.verification.verdict import Proved, Refuted, Undecided, Vacuous, Verdict
from tests.report.made import finding

PROVED, REFUTED = Proved(1), Refuted({}, "lost", (), ())
UNDECIDED, VACUOUS = Undecided("why"), Vacuous("never")


def test_the_bits_are_those_of_the_design() -> None:
    assert [int(each) for each in (Exit.ERROR, Exit.CHANGE, Exit.UNDECIDED)] == [1, 4, 16]
    assert (int(Exit.USAGE), int(Exit.REFUTED)) == (2 | 1, 8 | 4)


@pytest.mark.parametrize(
    ("verdicts", "expected"),
    [
        ([PROVED], 0),
        ([PROVED, VACUOUS], 0),
        ([PROVED, REFUTED], 12),
        ([PROVED, UNDECIDED], 16),
        ([REFUTED, UNDECIDED], 28),
        ([REFUTED, VACUOUS], 12),
        ([VACUOUS, VACUOUS], 16),
        ([], 16),
    ],
)
def test_findings_amount_to_a_status(verdicts: list[Verdict], expected: int) -> None:
    assert int(status(finding(verdict) for verdict in verdicts)) == expected


def test_a_call_that_was_not_tested_is_undecided_whatever_the_others_are() -> None:
    tested = finding(PROVED, call="HVC_SET_VECTORS")
    untested = finding(VACUOUS, call=None)
    assert status([tested]) is Exit.GOOD
    assert status([tested, untested]) is Exit.UNDECIDED


def test_good_is_said_only_where_every_clause_is_proved_or_cannot_be_broken() -> None:
    kinds_of: tuple[Verdict, ...] = (PROVED, REFUTED, UNDECIDED, VACUOUS)
    for verdicts in itertools.product(kinds_of, repeat=3):
        kinds = {type(verdict) for verdict in verdicts}
        good = kinds <= {Proved, Vacuous} and Proved in kinds
        assert (status(map(finding, verdicts)) is Exit.GOOD) is good
