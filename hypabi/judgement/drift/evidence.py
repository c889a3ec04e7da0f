"""What the verdicts on images say of a document's sentences."""

from collections.abc import Callable, Iterator
from typing import Final

from hypabi.contract.clause import Authority, Premise
from hypabi.contract.model import Contract
from hypabi.contract.revision import LiveParty, Row
from hypabi.judgement.drift.citations import Changed, Cite, Found, Lookup, Vanished
from hypabi.judgement.drift.document import Document, words
from hypabi.judgement.drift.findings import Drift, Kind, Open, Proof
from hypabi.judgement.drift.subject import Evidence, Subject
from hypabi.judgement.verification.obligations import HeldRow
from hypabi.judgement.verification.prover import judge_row
from hypabi.judgement.verification.verdict import Finding, Refuted, Undecided
from hypabi.records import replace
from hypabi.smt.solver import Solver

Key = tuple[str, ...]

AGAINST: Final = "Against:"
"""How a page that hypabi writes begins a sentence that the interface has left behind."""

BY_CONTRACT: Final = "by the contract; no image given"


class Sentences:
    """Finds the sentence of a document that a clause cites."""

    def __init__(self, document: Document, looked_up: tuple[Lookup, ...]) -> None:
        self._document = document
        self._found = {tuple(words(each.cite.text)): each for each in looked_up}

    def at(self, cite: str | None) -> int | None:
        """Return the sentence, ``None`` where the document has none."""
        match self._found.get(key(cite)):
            case Found(_, sentences):
                return sentences[0]
            case Changed(_, sentence, _):
                return sentence
            case Vanished() | None:
                return None

    def line(self, cite: str | None) -> int | None:
        """Return the line it starts on."""
        at = self.at(cite)
        return None if at is None else self._document.sentences[at].line

    def against(self, cite: str | None) -> bool:
        """Tell whether the document itself says that a sentence is left behind, as our pages do."""
        match self._found.get(key(cite)):
            case Found(_, sentences):
                said = (self._document.sentences[at].text for at in sentences)
                return any(text.startswith(AGAINST) for text in said)
            case Changed() | Vanished() | None:
                return False

    def cite(self, cite: str | None) -> Cite | None:
        """Return the cite with everyone who names it."""
        found = self._found.get(key(cite))
        return None if found is None else found.cite


def key(cite: str | None) -> Key:
    """Return what two cites of the same words have in common."""
    return tuple(words(cite or ""))


def _findings(subjects: tuple[Subject, ...]) -> Iterator[tuple[int, Finding]]:
    for index, subject in enumerate(subjects):
        if subject.evidence is not None:
            for finding in subject.evidence.judgement.findings:
                yield index, finding


def contradicted(subjects: tuple[Subject, ...], at: Sentences) -> Iterator[Drift]:
    """Yield each sentence of which a clause is refuted."""
    found: dict[Key, list[tuple[int, Finding]]] = {}
    for index, finding in _findings(subjects):
        if isinstance(finding.verdict, Refuted) and finding.clause.authority.cite is not None:
            found.setdefault(key(finding.clause.authority.cite), []).append((index, finding))
    for each in found.values():
        cite = each[0][1].clause.authority.cite
        proofs = tuple(Proof(index, finding) for index, finding in each)
        refuted = tuple(finding for _, finding in each)
        what = "the code does otherwise"
        yield Drift(
            Kind.CONTRADICTED, what, at.line(cite), at.at(cite), at.cite(cite),
            proofs=proofs, refuted=refuted,
        )  # fmt: skip


def behind(subjects: tuple[Subject, ...], at: Sentences) -> Iterator[Drift]:
    """Yield each sentence that the contract goes against, with the verdicts on what it says."""
    found: dict[Key, list[tuple[int, Finding]]] = {}
    for index, finding in _findings(subjects):
        if finding.clause.authority.against is not None:
            found.setdefault(key(finding.clause.authority.against), []).append((index, finding))
    yield from _behind_by_contract(subjects, at)
    for each in found.values():
        authority = each[0][1].clause.authority
        against = authority.against
        if at.against(against):
            continue
        parties = ", ".join(dict.fromkeys(finding.party for _, finding in each))
        yield Drift(
            Kind.LEFT_BEHIND, f"not so of {parties}", at.line(against), at.at(against),
            at.cite(against), authority.because,
            proofs=tuple(Proof(index, finding) for index, finding in each),
        )  # fmt: skip


def _behind_by_contract(subjects: tuple[Subject, ...], at: Sentences) -> Iterator[Drift]:
    """Yield the same where no image was given: the contract says it."""
    for index, subject in enumerate(subjects):
        if subject.evidence is not None:
            continue
        found: dict[Key, list[tuple[str, Authority]]] = {}
        for row in subject.revision.rows:
            for clause in row.clauses:
                if clause.authority.against is not None:
                    known = found.setdefault(key(clause.authority.against), [])
                    known.append((row.party, clause.authority))
        for each in found.values():
            parties = ", ".join(dict.fromkeys(party for party, _ in each))
            against = each[0][1].against
            if at.against(against):
                continue
            yield Drift(
                Kind.LEFT_BEHIND, f"not so of {parties}", at.line(against), at.at(against),
                at.cite(against), each[0][1].because,
                proofs=(Proof(index, text=BY_CONTRACT),),
            )  # fmt: skip


def against(subjects: tuple[Subject, ...]) -> frozenset[str]:
    """Return the parties of which the contract says that they go against a sentence."""
    return frozenset(
        row.party
        for subject in subjects
        for row in subject.revision.rows
        if any(clause.authority.against is not None for clause in row.clauses)
    )


def beyond(subjects: tuple[Subject, ...]) -> Iterator[Drift]:
    """Yield the refuted clauses that rest on no sentence."""
    for index, finding in _findings(subjects):
        authority = finding.clause.authority
        if isinstance(finding.verdict, Refuted) and authority.cite is None:
            what = f"{finding.party}, {finding.call or 'any other'}: {finding.clause.name}"
            yield Drift(
                Kind.UNSTATED, what, because=authority.because, proofs=(Proof(index, finding),)
            )


def undecided(subjects: tuple[Subject, ...], at: Sentences) -> Iterator[Open]:
    """Yield the cited clauses that were neither proved nor refuted."""
    for index, finding in _findings(subjects):
        authority = finding.clause.authority
        cite = authority.cite or authority.against
        if isinstance(finding.verdict, Undecided) and cite is not None:
            name = f"{finding.party}, {finding.call or 'any other'}: {finding.clause.name}"
            yield Open(f"{subjects[index].name}: {name}", finding.verdict.reason, at.line(cite))


def unfound(subjects: tuple[Subject, ...]) -> Iterator[Open]:
    """Yield the stubs that an image should have and does not show."""
    for subject in subjects:
        for name in () if subject.evidence is None else subject.evidence.missing:
            yield Open(f"{subject.name}: what {name} does", "it was not found in the image")


def silent(
    document: Document,
    contract: Contract,
    subjects: tuple[Subject, ...],
    behind_parties: frozenset[str],
) -> Iterator[Drift]:
    """Yield the parties of which the contract cites no sentence and the document gives no name.

    :param behind_parties: parties of which a sentence is reported that they go against
    """
    named = {word for sentence in document.sentences for word in words(sentence.text)}
    found: dict[str, list[Proof]] = {}
    for index, subject in enumerate(subjects):
        for party in subject.revision.parties:
            there = subject.evidence is None or party.name in subject.evidence.behaviours
            said = party.name in document.titles or party.vectors.casefold() in named
            if there and not said and contract.parties[party.name].cite is None:
                found.setdefault(party.name, []).append(Proof(index, text=_where(subject, party)))
    for name, proofs in found.items():
        if name in behind_parties:
            continue
        of = contract.parties[name]
        what = f"{name}, {of.title}"
        yield Drift(Kind.SILENT, what, because=of.because, proofs=tuple(proofs))


def _where(subject: Subject, party: LiveParty) -> str:
    if subject.evidence is None:
        return BY_CONTRACT
    table = subject.evidence.surroundings.tables.get(party.name)
    return f"its vectors are {party.vectors}" + ("" if table is None else f", at {table:#x}")


def conditions(
    subjects: tuple[Subject, ...], at: Sentences, solver: Callable[[], Solver]
) -> Iterator[Drift]:
    """Yield each sentence that fails at entries which only an uncited premise rules out."""
    found: dict[tuple[str, int | Key], list[tuple[Premise, Proof]]] = {}
    for index, subject in enumerate(subjects):
        if subject.evidence is None:
            continue
        for row in subject.revision.rows:
            for premise in _unstated(subject, row):
                for finding in _without(subject, subject.evidence, row, premise, solver):
                    cited = finding.clause.authority.cite
                    where = at.at(cited)
                    proof = Proof(index, finding, without=premise.text)
                    which = (premise.name, key(cited) if where is None else where)
                    found.setdefault(which, []).append((premise, proof))
    for each in found.values():
        premise, first = each[0]
        assert first.finding is not None
        cited = first.finding.clause.authority.cite
        parties = ", ".join(dict.fromkeys(p.finding.party for _, p in each if p.finding))
        yield Drift(
            Kind.CONDITION, f"at {parties} only where {premise.text}", at.line(cited),
            at.at(cited), at.cite(cited), premise.authority.because,
            proofs=tuple(proof for _, proof in each),
        )  # fmt: skip


def _unstated(subject: Subject, row: Row) -> Iterator[Premise]:
    """Yield a row's premises that are no sentence's and do not just say who is live."""
    party = subject.revision.party(row.party)
    always = {premise.name for premise in party.assumes} if party is not None else set()
    for premise in (*row.assumes, *row.requires):
        if premise.authority.cite is None and premise.name not in always:
            yield premise


def _without(
    subject: Subject, evidence: Evidence, row: Row, premise: Premise, solver: Callable[[], Solver]
) -> Iterator[Finding]:
    """Yield the cited clauses of a row that are refuted once a premise is left out."""
    party = subject.revision.party(row.party)
    behaviour = evidence.behaviours.get(row.party)
    cited = tuple(c for c in row.clauses if c.authority.cite is not None)
    if party is None or behaviour is None or not cited:
        return
    weaker = replace(
        row,
        assumes=tuple(each for each in row.assumes if each is not premise),
        requires=tuple(each for each in row.requires if each is not premise),
        clauses=cited,
    )
    before = broken(evidence.judgement.findings)
    held = HeldRow(subject.revision, party, weaker, behaviour, evidence.surroundings)
    for finding in judge_row(held, solver()):
        if isinstance(finding.verdict, Refuted) and name_of(finding) not in before:
            yield finding


def broken(findings: tuple[Finding, ...]) -> frozenset[tuple[str, str | None, str]]:
    """Return the clauses that are refuted, by party, call and name."""
    return frozenset(name_of(each) for each in findings if isinstance(each.verdict, Refuted))


def name_of(finding: Finding) -> tuple[str, str | None, str]:
    """Return party, call and name of a judged clause."""
    return finding.party, finding.call, finding.clause.name
