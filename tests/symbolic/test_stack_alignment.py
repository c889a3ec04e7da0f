"""An access by a stack pointer that is no multiple of 16 is one where SCTLR_EL2.SA lets it be."""

from hypabi.smt import terms
from hypabi.symbolic.outcome import Returned, Undecided
from tests.inputs import Assemble
from tests.symbolic.handler import always, at_exit, guard, paths

SA = terms.extract(terms.symbol("SCTLR_EL2", 64), 3, 1, 64)


def saves(room: int) -> str:
    return f"sub sp, sp, #{room}\nstr x1, [sp]\nldr x2, [sp]\nadd sp, sp, #{room}\neret"


def test_a_frame_of_sixteens_is_aligned_whatever_is_checked(assemble: Assemble) -> None:
    (only,) = paths(saves(0xF0), assemble)
    assert isinstance(only.outcome, Returned)


def test_any_other_frame_is_followed_where_nothing_is_checked(assemble: Assemble) -> None:
    found = {type(path.outcome): path for path in paths(saves(0xF8), assemble)}
    assert set(found) == {Returned, Undecided}
    assert always(terms.lor(terms.lnot(guard(found[Returned])), terms.lnot(SA)))
    assert always(terms.lor(terms.lnot(guard(found[Undecided])), SA))
    assert at_exit(found[Returned], "x2") is terms.symbol("x1", 64)
