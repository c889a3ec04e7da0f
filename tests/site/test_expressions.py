"""The page of the grammar says what the parser reads."""

import re

import pytest

from hypabi.arch.names import Architecture
from hypabi.contract.expression import Moment
from hypabi.contract.expression_parser import GRAMMAR, Scope, parse_predicate, parse_value
from hypabi.contract.registers import registers_of
from hypabi.decode.place import NOWHERE, FileError
from tests.inputs import ROOT

PAGE = ROOT / "docs" / "reference" / "expressions.md"
SCOPE = Scope(
    registers_of(Architecture.ARM64),
    Moment.EXIT,
    {"vector_base": "VBAR_EL2"},
    {"success": 0, "error": 0xBADCA11, "alignment": 0x800},
    {"vectors": "x1"},
    "x0",
    frozenset({"stub"}),
)
EXAMPLES = re.findall(r"```text\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)[0]


@pytest.mark.parametrize("text", EXAMPLES.splitlines())
def test_each_example_is_read(text: str) -> None:
    parse_predicate(text, SCOPE, NOWHERE)


@pytest.mark.parametrize(
    ("one", "other"),
    [("mem32[x0 + 4]", "word(x0 + 4)"), ("mem64[x0]", "doubleword(x0)"), ("mem[x0]", "mem64[x0]")],
)
def test_memory_has_two_spellings(one: str, other: str) -> None:
    first, second = (parse_predicate(f"{each} == 0", SCOPE, NOWHERE) for each in (one, other))
    assert first == second


@pytest.mark.parametrize("text", ["x0 ==", "x0 * 2 == 4", "nobody == 0", "x0", "mem8[x0] == 1"])
def test_each_refusal_says_where_the_grammar_is(text: str) -> None:
    with pytest.raises(FileError) as refused:
        parse_predicate(text, SCOPE, NOWHERE)
    assert str(refused.value).endswith(GRAMMAR)
    assert ROOT / GRAMMAR.rpartition(" ")[2] == PAGE
    with pytest.raises(FileError, match=r"expressions\.md"):
        parse_value("x0 ==", SCOPE, NOWHERE)
