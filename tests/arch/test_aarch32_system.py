"""System registers and operations of AArch32 by encoding."""

from itertools import product

import pytest

from hypabi.arch import aarch32_registers as registers
from hypabi.arch import aarch32_system as system
from hypabi.arch.aarch32 import Mode
from hypabi.arch.aarch32_maintenance import WHOLE, Kind
from hypabi.arch.aarch32_system import (
    Direction,
    Nature,
    System,
    SystemOperation,
    SystemRegister,
    find_coprocessor_register,
    find_wide,
)

ALL_ENCODINGS = [
    (opc1, crn, crm, opc2)
    for opc1, crn, crm, opc2 in product(range(8), range(16), range(16), range(8))
]


def everything() -> list[tuple[int, tuple[int, ...], Direction, System]]:
    found: list[tuple[int, tuple[int, ...], Direction, System]] = []
    for coprocessor, direction in product((14, 15), Direction):
        for encoding in ALL_ENCODINGS:
            one = find_coprocessor_register(coprocessor, encoding, direction)
            if one is not None:
                found.append((coprocessor, encoding, direction, one))
        for wide in product(range(16), range(16)):
            one = find_wide(coprocessor, wide, direction)
            if one is not None:
                found.append((coprocessor, wide, direction, one))
    return found


# What the hyp stubs and the 32-bit KVM touch, as the Arm ARM lists it: name, encoding, modes.
STUB_REGISTERS = [
    ("HVBAR", (4, 12, 0, 0)),
    ("HCR", (4, 1, 1, 0)),
    ("HDCR", (4, 1, 1, 1)),
    ("HCPTR", (4, 1, 1, 2)),
    ("HSTR", (4, 1, 1, 3)),
    ("HSCTLR", (4, 1, 0, 0)),
    ("HSR", (4, 5, 2, 0)),
    ("HTCR", (4, 2, 0, 2)),
    ("VTCR", (4, 2, 1, 2)),
    ("HMAIR0", (4, 10, 2, 0)),
    ("HMAIR1", (4, 10, 2, 1)),
    ("VPIDR", (4, 0, 0, 0)),
    ("VMPIDR", (4, 0, 0, 5)),
    ("CNTHCTL", (4, 14, 1, 0)),
    ("ICC_HSRE", (4, 12, 9, 5)),
    ("ICH_HCR", (4, 12, 11, 0)),
    ("HTPIDR", (4, 13, 0, 2)),
    ("HDFAR", (4, 6, 0, 0)),
    ("HPFAR", (4, 6, 0, 4)),
]


@pytest.mark.parametrize(("name", "encoding"), STUB_REGISTERS)
def test_hyp_register_is_found_both_ways_and_only_at_hyp_or_monitor(
    name: str, encoding: tuple[int, int, int, int]
) -> None:
    for direction in Direction:
        found = find_coprocessor_register(15, encoding, direction)
        assert isinstance(found, SystemRegister)
        assert found.name == name
        assert found.modes == 1 << Mode.HYP | 1 << Mode.MON


@pytest.mark.parametrize(
    ("name", "encoding"),
    [("HTTBR", (4, 2)), ("VTTBR", (6, 2)), ("CNTVOFF", (4, 14)), ("CNTHP_CVAL", (6, 14))],
)
def test_wide_hyp_register_is_found(name: str, encoding: tuple[int, int]) -> None:
    found = find_wide(15, encoding, Direction.WRITE)
    assert isinstance(found, SystemRegister)
    assert (found.name, found.width) == (name, 64)
    assert not found.modes >> Mode.SVC & 1


def test_a_name_has_one_nature_whatever_the_encoding() -> None:
    natures: dict[str, set[Nature]] = {}
    for *_, one in everything():
        if isinstance(one, SystemRegister):
            natures.setdefault(one.name, set()).add(one.nature)
    assert {name for name, kinds in natures.items() if len(kinds) > 1} == set()


def test_a_name_is_a_register_or_an_operation_never_both() -> None:
    found = [one for *_, one in everything()]
    held = {one.name for one in found if isinstance(one, SystemRegister)}
    acting = {one.name for one in found if isinstance(one, SystemOperation)}
    assert not held & acting
    assert acting >= WHOLE


def test_only_midr_has_aliases_among_narrow_encodings() -> None:
    encodings: dict[str, set[tuple[int, ...]]] = {}
    for _, encoding, direction, one in everything():
        if len(encoding) == 4 and direction is Direction.READ:
            encodings.setdefault(one.name, set()).add(encoding)
    assert {name for name, keys in encodings.items() if len(keys) > 1} == {"MIDR"}


def test_no_encoding_is_in_two_tables() -> None:
    for prefix in ("CP15", "CP14"):
        tables = [
            table
            for name, table in vars(registers).items()
            if name.startswith(f"{prefix}_") and "WIDE" not in name
        ]
        assert len(tables) == 4
        assert sum(len(table) for table in tables) == len(
            {key for table in tables for key in table}
        )


def test_read_only_register_cannot_be_written() -> None:
    assert find_coprocessor_register(15, (0, 0, 0, 0), Direction.READ) is not None
    assert find_coprocessor_register(15, (0, 0, 0, 0), Direction.WRITE) is None
    assert find_wide(15, (0, 14), Direction.READ) is not None
    assert find_wide(15, (0, 14), Direction.WRITE) is None


def test_operation_cannot_be_read() -> None:
    iciallu = find_coprocessor_register(15, (0, 7, 5, 0), Direction.WRITE)
    assert isinstance(iciallu, SystemOperation)
    assert (iciallu.name, iciallu.kind, iciallu.uses_value) == ("ICIALLU", Kind.CACHE, False)
    assert find_coprocessor_register(15, (0, 7, 5, 0), Direction.READ) is None


def test_clean_by_address_uses_its_value_and_hyp_tlb_operation_needs_hyp() -> None:
    dccimvac = find_coprocessor_register(15, (0, 7, 14, 1), Direction.WRITE)
    assert isinstance(dccimvac, SystemOperation) and dccimvac.uses_value
    tlbiallh = find_coprocessor_register(15, (4, 8, 7, 0), Direction.WRITE)
    assert isinstance(tlbiallh, SystemOperation)
    assert tlbiallh.kind is Kind.TLB and not tlbiallh.modes >> Mode.SVC & 1


def test_implementation_defined_space_has_no_names() -> None:
    assert [
        key
        for key in ALL_ENCODINGS
        if key[1] == 15 and find_coprocessor_register(15, key, Direction.READ)
    ] == []


def test_every_register_found_is_listed_with_its_width() -> None:
    listed = set(system.names())
    for _, encoding, _, one in everything():
        if isinstance(one, SystemRegister):
            assert one.name in listed
            if len(encoding) == 2:
                assert system.width(one.name) == 64
