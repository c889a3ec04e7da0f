"""An expression in words says what the expression says."""

import pytest

from hypabi.arch.names import Architecture
from hypabi.contract.expression import Moment
from hypabi.contract.expression_parser import parse_predicate
from hypabi.contract.file.load import shipped_contract
from hypabi.contract.resolution import Context
from hypabi.decode.place import NOWHERE
from hypabi.documents.interface.clause_prose import (
    Names,
    merged,
    number,
    on_each,
    predicate,
    sentence,
)
from hypabi.documents.markup.tree import Code, Emphasis, Text, Words, plain, prose, quoted, words
from tests.documents.documents import interface

CONTRACT = shipped_contract("linux-hyp-abi")


def said(text: str, architecture: Architecture, moment: Moment) -> Words:
    context = Context.of(CONTRACT, architecture, None)
    register = "x1" if architecture is Architecture.ARM64 else "r1"
    scope = context.called({"vectors": register}).scope.at(moment)
    result = CONTRACT.result
    names = Names(
        architecture,
        {register: "vectors"},
        result.success,
        result.error,
        context.scope.result,
        moment,
    )
    return predicate(parse_predicate(text, scope, NOWHERE), names)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("vector_base == vectors", "VBAR_EL2 holds vectors"),
        ("result == success", "x0 is 0 (success)"),
        ("result == error", "x0 is 0xbadca11 (error)"),
        ("control.M == 0", "SCTLR_EL2.M is 0"),
        ("SP_EL2 == old(SP_EL1)", "SP_EL2 holds what SP_EL1 held at entry"),
        ('vector_base == table_of("stub")', "VBAR_EL2 holds the address of the vectors of stub"),
        ('x0 == address_of("thing")', "x0 holds the address of thing"),
        ("x0 != 1 and x2 < 4 or x3 <= 5", "x0 is not 1 and x2 is below 4 or x3 is at most 5"),
        ("not (x5 == 1)", "it is not so that x5 holds 1"),
        ("x5[7:4] == 3", "x5[7:4] is 3"),
        ("x5[4:4] == 1", "x5[4] is 1"),
        ("x5 == old(x6) + 8", "x5 holds what x6 held at entry + 8"),
        ("x5 == (old(x6) + 8) << 1", "x5 holds (what x6 held at entry + 8) << 1"),
        ("x5 == -1", "x5 holds -1"),
    ],
)
def test_a_postcondition_in_words(text: str, expected: str) -> None:
    assert plain(said(text, Architecture.ARM64, Moment.EXIT)) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("vectors % alignment == 0", "vectors is a multiple of 2048"),
        ("vectors % 4 != 2", "vectors modulo 4 is not 2"),
        ("x5 & 0xfffffffffffffffe == 8", "x5 with bit 0 cleared is 8"),
        ("cpucap(SOME)", "the kernel has patched itself for SOME"),
        ("not cpucap(SOME)", "the kernel has not patched itself for SOME"),
        ("x0 == 0", "x0 holds 0"),
    ],
)
def test_a_precondition_in_words(text: str, expected: str) -> None:
    assert plain(said(text, Architecture.ARM64, Moment.ENTRY)) == expected


def test_both_architectures_share_a_sentence() -> None:
    each = {a: said("vector_base == vectors", a, Moment.EXIT) for a in Architecture}
    assert on_each(each) == (Code("HVBAR/VBAR_EL2"), Text(" holds "), Emphasis("vectors"))


def test_what_differs_is_said_of_each_architecture() -> None:
    each = {Architecture.ARM: words("one"), Architecture.ARM64: words("two ", Code("x"))}
    assert merged(tuple(each.values())) is None
    assert plain(on_each(each)) == "on arm one; on arm64 two x"


def test_a_number_that_is_not_the_result_means_no_success() -> None:
    page = interface("linux-hyp-abi")
    from hypabi.documents.markup.rst import write
    from tests.documents.documents import page as page_of

    assert page is not None
    text = write(page_of("linux-hyp-abi"))
    start = text.index("boot-protocol")
    assert "(success)" not in text[start : start + 200]


@pytest.mark.parametrize(
    ("value", "width", "expected"),
    [(0, 32, "0"), (4095, 64, "4095"), (4096, 64, "0x1000"), (2**32 - 1, 32, "-1"),
     (2**32 - 1, 64, "0xffffffff"), (0xBADCA11, 32, "0xbadca11")],
)  # fmt: skip
def test_numbers_as_a_programmer_spells_them(value: int, width: int, expected: str) -> None:
    assert number(value, width) == expected


def test_a_sentence_starts_with_a_capital_and_ends_with_a_stop() -> None:
    assert plain(sentence(words("the call returns"))) == "The call returns."
    assert sentence(words(Code("x0"), " is 0"))[0] == Code("x0")


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("install __hyp_stub_vectors, then go on", ["__hyp_stub_vectors"]),
        ("arch/arm64/kernel/hyp-stub.S does", ["arch/arm64/kernel/hyp-stub.S"]),
        ("read off hyp-init.S.", ["hyp-init.S"]),
        (
            "is_pkvm_initialized() or x0-x18 by hvc #0",
            ["is_pkvm_initialized()", "x0-x18", "hvc #0"],
        ),
        ("no name here, and r/x either", []),
    ],
)
def test_names_in_a_sentence_are_marked(text: str, names: list[str]) -> None:
    marked = prose(text)
    assert plain(marked) == text
    assert [each.text for each in marked if isinstance(each, Code)] == names


def test_a_citation_stands_in_quotation_marks_of_its_own() -> None:
    assert plain(quoted('say "yes" to it')) == "\"say 'yes' to it\""
