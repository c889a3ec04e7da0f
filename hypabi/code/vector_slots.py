"""Where control goes from a slot of a vector table, as far as unconditional branches tell."""

import enum
from collections.abc import Iterable
from typing import Final, Literal

from hypabi.code.alternatives import Patches
from hypabi.code.control_flow import Lift, successors
from hypabi.lifter.instruction import Instruction, Opcode, Register, Undecodable

MOST_FOLLOWED: Final = 64
"""Branches and hints followed from one slot; a slot of EL2 has 32 words."""
SYNDROMES: Final = frozenset({"ESR_EL2", "ESR_EL1", "HSR"})
"""Names by which EL2 and HYP read their syndrome; with HCR_EL2.E2H, ESR_EL1 is ESR_EL2 there."""


class Route(enum.Enum):
    """Where a slot leads."""

    HANGS = "hangs"
    """Into a loop of branches that does nothing."""
    AS_CALL = "as a call"
    """To the same code as the slot that a hypercall enters."""
    ELSEWHERE = "elsewhere"
    """To code of its own, or it is not told by branches alone."""


def route_of(slot: int, of_call: int, lift: Lift, patches: Patches) -> Route:
    """Return where a slot leads.

    :param of_call: the slot that a hypercall enters
    """
    landed = _landed(slot, lift, patches)
    if landed is None or isinstance(landed, Route):
        return landed or Route.ELSEWHERE
    return Route.AS_CALL if landed == _landed(of_call, lift, patches) else Route.ELSEWHERE


def reads_syndrome(addresses: Iterable[int], lift: Lift) -> bool:
    """Return whether an instruction at one of these addresses reads the syndrome, or may."""
    return any(_reads_syndrome(lift(address)) for address in addresses)


def _reads_syndrome(found: Instruction | Undecodable) -> bool:
    if isinstance(found, Undecodable):
        return True
    operands = (operand for op in found.ops for operand in op.inputs)
    return any(isinstance(each, Register) and each.name in SYNDROMES for each in operands)


def _landed(address: int, lift: Lift, patches: Patches) -> int | Literal[Route.HANGS] | None:
    """Return the first instruction behind a slot that does more than branch or nothing."""
    passed: set[int] = set()
    while address not in passed and len(passed) < MOST_FOLLOWED:
        passed.add(address)
        found = lift(address)
        if isinstance(found, Undecodable) or patches.at(address):
            return None
        onward = _onward(found)
        if onward is None:
            return address
        address = onward
    return Route.HANGS if address in passed else None


def _onward(instruction: Instruction) -> int | None:
    """Return the only place to which an instruction goes on that does nothing else."""
    goes = tuple(successors(instruction))
    idle = all(op.opcode is Opcode.BRANCH for op in instruction.ops)
    return goes[0] if idle and len(goes) == 1 else None
