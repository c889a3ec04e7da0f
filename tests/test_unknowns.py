"""Each kind of symbol is read back from the name that is made for it, and from no other's."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hypabi.unknowns import (
    AddressOf,
    Capability,
    General,
    Havoc,
    MemoryWord,
    Named,
    Unknown,
    capability_name,
    havoc_name,
    is_general,
    is_marked,
    is_of_one_build,
    marked,
    unknown_of,
    with_fixed_words_moved,
    word_name,
)

ADDRESSES = st.text(st.sampled_from("x0189 +-[]mem#abcdef"), min_size=1)


@given(ADDRESSES)
def test_a_word_of_memory_is_read_back_with_its_address(address: str) -> None:
    assert unknown_of(word_name(address)) == MemoryWord(address)


@given(ADDRESSES, st.sampled_from(["old", "new", "home"]))
def test_a_mark_changes_no_kind_and_is_no_part_of_the_address(address: str, side: str) -> None:
    found = unknown_of(marked(word_name(address), side))
    assert isinstance(found, MemoryWord) and found.address == address and found.mark
    assert is_marked(marked(word_name(address), side)) and not is_marked(word_name(address))


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("x0", General("x0")),
        ("r12", General("r12")),
        ("r13_usr", Named("r13_usr")),
        ("x0 of the caller", Named("x0 of the caller")),
        ("SCTLR_EL2", Named("SCTLR_EL2")),
        (capability_name(7), Capability("7")),
        (capability_name("ARM64_HAS_VHE"), Capability("ARM64_HAS_VHE")),
        (havoc_name(3, 0x80001000, 64), Havoc()),
        ("&__hyp_stub_vectors+0x10", AddressOf()),
    ],
)
def test_a_name_is_of_one_kind(name: str, kind: Unknown) -> None:
    assert unknown_of(name) == kind
    assert is_general(name) is isinstance(kind, General)


@pytest.mark.parametrize(
    ("address", "place", "callers"),
    [
        ("0x1000", 0x1000, 0),
        ("x1", None, 1),
        ("r1 + 0x8", None, 1),
        ("x1 + x2", None, 1),
        ("x1 + SP_EL2", None, 0),
        ("SP_EL2 - 0x8", None, 0),
        ("mem[0x1000]", None, 0),
    ],
)
def test_a_word_tells_whether_its_place_is_fixed_or_the_caller_s(
    address: str, place: int | None, callers: int
) -> None:
    word = MemoryWord(address)
    assert (word.place, word.is_of_the_caller) == (place, callers)


@pytest.mark.parametrize(
    ("name", "of_one_build"),
    [
        (capability_name(7), 1),
        (capability_name("ARM64_HAS_VHE"), 0),
        (havoc_name(1, 4, 8), 1),
        ("mem[0xffff800010000000]", 1),
        ("mem[x0 & 0x10 #1f]", 1),
        ("mem[x0 + 0x10]", 0),
        ("x0", 0),
    ],
)
def test_what_only_one_build_means_is_told_from_what_all_mean(name: str, of_one_build: int) -> None:
    assert is_of_one_build(name) == of_one_build


def test_a_capability_has_a_number_in_one_build_and_a_name_in_all() -> None:
    assert Capability("7").number == 7
    assert Capability("ARM64_HAS_VHE").number is None


def test_words_at_fixed_addresses_move_and_others_stay() -> None:
    moved = with_fixed_words_moved("mem[mem[0x1000] + 0x8]", lambda address: address - 0x800)
    assert moved == "mem[mem[0x800] + 0x8]"
    assert with_fixed_words_moved("mem[x0 + 0x8]", lambda _: 0) == "mem[x0 + 0x8]"
