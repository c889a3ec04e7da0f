"""Every reference image is equal to itself; what history changed between two is found."""

import pytest

from hypabi.behaviour.saved.reader import parse_saved
from hypabi.behaviour.saved.writer import write_saved
from hypabi.judgement.difference.model import (
    Cell,
    Changed,
    Equal,
    Incompatible,
    Renumbered,
    Stronger,
    Undecided,
    Vacuous,
    differences_of,
)
from tests.cli.compared import again, cells, reference, references


def meets(cell: Cell) -> str:
    """Return what a caller meets there instead, in the words of the report."""
    return differences_of(cell.change)[0].other


@pytest.mark.parametrize(("name", "form"), references())
def test_an_image_is_equal_to_itself_also_where_one_side_was_saved(name: str, form: str) -> None:
    opened = reference(name, form)
    assert opened.saved.parties
    text = write_saved(opened.saved)
    loaded = parse_saved(text.encode(), "saved")
    assert loaded == opened.saved
    assert write_saved(loaded) == text
    found = cells(opened, again(opened, loaded))
    assert found
    for cell in found.values():
        assert isinstance(cell.change, Equal | Vacuous), cell
        assert differences_of(cell.change) == ()


@pytest.mark.parametrize("form", ["a32", "t32", "a32be", "t32be"])
def test_2016_gave_get_vectors_another_number(form: str) -> None:
    found = cells(reference("arm-stub-a1", form), reference("arm-stub-a5", form))
    get, set_ = found["old", "stub", "GET"].change, found["old", "stub", "SET"].change
    assert isinstance(get, Renumbered)
    assert (get.number, get.call) == (0, "HVC_GET_VECTORS")
    assert isinstance(set_, Renumbered)
    assert (set_.number, set_.call) == (1, "HVC_SET_VECTORS")
    restart = found["new", "stub", "HVC_SOFT_RESTART"]
    assert isinstance(restart.change, Incompatible)
    assert meets(restart) == "it returns to the caller, r0 is r0 (2)"


@pytest.mark.parametrize("form", ["a32", "t32"])
def test_the_break_of_2016_is_what_new_callers_meet_at_the_old_kvm(form: str) -> None:
    found = cells(reference("arm-kvm-a4", form, "A4"), reference("arm-kvm-a5", form, "A5"))
    cell = found["new", "kvm-run", "HVC_GET_VECTORS"]
    assert isinstance(cell.change, Renumbered)
    assert "r0" not in differences_of(cell.change)[0].witness
    assert meets(cell).startswith("control goes to r0")
    assert meets(cell).endswith("at hyp, as to a function")
    assert cell.must_agree == ("KERNEL VIRTUAL MACHINE (KVM) FOR ARM", "ARM PORT")


@pytest.mark.parametrize("form", ["a32", "t32be"])
def test_a_new_number_that_neither_side_serves_as_promised_breaks_its_callers(form: str) -> None:
    """Both do the same, so nothing but the promise tells: the patch as posted left KVM alone."""
    key = ("new", "kvm-run", "HVC_GET_VECTORS")
    old = reference("arm-kvm-a4", form, "A4")
    cell = cells(old, reference("arm-break-2016-12", form, "A5-posted"))[key]
    assert isinstance(cell.change, Incompatible)
    assert meets(cell) == "control goes to address 0 at HYP, as to a function"
    assert cell.must_agree == ("KERNEL VIRTUAL MACHINE (KVM) FOR ARM", "ARM PORT")
    kept = cells(old, reference("arm-kvm-a4-patchlet", form, "A4-patchlet"))[key]
    assert isinstance(kept.change, Renumbered)


def test_4_12_took_get_vectors_away_and_moved_the_numbers_down() -> None:
    found = cells(reference("arm-stub-a5", "a32"), reference("arm-stub-a6", "a32"))
    assert isinstance(found["old", "stub", "HVC_GET_VECTORS"].change, Incompatible)
    for call, number in (("HVC_SET_VECTORS", 0), ("HVC_SOFT_RESTART", 1)):
        change = found["old", "stub", call].change
        assert isinstance(change, Renumbered)
        assert (change.number, change.call) == (number, call)
    error = found["old", "stub", None]
    assert isinstance(error.change, Incompatible)
    assert meets(error) == "it returns to the caller, r0 is 0xbadca11"


def test_5_7_left_the_kernel_s_stub_one_call_which_is_harmless_for_new_callers() -> None:
    found = cells(reference("arm-stub-a6", "a32"), reference("arm-stub-a7", "t32"))
    for call in ("HVC_SET_VECTORS", "HVC_RESET_VECTORS"):
        assert isinstance(found["old", "stub", call].change, Incompatible)
        assert isinstance(found["new", "stub", call].change, Stronger)
    assert "jailhouse" in found["old", "stub", "HVC_SET_VECTORS"].must_agree
    assert isinstance(found["old", "stub", "HVC_SOFT_RESTART"].change, Equal)


def test_a_call_that_is_served_otherwise_than_promised_is_never_stronger() -> None:
    new = reference("arm-stub-a7", "a32")
    found = cells(reference("arm-reset-answers-2", "a32"), new)
    assert isinstance(found["new", "stub", "HVC_SET_VECTORS"].change, Stronger)
    reset = found["new", "stub", "HVC_RESET_VECTORS"]
    assert isinstance(reset.change, Incompatible)
    assert meets(reset) == "it returns to the caller, r0 is r0 (2)"


def test_vhe_restart_became_finalise_el2_under_its_number() -> None:
    found = cells(reference("arm64-stub-b5", "a64"), reference("arm64-stub-b7", "a64"))
    for key in (("old", "stub", "HVC_VHE_RESTART"), ("new", "stub", "HVC_FINALISE_EL2")):
        assert isinstance(found[key].change, Equal)
        assert found[key].only_here


@pytest.mark.parametrize("form", ["a64", "a64be"])
def test_6_19_serves_one_call_more_which_old_providers_refuse(form: str) -> None:
    found = cells(reference("arm64-stub-b7", form), reference("arm64-stub-b8", form))
    assert {key for key in found if key[0] == "old"} == {
        ("old", "stub", call)
        for call in (
            "HVC_SET_VECTORS",
            "HVC_SOFT_RESTART",
            "HVC_RESET_VECTORS",
            "HVC_FINALISE_EL2",
            None,
        )
    }
    assert all(isinstance(cell.change, Equal) for key, cell in found.items() if key[0] == "old")
    cell = found["new", "stub", "HVC_GET_ICH_VTR_EL2"]
    assert isinstance(cell.change, Incompatible)
    witness = differences_of(cell.change)[0].witness
    assert witness["x0"] == 4
    assert witness["ID_AA64PFR0_EL1"] >> 24 & 0xF  # who asks has a GICv3
    assert meets(cell) == "it returns to the caller, x0 is 0xbadca11"


def test_byte_order_is_no_difference() -> None:
    found = cells(reference("arm64-kvm-b8", "a64"), reference("arm64-kvm-b8", "a64be"))
    assert found
    for cell in found.values():
        assert isinstance(cell.change, Changed | Equal | Undecided | Vacuous), cell
        if isinstance(cell.change, Changed):  # KVM's reset writes the byte order, SCTLR_EL2.EE
            assert [each.subject for each in differences_of(cell.change)] == ["SCTLR_EL2"]
    assert isinstance(found["old", "stub", "HVC_SET_VECTORS"].change, Equal)
