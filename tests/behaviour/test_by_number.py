"""Rows by number, where the allowance does not suffice to say which cases are whose."""

from pathlib import Path

from hypabi.analysis.session import open_image
from hypabi.behaviour.by_number import MOST_ENDS, beyond
from hypabi.behaviour.case import Behaviour
from hypabi.behaviour.outcome import Undecided
from hypabi.records import replace
from hypabi.smt.allowance import SPENT
from tests.cli.kernel import stub
from tests.inputs import Assemble


def test_a_row_of_which_nothing_is_known_says_where_paths_ended(assemble: Assemble) -> None:
    behaviour = _behaviour(stub(assemble))
    (only,) = (case.outcome for case in beyond(behaviour))
    assert only == Undecided(behaviour.entry, SPENT)
    case = behaviour.cases[0]
    ends = [Undecided(0x1000 + n, "an end") for n in range(MOST_ENDS + 1)]
    ended = [replace(case, outcome=end) for end in (ends[0], *ends)]
    shown = beyond(replace(behaviour, cases=(*behaviour.cases, *ended)))
    assert [each.outcome for each in shown] == ends[:MOST_ENDS]
    # Of such a row nothing is claimed but where it ended: not when, and no effect.
    assert all(not each.guard and not each.registers for each in shown)


def _behaviour(path: Path) -> Behaviour:
    program = list(open_image(path).programs.values())[-1]
    (table,) = program.tables().values()
    return program.behaviour(table, 0)
