"""What a party does with one call, as the promises that a contract would make of it."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, assert_never

from hypabi.analysis.draft.wording import Inexpressible, Wording, number_text
from hypabi.analysis.findings.derivation import Does
from hypabi.behaviour.outcome import (
    Called,
    CalledBack,
    Faulted,
    Left,
    Requested,
    Returned,
    Stuck,
    Undecided,
)
from hypabi.contract.registers import Registers
from hypabi.smt.terms import Term, Value
from hypabi.unknowns import is_general

DERIVED: Final = "So the image does it. Say here why."
MOST_DIFFERENT: Final = 6
"""Values of one register that a promise lists; more are left open."""


@dataclass
class Reply:
    """What is promised so far; promises that turn out not to be proved are taken out again."""

    promises: dict[str, dict[str, str]] = field(default_factory=dict)
    writes: list[str] = field(default_factory=list)
    memory: dict[str, dict[str, str | int]] = field(default_factory=dict)
    unspecified: str = ""
    """Why nothing is promised; empty where something is."""
    arguments: set[str] = field(default_factory=set)

    def with_names(self, arguments: Mapping[str, str]) -> "Reply":
        """Return the same with registers that are arguments by these names."""
        promises = {
            name: {key: _named(key, text, arguments) for key, text in promise.items()}
            for name, promise in self.promises.items()
        }
        memory: dict[str, dict[str, str | int]] = {
            name: {
                key: _named(key, said, arguments) if isinstance(said, str) else said
                for key, said in region.items()
            }
            for name, region in self.memory.items()
        }
        return Reply(promises, self.writes, memory, self.unspecified, self.arguments)

    def plain(self) -> dict[str, object]:
        """Return what the file says of it."""
        if self.unspecified:
            return {"unspecified": {"because": self.unspecified}}
        said: dict[str, object] = {}
        if self.promises:
            said["promises"] = {
                name: {**promise, "because": DERIVED} for name, promise in self.promises.items()
            }
        if self.writes:
            state = {"registers": list(self.writes), "because": DERIVED}
            said["writes"] = {"state": state}
        if self.memory:
            said["may-write-memory"] = {
                name: {**region, "because": DERIVED} for name, region in self.memory.items()
            }
        return said


def _named(key: str, text: str, arguments: Mapping[str, str]) -> str:
    """Return an expression with arguments by name: what a register holds at entry is one."""
    at_entry = r"\bold\((\w+)\)" if key == "ensures" else r"\b(\w+)\b"
    return re.sub(at_entry, lambda found: arguments.get(found[1], found[0]), text)


def reply_of(
    does: Sequence[Does],
    registers: Registers,
    entered: Mapping[Value, str],
    answer: str,
    asked: Mapping[str, int],
) -> Reply:
    """Return the reply of one number at one party.

    :param entered: as of :class:`Wording`
    :param answer: the register that answers
    :param asked: the register that holds the number, where one does as a whole
    """
    reply = Reply()
    named: set[str] = set()
    after = Wording(registers, entered, at_exit=True, named=named)
    before = Wording(registers, entered, at_exit=False, named=named)
    try:
        reply.promises |= _ends(does, before)
    except Inexpressible:
        reply.unspecified = "How it ends depends on what no expression says: " + _how(does)
        return reply
    for name in _promised(does, answer):
        width = registers.width(name)
        try:
            if width is not None:
                said = after.bounded(_value_of(name, width, does, after, asked))
                reply.promises[_slug(name, answer)] = {"ensures": said}
        except Inexpressible:
            continue
    changed = {name for each in does for name in each.system}
    reply.writes = sorted(changed & registers.system.keys())
    reply.memory = dict(_memory(does, before))
    reply.arguments = {name for name in named if name in registers.general}
    return reply


def _ends(does: Sequence[Does], before: Wording) -> dict[str, dict[str, str]]:
    """Return the promises of where control goes; none where each case returns."""
    ends: dict[tuple[str, ...], list[Does]] = {}
    for each in does:
        ends.setdefault(_end(each, before), []).append(each)
    promises = {}
    for index, (end, cases) in enumerate(ends.items()):
        if end == ("returns",) and len(ends) == 1:
            continue
        promise = _said_of_end(end)
        if len(ends) > 1:
            promise["when"] = before.bounded(_when(cases, before))
        promises["ends" if len(ends) == 1 else f"ends-{index}"] = promise
    return promises


def _end(does: Does, before: Wording) -> tuple[str, ...]:
    match does.outcome:
        case Returned():
            return ("returns",)
        case Left(target, mode):
            return ("leaves", before.value(target), mode)
        case Called(name):
            return ("handed", name)
        case CalledBack(target, mode):
            return ("calls", before.value(target), mode)
        case Stuck() | Faulted() | Requested() | Undecided():
            raise Inexpressible
        case _:
            assert_never(does.outcome)


def _said_of_end(end: tuple[str, ...]) -> dict[str, str]:
    match end:
        case ("leaves", target, mode):
            return {"leaves-to": target, "at": mode}
        case ("calls", target, mode):
            return {"calls": target, "at": mode}
        case ("handed", name):
            return {"handed-to": name}
        case _:
            return {"returns": "caller"}


def _how(does: Sequence[Does]) -> str:
    """Say why nothing is promised of how a call ends."""
    for each in does:
        match each.outcome:
            case Undecided(_, reason):
                return f"{reason}."
            case Stuck():
                return "it may never come back."
            case Faulted() | Requested():
                return "it may end in an exception at EL2."
            case _:
                continue
    return "it goes where no register says."


def _when(cases: Sequence[Does], wording: Wording) -> str:
    """Say under which condition one of these cases is taken."""
    found = [" and ".join(f"({wording.condition(each)})" for each in case.where) for case in cases]
    if not all(found):
        raise Inexpressible
    return " or ".join(f"({each})" for each in dict.fromkeys(found))


def _promised(does: Sequence[Does], answer: str) -> Iterator[str]:
    """Yield the registers of which something is promised: the answer, and what of EL2 changes.

    Of a call that leaves, what it passes is promised as well.
    """
    found = {answer: None} if any(answer in each.general for each in does) else {}
    found |= {name: None for each in does for name in each.system}
    leaves = [each for each in does if isinstance(each.outcome, Left | CalledBack)]
    if leaves and len(leaves) == len(does):
        found |= {name: None for each in leaves for name in each.general if is_general(name)}
    yield from found


def _value_of(
    name: str, width: int, does: Sequence[Does], after: Wording, asked: Mapping[str, int]
) -> str:
    """Say what a register is at exit.

    :raises Inexpressible: there is no way to
    """
    values: dict[str, list[Does]] = {}
    for each in does:
        value = each.general.get(name, each.system.get(name))
        if value is None:
            said = f"{name} == {_old(name, after, asked)}"
        else:
            said = after.equation(name, value, width)
        values.setdefault(said, []).append(each)
    if len(values) == 1:
        return next(iter(values))
    if len(values) > MOST_DIFFERENT:
        raise Inexpressible
    try:
        told = [f"({_when(cases, after)}) and {said}" for said, cases in values.items()]
        return after.bounded(" or ".join(f"({each})" for each in told))
    except Inexpressible:
        return " or ".join(values)


def _old(name: str, after: Wording, asked: Mapping[str, int]) -> str:
    if name in asked:
        return number_text(asked[name])
    if is_general(name):
        after.named.add(name)
    return f"old({name})"


def _slug(name: str, answer: str) -> str:
    return "answer" if name == answer else f"{name.lower().replace('_', '-')}-after"


def _memory(does: Sequence[Does], before: Wording) -> Iterator[tuple[str, dict[str, str | int]]]:
    """Yield the memory that may be written, one region for each base that can be named."""
    spans: dict[Term | None, tuple[int, int]] = {}
    bits = before.registers.architecture.bits
    for store in (store for each in does for store in each.stores):
        start = _signed(store.offset, bits)
        low, high = spans.get(store.base, (start, start))
        spans[store.base] = (min(low, start), max(high, start + store.size))
    for index, (base, (low, high)) in enumerate(spans.items()):
        try:
            yield f"written-{index}", {"start": _start(base, low, before), "size": high - low}
        except Inexpressible:
            continue


def _start(base: Term | None, low: int, before: Wording) -> str:
    if base is None:
        return number_text(low)
    text = before.value(base)
    if low < 0:
        return f"{text} - {-low}"
    return f"{text} + {low}" if low else text


def _signed(offset: int, bits: int) -> int:
    """Return a distance as the smaller of the two ways round."""
    return offset - (1 << bits) if offset >> (bits - 1) else offset


def answered_by(rows: Sequence[Sequence[Does]], usual: str) -> str:
    """Return the register that answers: the one in which most rows return constants.

    :param usual: wins where nothing else is better
    """
    counted: dict[str, int] = {}
    for does in rows:
        constant = {
            name
            for each in does
            if isinstance(each.outcome, Returned)
            for name, value in each.general.items()
            if is_general(name) and isinstance(value, int)
        }
        for name in constant:
            counted[name] = counted.get(name, 0) + 1
    best = max(counted, key=lambda name: (counted[name], name == usual, name), default=usual)
    return usual if counted.get(usual, 0) == counted.get(best, 0) else best
