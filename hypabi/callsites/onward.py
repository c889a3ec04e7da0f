"""Where code goes on by a computed branch behind an ``hvc`` that should not have come back."""

from typing import Final

from hypabi.callsites.backward_paths import Chain, Stop
from hypabi.callsites.model import Onward
from hypabi.callsites.path_runner import Approach
from hypabi.code.function_body import A64Body, Body, Kind

MOST_STEPS: Final = 32
"""Instructions behind the call, none of which may branch before the one that leaves."""


def onward(approach: Approach, body: Body, behind: int) -> Onward | None:
    """Return where A64 code goes on by a branch to a register.

    :param behind: address of the first instruction behind the call
    :return: ``None`` where it branches otherwise first, or calls, or returns
    """
    if not isinstance(body, A64Body):
        return None
    steps = []
    for address in range(behind, behind + 4 * MOST_STEPS, 4):
        if not body.holds(address):
            return None
        step = body.step(address)
        steps.append(address)
        if step.kind is Kind.COMPUTED:
            register = f"x{step.word >> 5 & 31}"
            arrival = approach.run(body, Chain(tuple(steps), Stop.KNOWN, shared=False))
            target = arrival.registers.get(register)
            return None if target is None else Onward(address, register, target, arrival.sources)
        if step.kind is not Kind.NEXT:
            return None
    return None
