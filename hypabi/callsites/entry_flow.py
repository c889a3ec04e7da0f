"""What registers hold within a function, of what it was entered with, whichever way was taken.

A data flow over the function's own instructions, for places to which loops lead that no single way
goes round.  Told apart are a register as the function was entered with it, a word of memory near
such a register that was read before anything was written, what a function answered, and something
else; what was not followed is none of these.  What is written to the stack alone writes nothing
that others read.
"""

from collections.abc import Iterator, Mapping
from typing import Final

from hypabi.callsites.data_flow import data_flow
from hypabi.callsites.path_runner import Approach, Walk
from hypabi.code import register_usage
from hypabi.code.function_body import CALLS, Body, Kind, Step
from hypabi.records import frozen
from hypabi.smt import terms
from hypabi.smt.terms import Term, Value
from hypabi.symbolic.places import based

RESULT: Final = 0
"""The register in which functions answer (AAPCS)."""
STACK: Final = ("SP", "sp", "r13")
TRACER: Final = "__gnu_mcount_nc"
"""Functions of 32-bit kernels call it before anything else; all but ip it leaves as it was, and the
kernel has the call replaced (entry-ftrace.S)."""
SCRATCH: Final = 12
"""The register ip of AAPCS32."""


@frozen
class AtEntry:
    """What a register held when the function was entered."""

    register: str


@frozen
class ReadBy:
    """A word of memory to which a register pointed at entry, read before any was written."""

    register: str
    offset: int


@frozen
class Answered:
    """What a function answered in its result register."""

    function: int


@frozen
class Else:
    """Something else: computed, read too late, or different things on different ways."""


@frozen
class Lost:
    """What was not followed: read back from the stack, or made by what is not modelled."""


Held = AtEntry | ReadBy | Answered | Else | Lost
ELSE: Final = Else()
LOST: Final = Lost()


@frozen
class Moment:
    """What is known before an instruction."""

    registers: tuple[Held, ...]
    """By number of the general register."""
    written: bool
    """Whether memory may have been written that is not the stack's."""


@frozen
class _Copy:
    """A register gets what another held."""

    of: int


@frozen
class _Load:
    """A register gets a word of memory at a distance from another."""

    of: int
    offset: int


_Made = _Copy | _Load | Answered | Else | Lost


@frozen
class _Effect:
    """What one instruction does."""

    made: Mapping[int, _Made]
    writes: bool


def flow_from_entry(approach: Approach, body: Body) -> Mapping[int, Moment] | None:
    """Return what is known before each instruction that flow reaches.

    :return: ``None`` where more has to be looked at than is
    """
    rules = approach.rules
    names = [f"{rules.prefix}{number}" for number in range(rules.count)]
    effects: dict[int, _Effect] = {}

    def onward(step: Step, known: Moment) -> Iterator[tuple[int, Moment]]:
        effect = effects.get(step.address)
        if effect is None:
            effect = effects[step.address] = _effect(approach, body, step)
        behind = _behind(known, effect)
        return ((target, behind) for target in body.after(step))

    return data_flow(body, Moment(tuple(map(AtEntry, names)), written=False), onward, _met)


def _behind(before: Moment, effect: _Effect) -> Moment:
    registers = list(before.registers)
    for number, made in effect.made.items():
        match made:
            case _Copy(of):
                registers[number] = before.registers[of]
            case _Load(of, offset):
                registers[number] = _read(before, of, offset)
            case Answered() | Else() | Lost():
                registers[number] = made
    return Moment(tuple(registers), before.written or effect.writes)


def _read(before: Moment, of: int, offset: int) -> Held:
    match before.registers[of]:
        case AtEntry(register) if not before.written:
            return ReadBy(register, offset)
        case Lost():
            return LOST
        case _:
            return ELSE


def _met(one: Moment, other: Moment) -> Moment:
    pairs = zip(one.registers, other.registers, strict=True)
    return Moment(tuple(_either(*pair) for pair in pairs), one.written or other.written)


def _either(one: Held, other: Held) -> Held:
    if one == other:
        return one
    return LOST if LOST in (one, other) and ELSE not in (one, other) else ELSE


class _Probe(Walk):
    """Runs one instruction, and notes the addresses that it reads and writes."""

    def __init__(self, approach: Approach, start: int) -> None:
        super().__init__(approach, start, at_entry=False)
        self.read_at: dict[str, Value] = {}
        self.written_at: list[Value] = []

    def load(self, address: Value, size: int) -> Value:
        """Return a symbol of its own for each word that is read."""
        word = terms.symbol(f"word {len(self.read_at)}", 8 * size)
        self.read_at[word.name] = address
        return word

    def store(self, address: Value, size: int, value: Value) -> None:
        """Note where is written."""
        self.written_at.append(address)


def _effect(approach: Approach, body: Body, step: Step) -> _Effect:
    rules = approach.rules
    if step.kind is Kind.CALL and _traces(approach, step.target):
        return _Effect({SCRATCH: ELSE}, writes=False)
    if step.kind in CALLS:
        made: dict[int, _Made] = dict.fromkeys(register_usage.numbers(rules.lost), ELSE)
        if step.kind is Kind.CALL and step.target is not None:
            made[RESULT] = Answered(step.target)
        return _Effect(made, writes=True)
    if step.uses is None:
        return _Effect(dict.fromkeys(range(rules.count), LOST), writes=True)
    if step.kind is not Kind.NEXT:
        # A branch writes no register that is followed; what is conditional is no copy.
        return _Effect(dict.fromkeys(register_usage.numbers(step.uses.writes), ELSE), writes=False)
    probe = _Probe(approach, step.address)
    probe.registers["CPSR.IT"] = body.it(step.address)
    probe.over(step, step.address + step.size)
    # What is written on a condition is not among what is surely written.
    read = {n: _made(probe, f"{rules.prefix}{n}", rules.prefix) for n in range(rules.count)}
    kept = {n: each for n, each in read.items() if each != _Copy(n)}
    return _Effect(kept, writes=not all(map(_is_on_stack, probe.written_at)))


def _traces(approach: Approach, function: int | None) -> bool:
    return any(each.address == function for each in approach.around.image.symbols.find(TRACER))


def _made(probe: _Probe, register: str, prefix: str) -> _Made:
    value = probe.read(register)
    if not isinstance(value, Term) or value.op != "symbol":
        return ELSE
    source = probe.sources.get(value.name)
    if source is not None:
        is_general = source.register.startswith(prefix) and source.address == probe.start
        return _Copy(int(source.register[1:])) if is_general and " at " in value.name else LOST
    if value.name not in probe.read_at:
        return ELSE
    base, offset = based(probe.read_at[value.name])
    if base is None or base.op != "symbol":
        return ELSE
    if _is_on_stack(base):
        return LOST
    of = probe.sources.get(base.name)
    return ELSE if of is None else _Load(int(of.register[1:]), offset)


def _is_on_stack(address: Value) -> bool:
    base, _ = based(address)
    return base is not None and base.op == "symbol" and base.name.startswith(STACK)
