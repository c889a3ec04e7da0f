"""Events of one source, one after the other, become crossings with names and verdicts."""

from collections.abc import Iterator
from functools import cached_property
from sys import intern
from typing import Final, assert_never

from hypabi.analysis.examination import Examination
from hypabi.arch.names import Architecture
from hypabi.behaviour.case import Behaviour
from hypabi.callsites.identifier_values import paths_by_identifier
from hypabi.code.vector_tables import VectorTable
from hypabi.contract.registry import find_interfaces
from hypabi.contract.revision import LiveParty
from hypabi.image.model import Role
from hypabi.judgement.verification.lowering import Surroundings
from hypabi.machine.crossing import (
    Back,
    Callers,
    Ended,
    EndKind,
    Entered,
    Event,
    Instruction,
    Lost,
    Recognised,
    Side,
    Step,
    StepWord,
    VectorsSet,
)
from hypabi.records import frozen, replace
from hypabi.tracing.agreement import behaviour_at, compare
from hypabi.tracing.calls import AskedFor, Vocabulary, asked_for, identifier_seen
from hypabi.tracing.host_calls import host_calls
from hypabi.tracing.judge import WORST_FIRST, Judged, Question, judge_crossing
from hypabi.tracing.places import Placement
from hypabi.tracing.record import Header
from hypabi.tracing.result import (
    FIRMWARE,
    GUEST,
    CrossingFinding,
    CrossingWord,
    DerivedWord,
    DrivenStep,
    DrivenWord,
    TracedCrossing,
    TraceEnd,
)

MOST_SET: Final = 15
"""Vector bases that are kept before the last."""
PROTECTED: Final = "-protected"
"""End of the name of KVM's party in protected mode, which has the same vectors as the other."""
ASKS_FOR_PROTECTED: Final = "kvm-arm.mode=protected"

ENDS_IT: Final = frozenset(("off", "reboot"))
"""Steps after which the machine ends."""


@frozen
class _Pending:
    """A crossing that is not back."""

    number: int
    entered: Entered
    parties: tuple[str, ...]
    depth: int
    returns: tuple[int, ...] | None = None
    """Where the functions go on that are on the caller's stack."""
    set: tuple[int, ...] = ()
    """Vector bases that were written meanwhile."""


class Tracer:
    """Takes events in their order."""

    def __init__(self, examination: Examination, header: Header) -> None:
        self._examination = examination
        self._header = header
        self._placement = Placement(examination.loaded)
        self._pending: dict[int, list[_Pending]] = {}
        self._count = 0
        self._solver = examination.solver()
        self._derived: dict[tuple[str, int], Behaviour] = {}
        self._identifiers: dict[int, int | None] = {}
        self._unseen: dict[tuple[str, ...], tuple[str, ...]] = {}
        """What was not seen of a crossing, once however often it was not."""
        self.assumed: list[str] = []
        self._steps: dict[str, Step] = {}
        self.end = TraceEnd(EndKind.LOG, "nothing says why it ends")

    @cached_property
    def _words(self) -> Vocabulary:
        revision = self._examination.revision
        interfaces, _ = find_interfaces(revision.architecture, revision.version, revision)
        return Vocabulary(revision, interfaces, host_calls(self._examination.kernel))

    def feed(self, event: Event) -> Iterator[TracedCrossing]:
        """Take an event, and yield the crossings that it ends."""
        match event:
            case Recognised(address, link):
                self._placement.recognise(address, link)
            case Entered():
                self._enter(event)
            case Back() | Lost() | VectorsSet() | Callers():
                waiting = self._pending.get(event.cpu)
                if waiting:
                    yield from self._meanwhile(event, waiting)
            case Step(name=name):
                self._steps[name] = event
            case Ended():
                self.end = TraceEnd(event.kind, event.text)
                yield from self.unfinished()

    def _meanwhile(
        self, event: Back | Lost | VectorsSet | Callers, waiting: list[_Pending]
    ) -> Iterator[TracedCrossing]:
        """Take what happens on a CPU while crossings of it are not back."""
        match event:
            case Back():
                yield self._crossing(waiting.pop(_place_of(waiting, event)), event)
            case Lost():
                yield self._crossing(waiting.pop(), None)
            case VectorsSet(vectors=base):
                waiting[-1] = replace(waiting[-1], set=(*waiting[-1].set[-MOST_SET:], base))
            case Callers(returns=returns):
                waiting[-1] = replace(waiting[-1], returns=returns)
            case _:
                assert_never(event)

    def steps(self) -> tuple[DrivenStep, ...]:
        """Return what came of the steps that were driven, in their order."""
        return tuple(self._step(each) for each in self._steps.values())

    def _step(self, step: Step) -> DrivenStep:
        if step.word is not StepWord.BEGINS:
            return DrivenStep(step.name, DrivenWord(step.word.value), step.text)
        if step.name in ENDS_IT and self.end.kind is EndKind.GONE:
            return DrivenStep(step.name, DrivenWord.DONE, "the machine ended")
        return DrivenStep(step.name, DrivenWord.UNFINISHED, f"then {self.end.text}")

    def unfinished(self) -> Iterator[TracedCrossing]:
        """Yield what is not back, in the order of the entries."""
        waiting = sorted((p for each in self._pending.values() for p in each), key=_number)
        self._pending.clear()
        yield from (self._crossing(each, None) for each in waiting)

    def _enter(self, entered: Entered) -> None:
        self._count += 1
        if entered.vectors is not None:
            self._place_first(entered.vectors)
        waiting = self._pending.setdefault(entered.cpu, [])
        parties = () if _is_of_guest(entered) else tuple(self._parties(entered.vectors))
        depth = sum(not _is_of_guest(each.entered) for each in waiting)
        waiting.append(_Pending(self._count, entered, parties, depth))

    def _place_first(self, base: int) -> None:
        """Take the first vector base that is seen for that of the party that is live first."""
        boot = self._examination.revision.boot
        found = None if boot is None else self._examination.found.get(boot)
        if found is not None and self._placement.assume(base, found[1].address):
            self.assumed.append(f"the first crossing enters {boot}, whose vectors are at {base:#x}")

    # --------------------------------------------------------------------------------- parties

    def _parties(self, base: int | None) -> Iterator[str]:
        """Yield the parties whose vectors lie at a base."""
        if base is None:
            return
        protected = ASKS_FOR_PROTECTED in (self._header.command_line or "")
        for link in self._placement.links(base):
            found = [
                name
                for name, (_, table) in self._examination.found.items()
                if table.address == link
            ]
            told = self._header.command_line is not None
            if len(found) > 1 and told:
                found = [name for name in found if name.endswith(PROTECTED) is protected] or found
            if found:
                yield from found
                return

    def _table(self, party: str) -> tuple[Role, VectorTable]:
        return self._examination.found[party]

    def _surroundings(self) -> Surroundings:
        tables: dict[str, int] = {}
        for party, (_, table) in self._examination.found.items():
            for address in self._placement.addresses(table.address):
                tables.setdefault(party, address)
        return replace(self._examination.surroundings, tables=tables, within=_anywhere)

    # -------------------------------------------------------------------------------- crossings

    def _crossing(self, pending: _Pending, back: Back | None) -> TracedCrossing:
        entered, parties = pending.entered, pending.parties
        caller = entered.caller
        if caller is None and back is not None and back.to is not None and self._is_arm:
            caller = back.to - 4  # A32 and T32: an hvc has four bytes, and its return is behind it
        site = None
        if caller is not None and not _is_of_guest(entered):
            site = self._placement.site(caller, entered.instruction, entered.immediate)
        party = parties[0] if len(parties) == 1 else None
        revision = self._examination.revision
        live_party = party or _common(parties)
        by_site = None
        if identifier_seen(entered, revision) is None:
            by_site = self._identifier_at(site)
        asked = asked_for(entered, self._words, live_party, by_site)
        judged = self._judged(entered, back, parties, asked, site)
        derived, text = self._compared(entered, back, parties)
        live = self._live_after(entered, back, parties)
        result = None if back is None else back.registers.get(revision.result)
        return TracedCrossing(
            number=pending.number,
            time=entered.time,
            cpu=entered.cpu,
            depth=pending.depth,
            instruction=entered.instruction,
            immediate=entered.immediate,
            mode=entered.mode,
            party=_stand_in(entered) or "|".join(parties) or None,
            vectors=_hex(entered.vectors),
            caller=_hex(caller),
            site=_hex(site),
            place=None if site is None else intern(self._placement.name(site)),
            identifier=_hex(asked.identifier),
            contract=asked.contract,
            call=asked.call,
            arguments=asked.arguments,
            returned=back is not None,
            result=_hex(result),
            duration=_between(entered, back),
            goes_to=self._goes_to(caller, back),
            live=live,
            verdict=judged.verdict,
            findings=judged.findings,
            judged=judged.judged,
            unseen=self._unseen.setdefault(judged.unseen, judged.unseen),
            derived=derived,
            derived_text=text,
            vectors_set=tuple(f"{base:#x}" for base in pending.set),
            callers=self._callers(pending, site),
        )

    def _callers(self, pending: _Pending, site: int | None) -> tuple[str, ...] | None:
        """Return the callers by name; the innermost is in the link register if a leaf calls."""
        if pending.returns is None:
            return None
        link = pending.entered.registers.get("x30")
        returns = pending.returns
        if link is not None and site is not None and self._is_leaf(site):
            returns = (link, *returns)
        return tuple(self._placement.name_of_return(address) for address in returns)

    def _is_leaf(self, site: int) -> bool:
        """Tell whether the function around a place has not pushed its link register."""
        start = self._placement.start(site)
        return start is not None and not self._placement.pushes(start, site)

    def _identifier_at(self, site: int | None) -> int | None:
        """Return what the code before a call site puts into the identifier's register, always."""
        if site is None:
            return None
        if site not in self._identifiers:
            self._identifiers[site] = self._by_code(site)
        return self._identifiers[site]

    def _by_code(self, site: int) -> int | None:
        function = self._placement.function(site)
        register = self._examination.revision.identifier
        for program in self._examination.programs.values():
            if function is None or program.image.segment(site) is None:
                continue
            for found in program.call_sites.find(function):
                if found.address == site and found.paths and not found.undecided:
                    values = {
                        way.request.registers[register]
                        for path in found.paths
                        for way in paths_by_identifier(path, register)
                    }
                    value = values.pop() if len(values) == 1 else None
                    return value if isinstance(value, int) else None
        return None

    @property
    def _is_arm(self) -> bool:
        return self._examination.revision.architecture is Architecture.ARM

    def _judged(
        self,
        entered: Entered,
        back: Back | None,
        parties: tuple[str, ...],
        asked: AskedFor,
        site: int | None,
    ) -> Judged:
        revision = self._examination.revision
        if (
            entered.instruction is not Instruction.HVC
            or _is_of_guest(entered)
            or not (entered.immediate is None or revision.made_by(entered.immediate))
        ):
            return Judged(CrossingWord.ELSEWHERE)
        if identifier_seen(entered, revision) is None:
            return _undecided("registers were not seen")
        assert asked.identifier is not None
        if not parties:
            return _undecided("whose vectors are live is not known")
        function = None if site is None else self._placement.function(site)
        found = [
            judge_crossing(
                Question(
                    revision, self._party(name), function, asked.live, asked.identifier,
                    entered, back, self._surroundings(),
                ),
                self._solver,
            )
            for name in parties
        ]  # fmt: skip
        worst = min(found, key=lambda each: WORST_FIRST.index(each.verdict))
        if len({each.verdict for each in found}) > 1:
            return _undecided(f"it depends on which of {' and '.join(parties)} is live")
        return worst

    def _party(self, name: str) -> LiveParty:
        found = self._examination.revision.party(name)
        assert found is not None
        return found

    def _compared(
        self, entered: Entered, back: Back | None, parties: tuple[str, ...]
    ) -> tuple[DerivedWord, str]:
        revision = self._examination.revision
        ours = entered.immediate is not None and revision.made_by(entered.immediate)
        if entered.instruction is not Instruction.HVC or _is_of_guest(entered) or not ours:
            return DerivedWord.NOT_COMPARED, "it is no call of the contract's conduit"
        if not parties or entered.vectors is None:
            return DerivedWord.NOT_COMPARED, "whose vectors are live is not known"
        role, table = self._table(parties[0])
        slide = self._placement.slide(entered.vectors, table.address)
        key = (parties[0], slide)
        found = self._derived.get(key)
        if found is None:
            program = self._examination.programs[role]
            found = self._derived[key] = behaviour_at(program, table, slide, revision)
        return compare(found, entered, back, self._placement.same)

    def _live_after(
        self, entered: Entered, back: Back | None, parties: tuple[str, ...]
    ) -> str | None:
        """Return who is live after a crossing that changed it."""
        if back is None or back.vectors is None or _stand_in(entered) is not None:
            return None
        if back.mode is not None and (back.mode.startswith("EL2") or back.mode == "hyp"):
            return "kernel-at-el2" if back.mode.startswith("EL2") else None
        after = tuple(self._parties(back.vectors))
        if after == parties:
            return None
        return "|".join(after) or f"vectors at {back.vectors:#x}"

    def _goes_to(self, caller: int | None, back: Back | None) -> str | None:
        if back is None or back.to is None or caller is None:
            return None
        if back.to == caller + 4:
            return None
        for link in self._placement.links(back.to):
            return self._placement.name(link)
        return f"{back.to:#x}"


def _place_of(waiting: list[_Pending], back: Back) -> int:
    """Return which crossing has come back: the last that is expected there, or else the last."""
    places = [
        place
        for place, each in enumerate(waiting)
        if each.entered.caller is not None and back.to == each.entered.caller + 4
    ]
    return places[-1] if places else -1


def _stand_in(entered: Entered) -> str | None:
    """Return what stands where the live party does, ``None`` where that does."""
    if _is_for_firmware(entered):
        return FIRMWARE
    return GUEST if _is_of_guest(entered) else None


def _is_of_guest(entered: Entered) -> bool:
    return entered.side is Side.GUEST


def _is_for_firmware(entered: Entered) -> bool:
    """Tell whether what crosses is seen to go past EL2."""
    seen = entered.caller is not None and entered.mode is not None
    return entered.instruction is Instruction.SMC and entered.entry is None and seen


def _number(pending: _Pending) -> int:
    return pending.number


def _common(parties: tuple[str, ...]) -> str | None:
    """Return a name that says whose all of several parties are."""
    return "kvm" if parties and all(each.startswith("kvm") for each in parties) else None


def _anywhere(_address: int) -> bool:
    return True


def _undecided(why: str) -> Judged:
    finding = CrossingFinding("seen", CrossingWord.UNDECIDED, why)
    return Judged(CrossingWord.UNDECIDED, (finding,))


def _hex(value: int | None) -> str | None:
    """Spell a number; a long trace has few of them, each very often."""
    return None if value is None else intern(f"{value:#x}")


def _between(entered: Entered, back: Back | None) -> int | None:
    if back is None or back.time is None or entered.time is None:
        return None
    return max(0, back.time - entered.time)
