"""Hold one case of the home provider against one of the other's, where both can be taken."""

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Final

from hypabi.arch.names import Architecture
from hypabi.behaviour.case import Behaviour, Case
from hypabi.behaviour.outcome import (
    Called,
    CalledBack,
    Faulted,
    Left,
    Requested,
    Returned,
    Store,
    Stuck,
    Undecided,
    address_text,
)
from hypabi.frozen import frozen, replace
from hypabi.judgement.by_name import ByName
from hypabi.judgement.change import Aspect, Bearing, Difference
from hypabi.judgement.expression import Moment, Read, width_of, write_value
from hypabi.judgement.lower import NotKnown
from hypabi.judgement.obligation import answers
from hypabi.judgement.revision import Revision
from hypabi.judgement.visible import Frame, Seen, at_exit, entered, is_kept, lost_by
from hypabi.judgement.weighing import NotShown, Scale, Tipped
from hypabi.smt import terms
from hypabi.smt.evaluate import evaluate
from hypabi.smt.terms import Term, Value

MOST_SHOWN: Final = 90
"""Characters of a term that are printed; the rest can be derived."""


Shown = tuple[str, int, Value, Value]
"""Name and width of what differs, and its value on both sides."""


@frozen
class Provided:
    """A case of one side, and how its clauses are lowered."""

    behaviour: Behaviour
    case: Case
    lowering: ByName


@frozen
class Rules:
    """What the home side's row says that a caller may see."""

    revision: Revision
    seen: tuple[Seen, ...]
    frame: Frame
    handed_over: bool
    """No more is promised than which compiled code the call ends in."""


class Pair:
    """Two cases that one state at entry can lead to.

    What differs comes out of :meth:`differences`; what could be neither shown nor excluded is in
    ``reasons`` afterwards.

    :param noted: what was found to differ harmlessly for other pairs of the row, and grows
    """

    def __init__(
        self,
        home: Provided,
        other: Provided,
        rules: Rules,
        scale: Scale,
        noted: set[tuple[Aspect, str]],
    ) -> None:
        self.home = home
        self.other = other
        self.rules = rules
        self.scale = scale
        self.noted = noted
        self.reasons: list[str] = []
        self.architecture: Architecture = rules.revision.architecture
        self.bits = self.architecture.bits

    def differences(self) -> Iterator[Difference]:
        """Yield what a caller of the home side sees differ, and what he cannot see."""
        if self.same_by_identity():
            return
        yield from self.by_end()

    def by_end(self) -> Iterator[Difference]:
        """Yield what differs, as far as both ends let it be seen."""
        match self.home.case.outcome, self.other.case.outcome:
            case (Undecided(_, reason), _) | (_, Undecided(_, reason)):
                self.reasons.append(f"not followed {reason}")
            case Called(), Called():
                yield from self.handed_over()
            case (Called(name), _) | (_, Called(name)) if not self.rules.handed_over:
                self.reasons.append(f"control goes to {_function(name)}, which is not followed")
            case Stuck(), Stuck():
                return
            case (Faulted(), Faulted()) | (Requested(), Requested()):
                self.reasons.append("what follows a fault at EL2 or HYP")
            case Returned(), Returned():
                yield from self.at_the_end()
            case (Left(), Left()) | (CalledBack(), CalledBack()):
                found = list(self.place())
                yield from found or self.at_the_end()
            case _:
                yield from self.tipped(Aspect.END, Bearing.BREAKS, "how the call ends", 1)

    def handed_over(self) -> Iterator[Difference]:
        """Yield whether both go to the same compiled code, where that is all that is promised."""
        names = [
            each.case.outcome.name.removeprefix("__kvm_nvhe_")
            for each in (self.home, self.other)
            if isinstance(each.case.outcome, Called)
        ]
        if not self.rules.handed_over or not all(names):
            unnamed = next((name for name in names if not name), names[0])
            self.reasons.append(f"control goes to {_function(unnamed)}, which is not followed")
        elif names[0] != names[1]:
            yield from self.tipped(Aspect.END, Bearing.BREAKS, "how the call ends", 1)

    def same_by_identity(self) -> bool:
        """Tell whether both are one case of one program: the same by any reading."""
        followed = isinstance(self.home.case.outcome, Returned | Left | CalledBack | Stuck)
        alike = self.home.case == self.other.case
        entries = self.home.behaviour.at_entry == self.other.behaviour.at_entry
        return alike and entries and (followed or self.scale.one_program)

    def place(self) -> Iterator[Difference]:
        """Yield where control goes and in which mode, where it differs."""
        home, other = self.home.case.outcome, self.other.case.outcome
        assert isinstance(home, Left | CalledBack) and isinstance(other, Left | CalledBack)
        elsewhere = terms.ne(home.target, other.target, self.bits)
        if isinstance(home, CalledBack) or (home.status is None and self.bits == 32):
            elsewhere = terms.lor(elsewhere, int(home.mode != other.mode))
        name = "PSTATE" if self.bits == 64 else "CPSR"
        width = 5 if self.bits == 64 else 6  # the mode, and on AArch32 the instruction set state
        status = [
            terms.extract(each.lowering.register(name, self.bits, Moment.EXIT), 0, width, self.bits)
            for each in (self.home, self.other)
        ]
        elsewhere = terms.lor(elsewhere, terms.ne(status[0], status[1], width))
        yield from self.tipped(Aspect.END, Bearing.BREAKS, "where control goes", elsewhere)

    def at_the_end(self) -> Iterator[Difference]:
        """Yield what differs in registers and memory when control leaves."""
        promised = {part.of.register for part in self.rules.seen if isinstance(part.of, Read)}
        if isinstance(self.home.case.outcome, Returned):
            promised.add(self.rules.revision.result)
            yield from self.result()
        for part in self.rules.seen:
            yield from self.promised(part)
        frame = self.rules.frame
        yield from self.registers(frame.general, promised, general=True)
        yield from self.registers(frame.system, promised, general=False)
        yield from self.memory(frame)
        yield from self.effects()

    def result(self) -> Iterator[Difference]:
        """Yield whether the result register differs."""
        name = self.rules.revision.result
        if not self.both_keep(name):
            home, other = self.values(name, self.bits)
            differs = terms.ne(home, other, self.bits)
            yield from self.tipped(Aspect.RESULT, Bearing.BREAKS, name, differs)

    def both_keep(self, name: str) -> bool:
        """Tell whether a register is on both sides what it was at entry."""
        sides = (self.home, self.other)
        return all(is_kept(side.behaviour, side.case, name) for side in sides)

    def values(self, name: str, width: int) -> tuple[Value, Value]:
        """Return a register at exit of both sides."""
        home, other = (
            at_exit(side.behaviour, side.case, name, width) for side in (self.home, self.other)
        )
        return home, other

    def promised(self, part: Seen) -> Iterator[Difference]:
        """Yield a promised register or field whose value differs."""
        if isinstance(part.of, Read) and self.both_keep(part.of.register):
            return
        try:
            home = self.home.lowering.value(part.of)
            other = self.other.lowering.value(part.of)
            condition = terms.ne(home, other, width_of(part.of))
            if part.when is not None:
                condition = terms.land(condition, self.home.lowering.predicate(part.when))
        except NotKnown as unknown:
            self.reasons.append(str(unknown))
            return
        said = answers(self.home.case, self.home.lowering, self.rules.revision, part.answered)
        name = write_value(part.of)
        condition = terms.land(condition, said)
        aspect = Aspect.RESULT if name == self.rules.revision.result else Aspect.PROMISED
        shown = (name, width_of(part.of), home, other)
        yield from self.tipped(aspect, Bearing.BREAKS, name, condition, shown)

    def registers(
        self, may_change: frozenset[str] | None, promised: set[str], *, general: bool
    ) -> Iterator[Difference]:
        """Yield the registers of one kind that one side keeps and the other loses."""
        aspect = Aspect.REGISTER if general else Aspect.SYSTEM_REGISTER
        names = dict.fromkeys(lost_by(self.architecture, self.home.case, general=general))
        names |= dict.fromkeys(lost_by(self.architecture, self.other.case, general=general))
        for name in sorted(names):
            if name in promised or self.both_keep(name):
                continue
            if may_change is None or name in may_change:
                home, other = self.values(name, self.width(name))
                differs = terms.ne(home, other, self.width(name))
                yield from self.tipped(aspect, Bearing.HARMLESS, name, differs)
            else:
                yield from self.protected(aspect, name, general=general)

    def width(self, name: str) -> int:
        """Return the width of a register that some case lists."""
        widths = (side.behaviour.widths for side in (self.home, self.other))
        return next(each[name] for each in widths if name in each)

    def protected(self, aspect: Aspect, name: str, *, general: bool) -> Iterator[Difference]:
        """Yield whether a register that has to be kept is lost by one side only."""
        width = self.width(name)
        home, other = self.values(name, width)
        before = [self.before(side, name, width) for side in (self.home, self.other)]
        kept = [terms.eq(value, b, width) for value, b in zip((home, other), before, strict=True)]
        loses = terms.land(kept[0], terms.lnot(kept[1]))
        found = list(self.tipped(aspect, Bearing.LOSES, name, loses))
        gains = terms.land(terms.lnot(kept[0]), kept[1])
        found += self.tipped(aspect, Bearing.GAINS, name, gains)
        both = terms.land(*map(terms.lnot, kept), terms.ne(home, other, width))
        worst = Bearing.HARMLESS if general else Bearing.BREAKS
        found += self.tipped(aspect, worst, name, both)
        yield from found[:1]

    def before(self, side: Provided, name: str, width: int) -> Value:
        """Return a register at entry of one side."""
        if name in side.behaviour.widths:
            return entered(side.behaviour, name)
        found = side.behaviour.at_entry.get(name)
        return terms.symbol(name, width) if found is None else found

    def memory(self, frame: Frame) -> Iterator[Difference]:
        """Yield memory that differs byte by byte once the call has ended."""
        home, other = self.bytes_of(self.home, frame), self.bytes_of(self.other, frame)
        harmless = frame.memory is None
        only = [key for key in other if key not in home], [key for key in home if key not in other]
        bases = [{base for base, _ in keys} for keys in only]
        if all(bases) and bases[0] != bases[1]:
            self.reasons.append("whether both write the same memory")
            return
        for keys, bearing in zip(only, (Bearing.LOSES, Bearing.GAINS), strict=True):
            for key in keys[:1]:
                words = ["it is written", "it is kept"]
                if bearing is Bearing.LOSES:
                    words.reverse()
                bearing_of = Bearing.HARMLESS if harmless else bearing
                where = _where(key, self.bits)
                for found in self.tipped(Aspect.MEMORY, bearing_of, where, 1, (where, 1, 0, 0)):
                    yield replace(found, home=words[0], other=words[1])
        for key, value in home.items():
            if key in other and value is not other[key]:
                differs = terms.ne(value, other[key], 8)
                bearing = Bearing.HARMLESS if harmless else Bearing.BREAKS
                where = _where(key, self.bits)
                shown = (where, 8, value, other[key])
                bytes_found = list(self.tipped(Aspect.MEMORY, bearing, where, differs, shown))
                if bytes_found:
                    yield from bytes_found
                    return

    def bytes_of(self, side: Provided, frame: Frame) -> dict[tuple[Term | None, int], Value]:
        """Return the bytes that a case leaves in memory, outside of where it may write."""
        found: dict[tuple[Term | None, int], Value] = {}
        for store in side.case.stores:
            if self.permitted(side, store, frame):
                continue
            for at in range(store.size):
                byte = terms.extract(store.value, 8 * at, 8, 8 * store.size)
                found[store.base, store.offset + at & (1 << self.bits) - 1] = byte
        return found

    def permitted(self, side: Provided, store: Store, frame: Frame) -> bool:
        """Tell whether a store was proved to lie where the row lets write."""
        address = terms.add(0 if store.base is None else store.base, store.offset, self.bits)
        for region in frame.memory or ():
            try:
                distance = terms.sub(address, side.lowering.value(region.start), self.bits)
            except NotKnown:
                continue
            if region.size >= store.size:
                outside = terms.ult(region.size - store.size, distance, self.bits)
                if self.scale.never(outside):
                    return True
        return False

    def effects(self) -> Iterator[Difference]:
        """Yield whether barriers and maintenance differ, which nothing else here shows."""
        home, other = (
            Counter(effect.name for effect in side.case.effects) for side in (self.home, self.other)
        )
        if home != other:
            yield Difference(
                Aspect.EFFECT,
                Bearing.HARMLESS,
                "barriers, TLB and cache operations",
                _counted(home),
                _counted(other),
                {},
            )

    def tipped(
        self,
        aspect: Aspect,
        bearing: Bearing,
        subject: str,
        differs: Value,
        shown: Shown | None = None,
    ) -> Iterator[Difference]:
        """Yield a difference, if some state at entry shows it."""
        if bearing is Bearing.HARMLESS:
            if (aspect, subject) not in self.noted and self.scale.plainly(differs):
                self.noted.add((aspect, subject))
                yield Difference(aspect, bearing, subject, *self.roughly(subject, shown), {})
            return
        match self.scale.weigh(differs):
            case Tipped(model):
                texts = self.texts(aspect, subject, model, shown)
                yield Difference(aspect, bearing, subject, *texts, model)
            case NotShown(reason):
                self.reasons.append(f"{subject}: {reason}")
            case None:
                return

    def roughly(self, subject: str, shown: Shown | None) -> tuple[str, str]:
        """Return both values of what nobody may rely on, as terms."""
        if shown is None:
            width = self.width(subject)
            shown = (subject, width, *self.values(subject, width))
        _, width, *values = shown
        texts = [terms.text(value, width) for value in values]
        home, other = (t if len(t) <= MOST_SHOWN else "another value" for t in texts)
        return f"{subject} is {home}", f"{subject} is {other}"

    def texts(
        self, aspect: Aspect, subject: str, model: Mapping[str, int], shown: Shown | None
    ) -> tuple[str, str]:
        """Return what both sides do in the state of a model, in words."""
        if aspect in (Aspect.END, Aspect.RESULT):
            return self.ending(self.home, model), self.ending(self.other, model)
        if shown is not None:
            name, width, home, other = shown
            return _is(name, home, width, model), _is(name, other, width, model)
        width = self.width(subject)
        home, other = self.values(subject, width)
        return (
            self.kept_or(self.home, subject, home, width, model),
            self.kept_or(self.other, subject, other, width, model),
        )

    def kept_or(
        self, side: Provided, name: str, value: Value, width: int, model: Mapping[str, int]
    ) -> str:
        """Say what becomes of a register."""
        before = self.before(side, name, width)
        if value == before or evaluate(value, model) == evaluate(before, model):
            return f"{name} is kept"
        return _is(name, value, width, model)

    def ending(self, side: Provided, model: Mapping[str, int]) -> str:
        """Say how a call ends."""
        match side.case.outcome:
            case Returned():
                name = self.rules.revision.result
                value = at_exit(side.behaviour, side.case, name, self.bits)
                return f"it returns to the caller, {name} is {valued(value, self.bits, model)}"
            case Left(target, mode, status):
                at = mode if status is None else f"{mode}, PSTATE {evaluate(status, model):#x}"
                return f"control goes to {valued(target, self.bits, model)} at {at}"
            case CalledBack(target, mode):
                where = valued(target, self.bits, model)
                return f"control goes to {where} at {mode}, as to a function"
            case Stuck():
                return "it is stuck"
            case Faulted(_, what):
                return f"it faults: {what}"
            case Called(name):
                return f"control goes to {_function(name)}"
            case Requested():
                return "it issues a call itself"
            case Undecided(_, reason):
                return f"not followed: {reason}"


def valued(value: Value, width: int, model: Mapping[str, int]) -> str:
    """Return a value as a term, if that is short, and as what it is under a model."""
    if isinstance(value, int):
        return terms.text(value, width)
    text, number = terms.text(value, width), terms.text(evaluate(value, model), width)
    if len(text) > MOST_SHOWN:
        return number
    return f"{text} ({number})"


def _is(name: str, value: Value, width: int, model: Mapping[str, int]) -> str:
    if isinstance(value, Term) and value.op == "symbol" and value.name == name:
        return f"{name} is kept"
    return f"{name} is {valued(value, width, model)}"


def _function(name: str) -> str:
    return f"the C function {name}" if name else "a C function without a symbol"


def _where(key: tuple[Term | None, int], bits: int) -> str:
    return f"memory at {address_text(key[0], key[1], bits)}"


def _counted(names: Counter[str]) -> str:
    listed = (name if n == 1 else f"{name} x{n}" for name, n in sorted(names.items()))
    return ", ".join(listed) or "none"
