"""Lift what an image holds at an address."""

from collections.abc import Callable
from typing import Final

from hypabi.code.control_flow import Lift
from hypabi.image.model import Image, ImageError
from hypabi.image.undefined import Reference
from hypabi.lifter.instruction import (
    AddressOf,
    Constant,
    Instruction,
    Memory,
    Op,
    Operand,
    Undecodable,
)
from hypabi.records import replace
from hypabi.unknowns import undefined_text

WORD: Final = 4
LONG_FORMS: Final = (0b11101, 0b11110, 0b11111)
"""The first five bits of a T32 instruction of 32 bits (DDI 0406C, A6.1)."""

LiftThumb = Callable[[int, int], Instruction | Undecodable]
"""Lifts what an image holds at an address, with an ITSTATE, as T32."""


def code_at(image: Image, address: int) -> bytes:
    """Return 4 bytes of code, or the 2 that are left where the image ends."""
    try:
        return image.read(address, 4)
    except ImageError:
        return image.read(address, 2)


def thumb_lifter(
    image: Image, lift: Callable[[int, bytes, int], Instruction | Undecodable]
) -> LiftThumb:
    """Return a function that lifts what an image holds at an address as T32."""

    def at(address: int, it: int) -> Instruction | Undecodable:
        try:
            content = code_at(image, address)
        except ImageError as error:
            return Undecodable(address, b"", f"no code here: {error}")
        if len(content) < WORD and content[1] >> 3 in LONG_FORMS:
            return Undecodable(address, content, "the image ends within an instruction")
        return with_unknown(image, lift(address, content, it))

    return at


def image_lifter(image: Image, lift: Callable[[int, bytes], Instruction | Undecodable]) -> Lift:
    """Return a function that lifts what an image holds at an address."""

    def at(address: int) -> Instruction | Undecodable:
        try:
            return with_unknown(image, lift(address, image.read(address, 4)))
        except ImageError as error:
            return Undecodable(address, b"", f"no code here: {error}")

    return at


def with_unknown(image: Image, instruction: Instruction | Undecodable) -> Instruction | Undecodable:
    """Return an instruction with the unknown address in it that it refers to, where it does."""
    reference = image.references.get(instruction.address)
    if reference is None or isinstance(instruction, Undecodable):
        return instruction
    ops = tuple(_op_with(op, reference) for op in instruction.ops)
    if ops == instruction.ops:
        what = f"refers to {undefined_text(reference.symbol)}, in a way that is not told"
        return Undecodable(instruction.address, instruction.bytes, what)
    return replace(instruction, ops=ops)


def _op_with(op: Op, reference: Reference) -> Op:
    inputs = tuple(_operand_with(each, reference) for each in op.inputs)
    return op if inputs == op.inputs else replace(op, inputs=inputs)


def _operand_with(operand: Operand, reference: Reference) -> Operand:
    """Return an operand, where it is what the instruction computes of the stand-in the unknown."""
    match operand:
        case Constant(value, size) | Memory(value, size):
            for shift in (0, reference.shift):
                if value == reference.stand_in >> shift:
                    part = (reference.symbol, reference.addend, reference.mask, shift)
                    return AddressOf(*part, size)
            return operand
        case _:
            return operand
