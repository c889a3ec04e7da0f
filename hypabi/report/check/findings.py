"""A check, item by item, as findings."""

from collections.abc import Iterator
from pathlib import PurePath

from hypabi.analysis.results.check import (
    CLAUSES,
    ENTRIES,
    INSTALLERS,
    OBLIGATIONS,
    PARTIES,
    PLACEMENTS,
    REPLAYS,
    SLOTS,
    Authority,
    CheckedClause,
    CheckedInstaller,
    CheckedPlacement,
    CheckedSlot,
    CheckResult,
    ClauseWord,
    OpinionWord,
)
from hypabi.analysis.results.conclusion import Weight
from hypabi.analysis.results.entries import EntryFinding, EntryWord
from hypabi.analysis.results.shared import SuppressedBy
from hypabi.image.symbolizer import Names
from hypabi.judgement.entries.baseline import SlotWord
from hypabi.records import replace
from hypabi.report.caller_checks.findings import caller_items, caller_notes
from hypabi.report.findings.finding import (
    CALL,
    CLAUSE,
    PARTY,
    Finding,
    Findings,
    Input,
    Item,
    Line,
    item_of,
    nothing_judged,
)
from hypabi.report.findings.shown import end_of, idle_suppressions, state_lines, steps_of
from hypabi.report.shared.calls import call_with_number, spelled
from hypabi.rules import clauses, entries, evidence, parties, undecided
from hypabi.rules.rule import Rule


def findings_of(result: CheckResult) -> Findings:
    """Return a check as findings."""
    told = _Told(result)
    return Findings(
        command="check",
        subject=result.subject,
        conclusion=result.conclusion,
        inputs=(Input("image", result.image.path, result.image.sha256),),
        items=tuple(told.items()),
        notes=tuple(told.notes()),
        document=result.contract.document,
        trusted=result.trusted,
        reproduce=result.reproduce,
    )


class _Told:
    """One check, and what its texts need."""

    def __init__(self, result: CheckResult) -> None:
        self.result = result
        self.names = Names(result.symbols)
        self.owners = {each.name: each.owner for each in result.parties}

    def items(self) -> Iterator[Item]:
        """Yield what was judged, in the order of the counts; nothing without a party."""
        result = self.result
        if not result.parties:
            yield nothing_judged(result.subject, f"{result.contract.name} has no party here")
            return
        for clause in result.verdicts:
            yield self.clause(clause)
        if result.callers is not None:
            yield from caller_items(result.callers, self.owners)
        yield from self.parties()
        for installer in result.installers if result.tells_installers else ():
            yield self.installer(installer)
        for placement in result.placements if result.tells_placements else ():
            yield self.placement(placement)
        yield from map(self.slot, result.slots_amiss())
        for entry in result.vector_entries or ():
            yield self.entry(entry)
        yield from self.replays()
        yield from self.opinions()

    def notes(self) -> Iterator[Finding]:
        """Yield what is to be told and is not counted."""
        result = self.result
        for table in result.unclaimed_tables:
            where = table.symbol or "a table without a symbol"
            found = self.about(
                parties.UNCLAIMED, {"table": table.symbol or ""}, where, f"at {table.address}"
            )
            yield found
        if result.callers is not None:
            yield from caller_notes(result.callers)
        yield from idle_suppressions(result.suppressions)

    def about(self, rule: Rule, about: dict[str, str], where: str, text: str) -> Finding:
        """Return a finding of which no more is known."""
        owner = self.owners.get(about.get(PARTY, ""))
        return Finding(
            rule=rule,
            weight=rule.weight,
            about=about,
            where=where,
            text=text,
            agree=() if owner is None else (owner,),
        )

    def clause(self, clause: CheckedClause) -> Item:
        """Return a clause, with what is to be told of it."""
        name = f"{spelled(clause.call)}: {clause.clause}"
        found = () if clause.verdict is ClauseWord.PROVED else (self.of_clause(clause),)
        return item_of(CLAUSES, clause.verdict.value, clause.party, name, *found)

    def of_clause(self, clause: CheckedClause) -> Finding:
        """Return what is to be told of a clause that is not proved."""
        rule, text = self._rule(clause), clause.reason or ""
        shown = clause.verdict in (ClauseWord.REFUTED, ClauseWord.SUPPRESSED)
        call = call_with_number(clause.call, clause.number, self.result.contract.identifier)
        return Finding(
            rule=rule,
            weight=Weight.GOOD if clause.verdict is ClauseWord.SUPPRESSED else rule.weight,
            about={PARTY: clause.party, CALL: spelled(clause.call), CLAUSE: clause.clause},
            where=f"{clause.party}, {call}: {clause.clause}",
            text=self.names.inside(text) if shown else self.names.beside(text),
            lines=tuple(self._lines(clause, shown=shown)),
            path=steps_of(clause),
            spot=end_of(clause),
            agree=(self.owners[clause.party],) if shown else (),
            suppressed=_decision(clause),
        )

    def _rule(self, clause: CheckedClause) -> Rule:
        match clause.verdict:
            case ClauseWord.PROVED | ClauseWord.REFUTED | ClauseWord.SUPPRESSED:
                return clauses.CLAUSE[clause.kind]
            case ClauseWord.UNDECIDED:
                return undecided.rule_of_reason(clause.reason or "", undecided.CLAUSE)
            case ClauseWord.VACUOUS:
                return clauses.VACUOUS

    def _lines(self, clause: CheckedClause, *, shown: bool) -> Iterator[Line]:
        yield Line("clause", clause.text)
        yield from authority_lines(clause.authority)
        if not shown:
            return
        yield from state_lines(clause, self.result.capabilities, self.names)
        if clause.besides is not None:
            yield Line("besides", f"undecided of others: {self.names.inside(clause.besides)}")
        if clause.replay is not None:
            yield Line("replay", clause.replay.sentence)
            if clause.replay.witness is not None:
                yield Line("witness", PurePath(clause.replay.witness).name)

    def parties(self) -> Iterator[Item]:
        """Yield the parties, found or not."""
        for party in self.result.parties:
            word = self.result.party_word(party)
            rule = parties.PARTY[word]
            said = party.expected or f"looked for {party.vectors}"
            if party.found:
                said = "every clause of one of its calls is vacuous, or none was judged"
            found = (
                () if rule is None else (self.about(rule, {PARTY: party.name}, party.name, said),)
            )
            yield item_of(PARTIES, word.value, PARTIES, party.name, *found)

    def installer(self, installer: CheckedInstaller) -> Item:
        """Return code that puts a party in place, or enters beside it."""
        rule = parties.INSTALLER[installer.found]
        name = f"installer of {installer.party}: {installer.function}"
        about = {PARTY: installer.party, CALL: installer.function}
        said = f"looked for {' and '.join(installer.names)}"
        found = () if rule is None else (self.about(rule, about, name, said),)
        return item_of(INSTALLERS, installer.found.value, INSTALLERS, name, *found)

    def placement(self, placement: CheckedPlacement) -> Item:
        """Return where something has to lie."""
        rule = parties.PLACEMENT[placement.verdict]
        found: tuple[Finding, ...] = ()
        if rule is not None:
            found = (
                Finding(
                    rule=rule,
                    weight=rule.weight,
                    about={"placement": placement.name},
                    where=placement.name,
                    text="; ".join(map(self.names.beside, placement.broken)),
                    lines=tuple(authority_lines(placement.authority)),
                ),
            )
        return item_of(PLACEMENTS, placement.verdict.value, PLACEMENTS, placement.name, *found)

    def slot(self, slot: CheckedSlot) -> Item:
        """Return a slot that is entered otherwise than promised, or of which that is open."""
        rule = entries.SLOT[slot.verdict]
        name = f"{slot.party} +{slot.slot}, {slot.name} from {slot.origin.value}"
        text = "; ".join(map(self.names.inside, slot.why))
        found: tuple[Finding, ...] = ()
        if rule is not None:
            if slot.verdict is SlotWord.UNDECIDED:
                rule = undecided.rule_of_reason(slot.why[0], rule)
            lines = () if slot.authority is None else tuple(authority_lines(slot.authority))
            about = {PARTY: slot.party, "slot": slot.slot, "from": slot.origin.value}
            found = (replace(self.about(rule, about, name, text), lines=lines),)
        return item_of(SLOTS, slot.verdict.value, SLOTS, name, *found)

    def entry(self, entry: EntryFinding) -> Item:
        """Return what else than a hypercall enters a slot."""
        rule = entries.ENTRY[entry.found]
        name = f"{entry.party} +{entry.slot}, {entry.entered_by}"
        found: tuple[Finding, ...] = ()
        if rule is not None:
            said = "; ".join(dict.fromkeys(spelled(each.call) for each in entry.handled_as))
            text = f"answered as {said}"
            if entry.found is EntryWord.UNDECIDED:
                rule = undecided.rule_of_reason(entry.reason or "", rule)
                text = self.names.beside(entry.reason or "")
            about = {PARTY: entry.party, "slot": entry.slot, "exceptions": entry.entered_by}
            found = (self.about(rule, about, name, text),)
        return item_of(ENTRIES, entry.found.value, ENTRIES, name, *found)

    def replays(self) -> Iterator[Item]:
        """Yield what a machine made of each refutation, where one was asked."""
        for clause in self.result.verdicts if self.result.replayed_on is not None else ():
            if clause.replay is None:
                continue
            rule = evidence.REPLAY[clause.replay.verdict]
            about = {PARTY: clause.party, CALL: spelled(clause.call), CLAUSE: clause.clause}
            where = f"{clause.party}, {spelled(clause.call)}: {clause.clause}"
            found = (
                () if rule is None else (self.about(rule, about, where, clause.replay.sentence),)
            )
            yield item_of(REPLAYS, clause.replay.verdict.value, REPLAYS, where, *found)

    def opinions(self) -> Iterator[Item]:
        """Yield what a second solver does not answer alike, and one item for all that it does."""
        asked = self.result.second_opinion
        if asked is None:
            return
        if agreed := asked.asked - len(asked.dissents):
            name = f"{agreed} answered alike by {asked.solver}"
            yield item_of(OBLIGATIONS, OpinionWord.AGREED.value, OBLIGATIONS, name)
        for each in asked.dissents:
            rule = evidence.OPINION[each.word]
            assert rule is not None, each
            about = {PARTY: each.party, CALL: spelled(each.call), CLAUSE: each.clause}
            about["number"] = str(each.number)
            name = f"{each.party}, {spelled(each.call)}: {each.clause}, question {each.number}"
            text = f"bitwuzla says {each.first}, {asked.solver} {each.second}"
            found = self.about(rule, about, name, text)
            yield item_of(OBLIGATIONS, each.word.value, OBLIGATIONS, name, found)


def authority_lines(of: Authority) -> Iterator[Line]:
    """Yield the sentence that a clause rests on, or our reason where there is none."""
    if of.cite is not None:
        yield Line("sentence", f'"{_flat(of.cite)}"')
    if of.because is not None:
        yield Line("because", _flat(of.because))
    if of.against is not None:
        yield Line("against", f'"{_flat(of.against)}"')
    if of.incomplete is not None:
        yield Line("incomplete", f'"{_flat(of.incomplete)}"')


def _flat(text: str) -> str:
    return " ".join(text.split())


def _decision(clause: CheckedClause) -> SuppressedBy | None:
    """Return the decision to live with a clause as a whole; of a frame the first of several."""
    if clause.verdict is not ClauseWord.SUPPRESSED:
        return None
    return clause.suppressed or next((each.suppressed for each in clause.lost), None)
