"""Run a witness on a machine and say whether it is so."""

from collections.abc import Callable, Iterator, Mapping
from typing import Final, NoReturn, assert_never

from hypabi.arch import aarch32
from hypabi.arch.names import Architecture
from hypabi.contract.registers import registers_of
from hypabi.machine import observation
from hypabi.machine.observation import Observation
from hypabi.machine.protocol import Machine
from hypabi.machine.state import Cell, Extent, Limits, MachineState, Request, without_reserved_bits
from hypabi.records import frozen
from hypabi.witness.expectation import (
    Ends,
    Handed,
    Holds,
    Keeps,
    KeepsBytes,
    Open,
    about_of,
    value_of,
)
from hypabi.witness.layout import RAM_END
from hypabi.witness.model import Arrival, Witness
from hypabi.witness.patched import replacement
from hypabi.witness.state import limits_of, state_of
from hypabi.witness.status import FLAGS, NAMES, STATUS_32, STATUS_64

Pages = Callable[[int, int], bytes]
"""Gives bytes of the program where it runs; what it gives has the SHA-256 of the witness."""


LINKED: Final = (
    "the code does this only at the addresses it is linked at, where QEMU's virt has no RAM and "
    "nothing is translated"
)


class _NoTruthValue:
    __slots__ = ()

    def __bool__(self) -> NoReturn:
        raise TypeError("a replay has no truth value; match on it")


@frozen
class Difference:
    """One thing that a machine shows otherwise than it was predicted."""

    what: str
    predicted: str
    observed: str


@frozen
class Confirmed(_NoTruthValue):
    """The machine shows what was predicted, and that breaks the promise."""

    machine: str
    observed: Observation


@frozen
class NotReproduced(_NoTruthValue):
    """The machine shows something else: a defect of hypabi until it is explained."""

    machine: str
    differences: tuple[Difference, ...]
    observed: Observation


@frozen
class NotRun(_NoTruthValue):
    """The machine could not try it, and why."""

    machine: str
    reason: str


Replay = Confirmed | NotReproduced | NotRun


@frozen
class Run:
    """A witness as a machine takes it."""

    state: MachineState
    limits: Limits
    request: Request


def prepared(witness: Witness, pages: Pages) -> Run:
    """Return what a machine has to run.

    :raises WitnessError: the witness runs code of which it names no page
    """
    code = [Extent(page.address, pages(page.address, page.size)) for page in witness.image.pages]
    code += [Extent(each.address, replacement(each, pages)) for each in witness.image.patched]
    state = state_of(witness.start, tuple(code))
    limits = limits_of(state, witness.start.back, witness.predicted, witness.promised)
    cells = tuple(Cell(each.address, each.size) for each in witness.predicted.memory)
    if isinstance(witness.promised, KeepsBytes):
        cells += (Cell(witness.promised.address, len(witness.promised.content)),)
    system = tuple(dict.fromkeys((*_asked(witness), *state.registers)))
    return Run(state, limits, Request(cells, system))


def replay_witness(witness: Witness, machine: Machine, pages: Pages) -> Replay:
    """Run a witness and compare."""
    run = prepared(witness, pages)
    if machine.name == "qemu" and any(page.address >= RAM_END for page in witness.image.pages):
        return NotRun(machine.name, LINKED)
    seen = machine.run(run.state, run.limits, run.request)
    if isinstance(seen, observation.NotRun):
        return NotRun(seen.machine, seen.reason)
    match seen.ending:
        case observation.LimitReached(limit):
            return NotRun(seen.machine, f"the run was stopped after {limit}")
        case observation.Unmodelled(reason):
            return NotRun(seen.machine, f"at {seen.pc:#x} it meets {reason}")
        case _:
            return judged(witness, seen)


def _asked(witness: Witness) -> tuple[str, ...]:
    """Return the system registers at the end that the witness speaks of."""
    known = registers_of(witness.start.architecture).system
    named = (*about_of(witness.promised), *witness.predicted.registers)
    return tuple(name for name in named if name in known and name not in NAMES)


def judged(witness: Witness, seen: Observation) -> Replay:
    """Compare an observation with the witness."""
    differences = tuple(_differences(witness, seen))
    if differences:
        return NotReproduced(seen.machine, differences, seen)
    try:
        kept = _kept(witness, seen)
    except Open as missing:
        return NotRun(seen.machine, f"it does not show {missing}, which the clause is about")
    if kept:
        broken = Difference("the promise", "is broken", "is kept")
        return NotReproduced(seen.machine, (broken,), seen)
    return Confirmed(seen.machine, seen)


def _differences(witness: Witness, seen: Observation) -> Iterator[Difference]:
    predicted = witness.predicted
    arrival = arrived(seen)
    if not _agree(predicted.arrival, arrival):
        yield Difference("control", ends(predicted.arrival), ends(arrival))
        return
    expected = _expected(witness)
    for name, value in without_reserved_bits(expected).items():
        if name in seen.registers and seen.registers[name] != value:
            yield Difference(name, f"{value:#x}", f"{seen.registers[name]:#x}")
    for given in predicted.memory:
        content = _shown(seen, given.address, given.size)
        if content != given.content:
            other = "no memory" if content is None else content.hex(" ")
            yield Difference(f"memory at {given.address:#x}", given.content.hex(" "), other)


def _shown(seen: Observation, address: int, size: int) -> bytes | None:
    """Return memory that a machine shows, ``None`` where it shows none."""
    cells = (each for each in seen.memory if (each.address, len(each.content)) == (address, size))
    return next((each.content for each in cells), None)


def _expected(witness: Witness) -> Mapping[str, int]:
    """Return the registers at the end: those predicted, every other general one as at the start."""
    general = registers_of(witness.start.architecture).general
    kept = {name: witness.start.registers.get(name, 0) for name in general}
    expected = {**kept, **witness.predicted.registers}
    return {name: value for name, value in expected.items() if name not in witness.predicted.open}


def arrived(seen: Observation) -> Arrival:
    """Return where and how a run ended."""
    match seen.ending:
        case observation.Returned():
            return Arrival("returned", seen.pc, seen.mode)
        case observation.Reached(address) | observation.Outside(address):
            return Arrival("reached", address, seen.mode)
        case observation.Faulted(vector):
            return Arrival("faulted", vector, seen.mode)
        case observation.Stuck(address):
            return Arrival("stuck", address, seen.mode)
        case observation.LimitReached() | observation.Unmodelled():
            return Arrival("stopped", seen.pc, seen.mode)
        case _:
            assert_never(seen.ending)


def ends(arrival: Arrival) -> str:
    """Return where control ends up, in words."""
    at = "" if arrival.mode is None else f" at {arrival.mode}"
    where = "" if arrival.address is None else f" {arrival.address:#x}"
    match arrival.kind:
        case "returned":
            return f"returns to the caller{at}"
        case "reached":
            return f"goes to{where}{at}"
        case "stuck":
            return f"is stuck at{where}"
        case "faulted":
            return "takes an exception" + (f" to{where}" if where else "")
        case _:
            return f"is stopped at{where}{at}"


def _agree(predicted: Arrival, seen: Arrival) -> bool:
    """Return whether an observation ends as predicted, as far as that says."""
    return (
        predicted.kind == seen.kind
        and predicted.address in (None, seen.address)
        and predicted.mode in (None, seen.mode)
    )


def _kept(witness: Witness, seen: Observation) -> bool:
    """Return whether the promise is kept by what a machine shows.

    :raises Open: it does not show what the promise is about
    """
    registers = {**seen.registers, **_status(witness, seen)}
    arrival = arrived(seen)
    match witness.promised:
        case Holds(formula):
            return bool(value_of(formula, registers))
        case Keeps(register, value):
            expected = without_reserved_bits({register: value})[register]
            return value_of(register, registers) == expected
        case KeepsBytes(address, content):
            shown = _shown(seen, address, len(content))
            if shown is None:
                raise Open(f"memory at {address:#x}")
            return shown == content
        case Ends(address, mode, status):
            there = arrival.kind in ("returned", "reached") and arrival.address == address
            same = status is None or next(iter(_status(witness, seen).values())) == status
            return there and mode in (None, arrival.mode) and same
        case Handed(_, address):
            return address is not None and arrival.address == address
        case _:
            assert_never(witness.promised)


def _status(witness: Witness, seen: Observation) -> dict[str, int]:
    """Return the program status that a machine shows, under the name that contracts give it."""
    found = seen.registers
    if witness.start.architecture is Architecture.ARM64:
        word = found["CURRENTEL"] | found["SPSel"] | found["DAIF"]
        for name, bit in zip(FLAGS, (31, 30, 29, 28), strict=True):
            word |= found[name] << bit
        return {"PSTATE": word & STATUS_64}
    fields = aarch32.STATUS_FIELDS
    word = sum(found[field.register] << field.low for field in fields if field.register in found)
    return {"CPSR": word & STATUS_32}
