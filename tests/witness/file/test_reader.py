"""The published schema of a witness is what its reader checks; more than it can say is refused."""

import copy
import json
from typing import Any

import pytest

from hypabi.decode.place import FileError
from hypabi.witness.file.reader import read_witness_text, witness_schema
from hypabi.witness.file.shape import MOST_MEMORY, MOST_PIECES
from hypabi.witness.file.writer import write_witness_text
from tests.report.schemas import schema
from tests.witness.examples import of_reference


@pytest.fixture(scope="module")
def example() -> dict[str, Any]:
    made = of_reference("arm-stub-a6-a32")
    plain: dict[str, Any] = json.loads(write_witness_text(made.witness(made.refuted()[0])))
    return plain


def refusal(plain: object) -> str:
    with pytest.raises(FileError) as refused:
        read_witness_text("file", json.dumps(plain).encode())
    return str(refused.value)


def test_the_published_schema_is_up_to_date() -> None:
    assert schema("witness") == json.loads(json.dumps(witness_schema())), "docs/generate"


def test_a_formula_has_the_operands_of_its_operators(example: dict[str, Any]) -> None:
    def holding(formula: object) -> dict[str, Any]:
        return {**example, "promised": {"kind": "holds", "formula": formula}}

    for good in ("r0", "0x1", ["==", "r0", "0x1"], ["all"], ["bits", "r0", "0x3", "0x0"]):
        read_witness_text("file", json.dumps(holding(good)).encode())
    for wrong, what in (
        (["=="], "== takes 2 operands, has 0"),
        (["not", "r0", "r1"], "not takes 1 operands, has 2"),
        (["+", "r0", "r1", "r2"], "+ lacks the numbers of bits"),
        (["bits", "r0", "r1", "0x0"], "bits lacks the numbers of bits"),
        (["is", "r0"], "formula[0]: wants one of all, any"),
        ([], "wants 1 part or more, has 0"),
        ("0xg", "wants a register or a number such as '0x1f'"),
        (["all", "1"], "formula[1]: wants a register or a number such as '0x1f'"),
        (7, "wants a register, a number such as '0x1f', or a list, has the number 7"),
    ):
        assert what in refusal(holding(wrong))


def test_memory_is_bounded_piece_by_piece_and_in_sum(example: dict[str, Any]) -> None:
    def giving(size: str, pieces: int, content: str = "") -> dict[str, Any]:
        plain = copy.deepcopy(example)
        plain["start"]["memory"] = [{"address": "0x0", "bytes": content, "size": size}] * pieces
        return plain

    most = MOST_MEMORY >> 20
    read_witness_text("file", json.dumps(giving("0x100000", most)).encode())
    assert f"at most {MOST_MEMORY} are taken" in refusal(giving("0x100000", most + 1))
    assert "wants a size of memory such as" in refusal(giving("0x100001", 1))
    assert "wants a size of memory such as" in refusal(giving("0x0", 1))
    assert f"at most {MOST_PIECES} are read" in refusal(giving("0x1", MOST_PIECES + 1))
    assert "has more bytes than its size" in refusal(giving("0x1", 1, "0000"))
    assert "wants bytes in hexadecimal digits" in refusal(giving("0x1", 1, "0"))
