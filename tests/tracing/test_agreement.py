"""A crossing beside the derived case: what was seen is one of them, or that is said."""

from hypabi.tracing.result import DerivedWord
from tests.tracing.events import KVM_INIT, set_vectors, traced


def test_what_the_stub_does_is_a_derived_case() -> None:
    assert set_vectors().derived is DerivedWord.AGREES


def test_another_answer_is_no_derived_case() -> None:
    found = set_vectors(result=3)
    assert found.derived is DerivedWord.DIFFERS
    assert "x0 is 0x0 by the derived case, and was seen to be 0x3" in found.derived_text


def test_a_register_that_no_case_changes_is_compared_too() -> None:
    assert "x19" in set_vectors(x19=7).derived_text


def test_a_difference_is_a_defect_of_ours_in_the_exit_status() -> None:
    assert traced().exit_status == 16  # nothing was seen
    found = set_vectors(to=KVM_INIT, x19=7)
    assert found.derived is DerivedWord.DIFFERS
