"""Lift what an image holds at an address."""

from collections.abc import Callable
from typing import Final

from hypabi.code.control_flow import Lift
from hypabi.image.model import Image, ImageError
from hypabi.lifter.instruction import Instruction, Undecodable

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
        return lift(address, content, it)

    return at


def image_lifter(image: Image, lift: Callable[[int, bytes], Instruction | Undecodable]) -> Lift:
    """Return a function that lifts what an image holds at an address."""

    def at(address: int) -> Instruction | Undecodable:
        try:
            return lift(address, image.read(address, 4))
        except ImageError as error:
            return Undecodable(address, b"", f"no code here: {error}")

    return at
