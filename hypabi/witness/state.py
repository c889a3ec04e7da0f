"""The machine state of a witness, and what ends its run."""

from hypabi.machine.state import Extent, Limits, MachineState, fault_vectors, require_register
from hypabi.witness.expectation import Ends, Handed, Promise
from hypabi.witness.model import Given, Prediction, Start

SECONDS = 1.0
"""Longest time that the code itself may run on a machine that cannot count instructions."""


def extent(given: Given) -> Extent:
    """Return memory as a machine takes it."""
    return Extent(given.address, given.content.ljust(given.size, b"\0"))


def state_of(start: Start, code: tuple[Extent, ...]) -> MachineState:
    """Return the state of a start, over the image's code."""
    zeros = dict.fromkeys(require_register(start.architecture), 0)
    memory = (*code, *map(extent, start.memory))
    return MachineState(start.architecture, {**zeros, **start.registers}, memory)


def limits_of(
    state: MachineState, back: int, prediction: Prediction, promise: Promise, most: int = 100_000
) -> Limits:
    """Return what ends the run: where it is predicted to, where it was promised to, and faults."""
    arrival = prediction.arrival
    stops, faults = set(), set(fault_vectors(state.architecture, state.registers))
    if arrival.address is not None and arrival.kind == "reached":
        stops.add(arrival.address)
    if arrival.address is not None and arrival.kind == "faulted":
        faults.add(arrival.address)
    if isinstance(promise, Ends | Handed) and promise.address is not None:
        stops.add(promise.address)
    stopping = tuple(sorted(stops - {back, *faults}))
    return Limits(back, stopping, tuple(sorted(faults)), most, SECONDS)
