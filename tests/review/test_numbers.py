"""Names and numbers are what a C preprocessor would make of the headers, or are not known."""

from pathlib import Path

import pytest

from hypabi.arch.names import Architecture
from hypabi.contract.expression import Comparison, Integer, Moment, Read, Relation
from hypabi.contract.file.load import shipped_contract
from hypabi.contract.resolve import revision_of
from hypabi.contract.version import Version
from hypabi.errors import HypabiError
from hypabi.kbuild.layers import Layers
from hypabi.review.numbers import former, numbers_in, renumbered, with_further

CONTRACT = shipped_contract("linux-hyp-abi")
AT = Version.parse("6.1")
assert AT is not None
REVISION = revision_of(CONTRACT, AT, Architecture.ARM64)
HEADER = "arch/arm64/include/asm/virt.h"


def numbers(folder: Path, text: str, name: str = HEADER, *more: str) -> dict[str, int]:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return dict(numbers_in(Layers(folder, ()), Architecture.ARM64, more))


@pytest.mark.parametrize(
    ("value", "number"),
    [
        ("3", 3),
        ("0xbadca11", 0xBADCA11),
        ("3\t/* three */", 3),
        ("3 // three", 3),
        ("(1 + 2)", 3),
        ("UL(3)", 3),
        ("_AC(3, UL)", 3),
        ("3U", 3),
        ("\\\n 3", 3),
        ("(HVC_FIRST + 1)", 8),
    ],
)
def test_a_number_is_the_preprocessors(tmp_path: Path, value: str, number: int) -> None:
    said = f"#define HVC_FIRST 7\n#define HVC_X {value}\n"
    assert numbers(tmp_path, said) == {"HVC_FIRST": 7, "HVC_X": number}


@pytest.mark.parametrize(
    "value",
    ["HVC_NONE", "f(3)", "__import__('os')", "1 << 2", "(", "'3'", "HVC_X", "9" * 300, "True"],
)
def test_what_is_no_number_has_none(tmp_path: Path, value: str) -> None:
    assert numbers(tmp_path, f"#define HVC_X {value}\n#define HVC_Y 1\n") == {"HVC_Y": 1}


def test_names_that_grow_by_each_other_have_none(tmp_path: Path) -> None:
    grown = "".join(f"#define HVC_{n} {'+'.join([f'HVC_{n + 1}'] * 20)}\n" for n in range(9))
    assert numbers(tmp_path, f"{grown}#define HVC_9 1\n") == {"HVC_9": 1, "HVC_8": 20}


def test_a_name_with_two_numbers_has_none(tmp_path: Path) -> None:
    said = "#ifdef A\n#define HVC_X 1\n#else\n#define HVC_X 2\n#endif\n#define HVC_Y 1\n"
    assert numbers(tmp_path, said) == {"HVC_Y": 1}
    assert numbers(tmp_path, "/*\n#define HVC_X 1\n*/\n") == {}


def test_a_header_that_a_series_touches_is_read_where_the_architecture_includes_it(
    tmp_path: Path,
) -> None:
    for name, found in (
        ("arch/arm64/include/asm/el2_setup.h", {"HVC_X": 4}),
        ("include/linux/a.h", {"HVC_X": 4}),
        ("arch/arm/include/asm/virt.h", {}),
        ("drivers/a.c", {}),
    ):
        assert numbers(tmp_path, "#define HVC_X 4\n", name, name) == found
    assert numbers_in(Layers(tmp_path / "none", ()), Architecture.ARM64) == {}


def test_a_contract_gets_the_numbers_of_the_headers() -> None:
    same = renumbered(CONTRACT, REVISION, {"HVC_SOFT_RESTART": 1, "HVC_STUB_HCALL_NR": 4})
    assert same.contract is CONTRACT and not same.moved and not same.added
    said = {"HVC_SOFT_RESTART": 9, "HVC_STUB_ERR": 0xBAD, "HVC_NEW": 4}
    found = renumbered(CONTRACT, REVISION, said)
    assert found.moved == {"HVC_SOFT_RESTART": (1, 9), "HVC_STUB_ERR": (0xBADCA11, 0xBAD)}
    assert found.added == {"HVC_NEW": 4}
    revision = revision_of(found.contract, REVISION.version, Architecture.ARM64)
    assert revision.error == 0xBAD
    assert {e.name: e.number for e in revision.calls}["HVC_SOFT_RESTART"] == 9


def test_two_calls_of_one_number_are_refused() -> None:
    with pytest.raises(HypabiError):
        renumbered(CONTRACT, REVISION, {"HVC_SOFT_RESTART": 0})


def test_a_call_besides_is_promised_nothing_and_a_former_number_is_asked_by_the_same_callers() -> (
    None
):
    moved = renumbered(CONTRACT, REVISION, {"HVC_SOFT_RESTART": 9}).contract
    further = {"HVC_NEW": (4, ("stub",)), former("HVC_SOFT_RESTART"): (1, ())}
    held = with_further(moved, revision_of(moved, REVISION.version, Architecture.ARM64), further)
    revision = revision_of(held, REVISION.version, Architecture.ARM64)
    assert revision.row("stub", "HVC_NEW").unspecified is not None
    assert revision.row("kvm-run", "HVC_NEW").clauses
    contexts = [each.calls for each in revision.contexts if "HVC_SOFT_RESTART" in each.calls]
    assert contexts and all(former("HVC_SOFT_RESTART") in each for each in contexts)


def test_a_number_that_another_call_has_now_is_that_calls() -> None:
    swapped = {"HVC_SOFT_RESTART": 2, "HVC_RESET_VECTORS": 1}
    moved = renumbered(CONTRACT, REVISION, swapped).contract
    revision = revision_of(moved, REVISION.version, Architecture.ARM64)
    assert with_further(moved, revision, {former("HVC_SOFT_RESTART"): (1, ())}) is moved


def test_what_a_contract_says_of_a_call_follows_its_number() -> None:
    swapped = {"HVC_SOFT_RESTART": 2, "HVC_RESET_VECTORS": 1}
    made = renumbered(CONTRACT, REVISION, swapped).contract
    for contract, number in ((CONTRACT, 2), (made, 1)):
        revision = revision_of(contract, REVISION.version, Architecture.ARM64)
        (row,) = (e.row for e in revision.installations if e.name == "put-back")
        identifier, *_ = (each.holds for each in row.assumes)
        expected = Comparison(Relation.EQUAL, Read("x0", 64, Moment.ENTRY), Integer(number, 64))
        assert identifier == expected
