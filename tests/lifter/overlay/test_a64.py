"""The A64 overlay against GNU objdump: every system instruction by its architectural name."""

import itertools
import random
import re

import pytest

from hypabi.lifter.instruction import Instruction, Op, Opcode, Register, Undecodable
from hypabi.lifter.overlay.a64 import EXCEPTIONS, HINTS, PSTATE_BITS, decode
from hypabi.lifter.overlay.a64_system_allocated import refused_system
from tests.lifter.overlay.gnu_aarch64 import disassemble
from tests.semantics.a64_machine import EL2, Machine, lift

FIELDS = list(itertools.product(range(8), range(16), range(16), range(8)))
"""op1, CRn, CRm, op2"""


def system(op0: int, fields: tuple[int, int, int, int], register: int, *, read: bool) -> int:
    op1, crn, crm, op2 = fields
    word = 0xD5000000 | read << 21 | op0 << 19 | op1 << 16 | crn << 12 | crm << 8 | op2 << 5
    return word | register


def moved(word: int) -> str:
    """Return the system register that an MRS or MSR of x1 moves, as our operations name it."""
    ops = decode(word)
    assert ops
    names = {
        operand.name
        for op in ops
        for operand in (op.output, *op.inputs)
        if isinstance(operand, Register) and operand.name != "x1"
    }
    return "NZCV" if names == set("NZCV") else names.pop()


ONE_NAME_FOR_TWO = {"dbgdtrtx_el0": "dbgdtr_el0_half", "dbgdtrrx_el0": "dbgdtr_el0_half"}
"""One encoding that reads one register and writes another; both ways are refused when run."""


@pytest.mark.parametrize("op0", [2, 3])
@pytest.mark.parametrize("move", ["msr", "mrs"])
def test_every_system_register_goes_by_the_name_that_objdump_gives_it(op0: int, move: str) -> None:
    words = [system(op0, fields, 1, read=move == "mrs") for fields in FIELDS]
    wrong, named = [], 0
    for word, text in zip(words, disassemble(words), strict=True):
        mnemonic, *operands = re.split(r"[ ,]+", text)
        assert mnemonic == move
        theirs, mine = operands[move == "mrs"].lower(), moved(word).lower()
        theirs = ONE_NAME_FOR_TWO.get(theirs, theirs)
        generic = re.fullmatch(r"s\d_\d_c\d+_c\d+_\d", theirs)
        if theirs != mine and not generic:
            wrong.append((hex(word), theirs, mine))
        named += not generic
    assert wrong == []
    # With op0 = 2 are the debug and trace registers.
    assert named > (300 if op0 == 3 else 100)


def test_a_register_without_a_name_keeps_its_encoding() -> None:
    words = [system(3, fields, 1, read=True) for fields in FIELDS]
    for word, text in zip(words, disassemble(words), strict=True):
        mine = moved(word)
        if re.fullmatch(r"S\d_\d_C\d+_C\d+_\d", mine):
            assert text.split()[-1].lower() == mine.lower()


def test_cache_tlb_and_translation_operations_have_the_names_that_objdump_gives_them() -> None:
    words = [system(1, fields, n, read=False) for fields in FIELDS for n in (1, 31)]
    known = 0
    for word, text in zip(words, disassemble(words), strict=True):
        (op,) = decode(word) or ()
        assert op.opcode is Opcode.USER
        name = " ".join(text.split(",")[0].split()[:2]).upper()
        if name.split()[0] in ("TLBI", "DC", "IC", "AT"):
            assert op.user == name, hex(word)
            known += 1
    assert known > 200


def test_hints_are_what_objdump_calls_them() -> None:
    words = [0xD503201F | number << 5 for number in range(128)]
    for number, (word, text) in enumerate(zip(words, disassemble(words), strict=True)):
        user = next((op.user for op in decode(word) or ()), "")
        mnemonic = text.split()[0].upper()
        if user in SIGNED.values():
            assert mnemonic == user
        elif user == "pointer authentication":
            assert mnemonic.startswith(("PACI", "AUTI", "XPAC")), text
        elif number in HINTS:
            assert mnemonic == HINTS[number] or number in NEWER_HINTS, text
            assert user in ("", HINTS[number])
        else:
            assert user == f"hint #{number}"
            assert mnemonic == "HINT", text


NEWER_HINTS = {6, 22}
"""DGH and CLRBHB, which objdump 2.40 does not name."""


def test_barriers_are_what_objdump_calls_them() -> None:
    words = [0xD503301F | crm << 8 | op2 << 5 for crm in range(16) for op2 in range(8)]
    synonyms = {"SSBB": "DSB", "PSSBB": "DSB", "DFB": "DSB"}
    refused = set()
    for word, text in zip(words, disassemble(words), strict=True):
        (op,) = decode(word) or ()
        mnemonic = text.split()[0].upper()
        if op.user.startswith("system instruction"):
            refused.add(mnemonic)
        elif mnemonic != "MSR":
            assert op.user == synonyms.get(mnemonic, mnemonic), text
    # Transactional memory, and what objdump does not know either.
    assert refused <= {"TCOMMIT", "MSR"}


def test_immediate_writes_of_pstate_are_what_objdump_calls_them() -> None:
    words = [
        0xD500401F | op1 << 16 | crm << 8 | op2 << 5
        for op1 in range(8) for crm in range(16) for op2 in range(8)
    ]  # fmt: skip
    found = set()
    for word, text in zip(words, disassemble(words), strict=True):
        (op,) = decode(word) or ()
        target = re.fullmatch(r"msr (\w+), #0x[0-9a-f]+", text)
        if isinstance(op.output, Register) and target is not None:
            field = target[1].lower()
            assert op.output.name.lower() == field.removesuffix("set").removesuffix("clr"), text
            found.add(field)
        elif isinstance(op.output, Register):
            # Newer than this objdump, or it wants the immediate to be 0 or 1.
            assert op.output.name in PSTATE_BITS, text
    assert found >= {"uao", "pan", "spsel", "ssbs", "dit", "tco", "daifset", "daifclr"}


@pytest.mark.parametrize(("field", "bit"), sorted(PSTATE_BITS.items()))
def test_an_immediate_write_of_pstate_is_read_where_a_register_write_puts_it(
    field: str, bit: int
) -> None:
    immediate = {
        "UAO": (0, 3), "PAN": (0, 4), "SPSel": (0, 5), "ALLINT": (1, 0), "SSBS": (3, 1),
        "DIT": (3, 2), "TCO": (3, 4),
    }[field]  # fmt: skip
    op1, op2 = immediate
    for value in (0, 1):
        machine = Machine()
        machine.step(0xD500401F | op1 << 16 | value << 8 | op2 << 5, 0)
        assert machine.registers[field] == value << bit


def test_masks_are_set_and_cleared_one_by_one() -> None:
    machine = Machine({"DAIF": 0x80, "x1": 0})
    machine.step(0xD50345DF, 0)  # msr daifset, #5
    assert machine.registers["DAIF"] == 0x1C0
    machine.step(0xD50346FF, 0)  # msr daifclr, #6
    assert machine.registers["DAIF"] == 0x40
    machine.step(0xD53B4221, 0)  # mrs x1, daif
    assert machine.registers["x1"] == 0x40


def test_flags_and_their_register_are_one() -> None:
    for flags in range(16):
        machine = Machine({"x1": flags << 28 | 0xFFFFFFF, **dict.fromkeys("NZCV", 0)})
        machine.step(0xD51B4201, 0)  # msr nzcv, x1
        assert [machine.registers[f] for f in "NZCV"] == [flags >> n & 1 for n in (3, 2, 1, 0)]
        machine.step(0xD53B4202, 0)  # mrs x2, nzcv
        assert machine.registers["x2"] == flags << 28


def test_the_zero_register_is_read_as_zero_and_written_nowhere() -> None:
    machine = Machine({"VBAR_EL2": 0x1234})
    machine.step(0xD53CC01F, 0)  # mrs xzr, vbar_el2
    machine.step(0xD51CC01F, 0)  # msr vbar_el2, xzr
    assert machine.registers["VBAR_EL2"] == 0
    assert machine.registers["CURRENTEL"] == EL2


AUTHENTICATION = re.compile(r"(pac|aut|xpac)\w+|bl?ra[ab]z?|reta[ab]|ereta[ab]|ldra[ab]")
SIGNED = {
    "paciasp": "PACIASP", "pacibsp": "PACIBSP", "autiasp": "AUTIASP", "autibsp": "AUTIBSP",
    "retaa": "AUTIASP", "retab": "AUTIBSP",
}  # fmt: skip
"""What compilers sign return addresses with, and what each does."""
TAGGING = re.compile(r"irg|gmi|addg|subg|subps?|cmpp|ldgm?|stz?2?gm?|stgp")


def random_words(source: random.Random) -> list[int]:
    """Return words around those that authenticate pointers and handle tags, and any others."""
    bases = (0xD6000000, 0xDAC10000, 0xF8200400, 0x91800000, 0xD1800000, 0x9AC00000, 0xBAC00000,
             0xD9200000, 0x68000000, 0x69000000, 0x88800000, 0xD5000000, 0xD4000000)  # fmt: skip
    words = [source.getrandbits(32) for _ in range(4000)]
    words += [0xDAC10000 | n << 10 | rn << 5 | 1 for n in range(64) for rn in (2, 31)]
    words += [
        0xD61F0000 | opc << 21 | op3 << 10 | rn << 5 | op4
        for opc in range(16) for op3 in (0, 2, 3) for rn in (2, 30, 31) for op4 in (0, 2, 31)
    ]  # fmt: skip
    for base in bases:
        words += [base | source.getrandbits(25) & ~(base & 0x1FFFFFF) for _ in range(700)]
    return words


def test_what_sleigh_takes_for_nothing_never_reaches_it() -> None:
    words = random_words(random.Random(8))
    seen = set()
    for word, text in zip(words, disassemble(words), strict=True):
        mnemonic = text.split()[0] if text else ""
        if "undefined" in text or mnemonic == ".inst":
            continue
        owned = [op.user for op in decode(word) or ()]
        for pattern, name in (
            (AUTHENTICATION, "pointer authentication"),
            (TAGGING, "memory tagging"),
        ):
            if mnemonic in SIGNED:
                assert owned in ([SIGNED[mnemonic]], [SIGNED[mnemonic], ""]), (hex(word), text)
            elif pattern.fullmatch(mnemonic) and mnemonic != "pacga":
                assert owned == [name], (hex(word), text)
                seen.add(mnemonic)
            else:
                assert name not in owned, (hex(word), text)
    assert len(seen) > 25, sorted(seen)


def test_exceptions_are_what_objdump_calls_them() -> None:
    source = random.Random(9)
    words = [0xD4000000 | source.getrandbits(24) for _ in range(2000)]
    words += [base | source.getrandbits(16) << 5 for base in EXCEPTIONS for _ in range(20)]
    for word, text in zip(words, disassemble(words), strict=True):
        owned = [op.user for op in decode(word) or ()]
        if owned:
            assert owned == [text.split()[0]]


def test_every_system_instruction_is_the_overlays() -> None:
    source = random.Random(10)
    for _ in range(5000):
        word = 0xD5000000 | source.getrandbits(22)
        assert decode(word) is not None
        instruction = lift(word)
        refused = refused_system(word) is not None
        assert refused or (isinstance(instruction, Instruction) and instruction.overlay)
        assert refused == isinstance(instruction, Undecodable)
    assert decode(0xD69F03E0) == (Op(Opcode.USER, None, (), "eret"),)
