"""Functions in A64 as a body: words of GNU as, at an address."""

import struct

from hypabi.arch.names import InstructionSet
from hypabi.code.function_body import A64Body
from tests.machine.programs import machine_code

START = 0x10000


def body(source: str, start: int = START) -> A64Body:
    """Return the body of a function; it starts and ends where its code does."""
    code = machine_code(source.replace(";", "\n"), InstructionSet.A64)
    return A64Body(start, struct.unpack(f"<{len(code) // 4}I", code))
