"""Which place of the image an address of a running kernel is, under several slides."""

from hypabi.image.load import load_image
from hypabi.machine.crossing import Instruction
from hypabi.tracing.places import Placement
from tests.tracing.events import KVM_RUN, LIFE, SET_VECTORS, STUB

KASLR = 0xFFFF_8000_0000_0000
HVC = Instruction.HVC


def placement() -> Placement:
    return Placement(load_image(LIFE))


def test_an_address_is_named_under_the_slide_of_a_recognised_table() -> None:
    found = placement()
    found.recognise(STUB + 0x5000_0000, STUB)
    assert found.site(SET_VECTORS + 0x5000_0000, HVC, 0) == SET_VECTORS


def test_the_one_hvc_that_fits_an_address_tells_where_the_kernel_lies() -> None:
    found = placement()
    assert found.site(SET_VECTORS + KASLR, HVC, 0) == SET_VECTORS
    assert list(found.links(STUB + KASLR)) == [STUB]


def test_an_address_at_which_no_hvc_fits_is_not_named() -> None:
    found = placement()
    assert found.site(SET_VECTORS + KASLR + 4, HVC, 0) is None
    assert found.site(SET_VECTORS + KASLR, HVC, 0xEA1) is None
    assert found.site(SET_VECTORS + KASLR, Instruction.SMC, 0) is None


def test_only_an_address_that_is_a_granule_away_can_be_the_first_party() -> None:
    assert not placement().assume(STUB + 0x800, STUB)
    assert placement().assume(STUB + 0x10000, STUB)


def test_a_pointer_that_may_have_been_converted_for_el2_is_not_known_until_it_is_seen() -> None:
    found, at_el2 = placement(), 0x0000_A4CE_8000_0000
    found.recognise(STUB, STUB)
    assert found.same(KVM_RUN, KVM_RUN)
    assert found.same(KVM_RUN, at_el2 + KVM_RUN) is None
    assert found.same(KVM_RUN, at_el2 + KVM_RUN + 0x800) is False
    found.recognise(at_el2 + KVM_RUN, KVM_RUN)
    assert found.same(KVM_RUN, at_el2 + KVM_RUN)
    assert found.same(STUB, at_el2 + KVM_RUN) is False
