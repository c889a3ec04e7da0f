"""What a function has done before it comes to an instruction, on every way and on some.

A data flow over the function's own instructions: which functions it has called, and where it last
wrote a system register.  What those functions do in turn is not looked at.
"""

from collections.abc import Iterator, Mapping
from typing import Final

from hypabi.arch.names import InstructionSet
from hypabi.callsites.backward_paths import Wanted, ways_back
from hypabi.callsites.data_flow import data_flow
from hypabi.callsites.path_runner import Approach
from hypabi.code.function_body import CALLS, Body, Kind, Step
from hypabi.code.system_writes import SystemWrite, instruction_word, system_write
from hypabi.image.model import Image
from hypabi.records import frozen
from hypabi.smt.terms import Value
from hypabi.symbolic.state import Condition

MOST_VISITS: Final = 40_000
"""Instructions looked at for the functions that one has called: KVM's initialisation takes most."""
ENTRY: Final = -1
"""Stands for the function's entry among the places where a register was written last."""
CALLED: Final = -2
"""Stands there for a function that was called, and may have written it."""
ZERO: Final = 31
"""The number that reads as zero in A64."""


@frozen
class Done:
    """What has been done before an instruction."""

    surely: frozenset[int]
    """Functions that have been called on every way."""
    maybe: frozenset[int]
    """Functions that have been called on some way, behind the last call by a pointer: whether that
    comes back, a compiler may know (``noreturn``), and nothing in the code tells."""


@frozen
class LastWrite:
    """What a system register was given last, on one way to where that was."""

    address: int
    """Of the instruction that wrote it."""
    value: Value
    guard: tuple[Condition, ...]


def called_before(body: Body) -> Mapping[int, Done] | None:
    """Return which functions have been called before each instruction that flow reaches.

    :return: ``None`` where more has to be looked at than is
    """

    def onward(step: Step, done: Done) -> Iterator[tuple[int, Done]]:
        if step.kind is Kind.CALL and step.target is not None:
            called = frozenset({step.target})
            done = Done(done.surely | called, done.maybe | called)
        elif step.kind is Kind.CALL_REGISTER:
            done = Done(done.surely, frozenset())
        return ((target, done) for target in body.after(step))

    nothing: frozenset[int] = frozenset()
    return data_flow(body, Done(nothing, nothing), onward, _either, MOST_VISITS)


def _either(one: Done, other: Done) -> Done:
    return Done(one.surely & other.surely, one.maybe | other.maybe)


def written_before(
    approach: Approach, body: Body, place: int, register: str
) -> tuple[LastWrite, ...] | None:
    """Return what a system register was given last by the function, on each way to an instruction.

    :return: ``None`` where more has to be looked at than is, or another function that is called may
        have written it since; empty where on some way nobody has written it
    """
    image, state = approach.around.image, approach.state

    def onward(step: Step, last: frozenset[int]) -> Iterator[tuple[int, frozenset[int]]]:
        write = _write(image, step, state)
        if write is not None and write.register == register:
            last = frozenset({step.address})
        elif step.kind in CALLS:
            last = frozenset({CALLED})
        return ((target, last) for target in body.after(step))

    flow = data_flow(body, frozenset({ENTRY}), onward, frozenset.union)
    if flow is None or place not in flow:
        return None
    writers = flow[place]
    if ENTRY in writers:
        return ()
    if CALLED in writers:
        return None
    return tuple(each for at in sorted(writers) for each in _values(approach, body, at))


def _write(image: Image, step: Step, state: InstructionSet) -> SystemWrite | None:
    if step.kind is not Kind.NEXT:
        return None
    is_a64 = state is InstructionSet.A64
    word = step.word if is_a64 else instruction_word(image, step.address, state)
    return system_write(word, state)


def _values(approach: Approach, body: Body, writer: int) -> Iterator[LastWrite]:
    """Yield what an instruction writes, on each way to it."""
    image, state = approach.around.image, approach.state
    write = _write(image, body.step(writer), state)
    assert write is not None
    if write.source == ZERO and state is InstructionSet.A64:
        yield LastWrite(writer, 0, ())
        return
    wanted = Wanted(1 << write.source, 0, approach.rules.lost)
    for chain in ways_back(body, writer, wanted)[0]:
        arrival = approach.run(body, chain)
        name = f"{approach.rules.prefix}{write.source}"
        yield LastWrite(writer, arrival.registers[name], arrival.conditions)
