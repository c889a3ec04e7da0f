"""Hold one case of the home provider against one of the other's, where both can be taken."""

from collections import Counter
from collections.abc import Iterator, Mapping

from hypabi.arch.names import Architecture
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
from hypabi.contract.expression import Moment, Read, width_of, write_value
from hypabi.contract.registers import is_general
from hypabi.contract.revision import NVHE_PREFIX
from hypabi.judgement.difference.case_view import Provided, Rules
from hypabi.judgement.difference.difference_query import DifferenceQuery, Differs, NotShown
from hypabi.judgement.difference.memory_effects import (
    Piece,
    before,
    not_comparable,
    place,
    taken_apart,
    written,
)
from hypabi.judgement.difference.model import Aspect, Bearing, Difference
from hypabi.judgement.difference.wording import becomes, counted, ending, function, roughly
from hypabi.judgement.verification.lowering import NotKnown
from hypabi.judgement.verification.obligations import speaks_of
from hypabi.judgement.verification.observables import (
    Frame,
    Seen,
    at_exit,
    entered,
    is_kept,
    is_register,
    lost_by,
)
from hypabi.records import replace
from hypabi.smt import terms
from hypabi.smt.evaluate import evaluate
from hypabi.smt.terms import Value

Shown = tuple[str, int, Value, Value]
"""Name and width of what differs, and its value on both sides."""


class Pair:
    """Two cases that one state at entry can lead to.

    What differs comes out of :meth:`differences`; what could be neither shown nor excluded is in
    ``reasons`` afterwards, and what was assumed in ``assumptions``.

    :param noted: what was found to differ harmlessly for other pairs of the row, and grows
    """

    def __init__(
        self,
        home: Provided,
        other: Provided,
        rules: Rules,
        scale: DifferenceQuery,
        noted: set[tuple[Aspect, str]],
    ) -> None:
        self.home = home
        self.other = other
        self.rules = rules
        self.scale = scale
        self.noted = noted
        self.reasons: list[str] = []
        self.assumptions: set[str] = set()
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
                self.reasons.append(f"control goes to {function(name)}, which is not followed")
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
        """Yield whether both go to the same compiled code, and set up the same for it."""
        names = [
            each.case.outcome.name.removeprefix(NVHE_PREFIX)
            for each in (self.home, self.other)
            if isinstance(each.case.outcome, Called)
        ]
        if not self.rules.handed_over or not all(names):
            unnamed = next((name for name in names if not name), names[0])
            self.reasons.append(f"control goes to {function(unnamed)}, which is not followed")
        elif names[0] != names[1]:
            yield from self.tipped(Aspect.END, Bearing.BREAKS, "how the call ends", 1)
        elif self.rules.sets_up:
            yield from self.promises_and_system()

    def same_by_identity(self) -> bool:
        """Tell whether both are one case of one program: the same by any reading."""
        followed = isinstance(self.home.case.outcome, Returned | Left | CalledBack | Stuck)
        # A trail is as long as its path, and says only where that was.
        alike = replace(self.home.case, trail=None) == replace(self.other.case, trail=None)
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
        told = set()
        if isinstance(self.home.case.outcome, Returned):
            told.add(self.rules.revision.result)
            yield from self.result()
        yield from self.promises_and_system(told)
        frame = self.rules.frame
        yield from self.registers(frame.general, told, general=True)
        yield from self.memory(frame)
        yield from self.effects()

    def promises_and_system(self, told: set[str] | None = None) -> Iterator[Difference]:
        """Yield what differs in what is promised, and in system registers.

        :param told: registers of which the values were compared, and grows
        """
        told = set() if told is None else told
        for part in self.rules.seen:
            before = len(self.reasons)
            found = list(self.promised(part))
            yield from found
            by_value = found or len(self.reasons) > before or not self.is_system(part)
            if by_value and isinstance(part.of, Read):
                told.add(part.register)
        yield from self.registers(self.rules.frame.system, told, general=False)

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
        """Yield a promised register or field whose value differs.

        Of a system register that breaks nobody where both sides keep the promise: it may name some
        values, or a relation, and then its difference is a change like any other's.
        """
        if isinstance(part.of, Read) and self.both_keep(part.of.register):
            return
        try:
            home = self.home.lowering.value(part.of)
            other = self.other.lowering.value(part.of)
            revision = self.rules.revision
            meant = speaks_of(self.home.lowering, revision, part.when, part.answered)
            condition = terms.land(terms.ne(home, other, width_of(part.of)), *meant)
        except NotKnown as unknown:
            self.reasons.append(str(unknown))
            return
        name = write_value(part.of)
        if self.is_system(part):
            condition = terms.land(condition, terms.lnot(self.keep_promise(part)))
        aspect = Aspect.RESULT if name == self.rules.revision.result else Aspect.PROMISED
        shown = (name, width_of(part.of), home, other)
        yield from self.tipped(aspect, Bearing.BREAKS, name, condition, shown)

    def is_system(self, part: Seen) -> bool:
        """Tell whether a part is a system register, or a field of one."""
        name = part.register
        return is_register(name) and not is_general(self.architecture, name)

    def keep_promise(self, part: Seen) -> Value:
        """Return when both sides keep what the home side promises of a part."""
        try:
            kept = [side.lowering.predicate(part.holds) for side in (self.home, self.other)]
        except NotKnown:
            return 0
        return terms.land(*kept)

    def registers(
        self, may_change: frozenset[str] | None, told: set[str], *, general: bool
    ) -> Iterator[Difference]:
        """Yield the registers of one kind that one side keeps and the other loses.

        :param told: those of which their values were compared
        """
        aspect = Aspect.REGISTER if general else Aspect.SYSTEM_REGISTER
        names = dict.fromkeys(lost_by(self.architecture, self.home.case, general=general))
        names |= dict.fromkeys(lost_by(self.architecture, self.other.case, general=general))
        for name in sorted(names):
            if name in told or self.both_keep(name):
                continue
            if may_change is None or name in may_change:
                home, other = self.values(name, self.width(name))
                differs = terms.ne(home, other, self.width(name))
                bearing = Bearing.HARMLESS if general else Bearing.CHANGED
                yield from self.tipped(aspect, bearing, name, differs)
                if name in self.rules.frame.fixed:
                    fixed = self.rules.frame.fixed[name]
                    yield from self.protected(aspect, name, general=general, fixed=fixed)
            else:
                yield from self.protected(aspect, name, general=general)

    def width(self, name: str) -> int:
        """Return the width of a register that some case lists."""
        widths = (side.behaviour.widths for side in (self.home, self.other))
        return next(each[name] for each in widths if name in each)

    def protected(
        self, aspect: Aspect, name: str, *, general: bool, fixed: int | None = None
    ) -> Iterator[Difference]:
        """Yield whether a register that has to be kept is lost by one side only.

        :param fixed: the bits that have to be kept; ``None`` is all of them
        """
        width = self.width(name)
        bits = (1 << width) - 1 if fixed is None else fixed
        home, other = (terms.and_(each, bits, width) for each in self.values(name, width))
        before = [
            terms.and_(self.entered_with(side, name, width), bits, width)
            for side in (self.home, self.other)
        ]
        kept = [terms.eq(value, b, width) for value, b in zip((home, other), before, strict=True)]
        loses = terms.land(kept[0], terms.lnot(kept[1]))
        found = list(self.tipped(aspect, Bearing.LOSES, name, loses))
        gains = terms.land(terms.lnot(kept[0]), kept[1])
        found += self.tipped(aspect, Bearing.GAINS, name, gains)
        both = terms.land(*map(terms.lnot, kept), terms.ne(home, other, width))
        worst = Bearing.HARMLESS if general else Bearing.BREAKS
        found += self.tipped(aspect, worst, name, both)
        yield from found

    def entered_with(self, side: Provided, name: str, width: int) -> Value:
        """Return a register at entry of one side."""
        if name in side.behaviour.widths:
            return entered(side.behaviour, name)
        found = side.behaviour.at_entry.get(name)
        return terms.symbol(name, width) if found is None else found

    def memory(self, frame: Frame) -> Iterator[Difference]:
        """Yield memory that is not left the same."""
        home = written(self.home, frame, self.scale, self.bits)
        other = written(self.other, frame, self.scale, self.bits)
        if list(home.items()) == list(other.items()):
            return
        reason = not_comparable(home, other, self.bits)
        if reason:
            self.reasons.append(reason)
            return
        self.assumptions.update(taken_apart(home, other, self.bits))
        for piece in sorted({**home, **other}, key=lambda piece: (piece[1], piece[2])):
            yield from self.piece(piece, home, other, frame)

    def piece(
        self, piece: Piece, home: dict[Piece, Value], other: dict[Piece, Value], frame: Frame
    ) -> Iterator[Difference]:
        """Yield whether one piece of memory is not left the same."""
        where, width = place(piece, self.bits), 8 * piece[2]
        if piece in home and piece in other:
            bearing, words = Bearing.BREAKS, None
            differs = terms.ne(home[piece], other[piece], width)
        else:
            words = ("it is written", "it is kept")
            value = home.get(piece, other.get(piece, 0))
            bearing, differs = Bearing.GAINS, self.changes(piece, value)
            if piece in other:
                bearing, words = Bearing.LOSES, ("it is kept", "it is written")
        if frame.memory is None:
            bearing = Bearing.HARMLESS
        shown = (where, width, home.get(piece, 0), other.get(piece, 0))
        for found in self.tipped(Aspect.MEMORY, bearing, where, differs, shown):
            yield found if words is None else replace(found, home=words[0], other=words[1])

    def changes(self, piece: Piece, value: Value) -> Value:
        """Return when what is written to a piece of memory is not what was there.

        That is known of a whole word only: of which part a smaller one is, the byte order tells.
        """
        if 8 * piece[2] != self.bits or piece[1] % piece[2]:
            return 1
        return terms.ne(value, before(piece, self.bits), self.bits)

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
                counted(home),
                counted(other),
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
        if bearing is Bearing.CHANGED:
            if (aspect, subject) in self.noted:
                return
            self.noted.add((aspect, subject))
        if bearing is Bearing.HARMLESS:
            if (aspect, subject) not in self.noted and self.scale.plainly(differs):
                self.noted.add((aspect, subject))
                yield Difference(aspect, bearing, subject, *self.roughly(subject, shown), {})
            return
        match self.scale.weigh(differs):
            case Differs(model):
                if bearing is Bearing.CHANGED:
                    texts = self.left(subject, model)
                else:
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
        _, width, home, other = shown
        return roughly(subject, home, width), roughly(subject, other, width)

    def texts(
        self, aspect: Aspect, subject: str, model: Mapping[str, int], shown: Shown | None
    ) -> tuple[str, str]:
        """Return what both sides do in the state of a model, in words."""
        if aspect in (Aspect.END, Aspect.RESULT):
            revision = self.rules.revision
            return ending(self.home, revision, model), ending(self.other, revision, model)
        if shown is not None:
            name, width, home, other = shown
            return becomes(name, home, width, model), becomes(name, other, width, model)
        width = self.width(subject)
        home, other = self.values(subject, width)
        return (
            self.kept_or(self.home, subject, home, width, model),
            self.kept_or(self.other, subject, other, width, model),
        )

    def left(self, name: str, model: Mapping[str, int]) -> tuple[str, str]:
        """Say what both sides leave in a register, also where that is what was there by chance."""
        width = self.width(name)
        home, other = (
            f"{name} is kept"
            if is_kept(side.behaviour, side.case, name)
            else becomes(name, value, width, model)
            for side, value in zip((self.home, self.other), self.values(name, width), strict=True)
        )
        return home, other

    def kept_or(
        self, side: Provided, name: str, value: Value, width: int, model: Mapping[str, int]
    ) -> str:
        """Say what becomes of a register."""
        before = self.entered_with(side, name, width)
        if value == before or evaluate(value, model) == evaluate(before, model):
            return f"{name} is kept"
        return becomes(name, value, width, model)
