"""What the verdicts on images say of a document's sentences."""

from collections.abc import Callable, Iterable, Iterator, Mapping
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
from hypabi.judgement.verification.verdict import Finding, Proved, Refuted, Undecided
from hypabi.records import frozen, replace
from hypabi.smt.solver import Solver

Key = tuple[str, ...]


@frozen
class Beside:
    """How a clause names a sentence that it does not rest on, and what is said of it."""

    field: str
    """Of an authority: where it names the sentence."""
    opening: str
    """How a page that hypabi writes begins such a sentence."""
    what: str


BESIDE: Final[Mapping[Kind, Beside]] = {
    Kind.LEFT_BEHIND: Beside("against", "Against:", "not so of"),
    Kind.INCOMPLETE: Beside("incomplete", "Incomplete:", "leaves out what holds of"),
}

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

    def told(self, cite: str | None, opening: str) -> bool:
        """Tell whether the document itself says what is wrong with a sentence, as our pages do."""
        match self._found.get(key(cite)):
            case Found(_, sentences):
                said = (self._document.sentences[at].text for at in sentences)
                return any(text.startswith(opening) for text in said)
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


def beside(kind: Kind, subjects: tuple[Subject, ...], at: Sentences) -> Iterator[Drift]:
    """Yield each sentence that clauses name without resting on it, once for each reason.

    :param kind: of what: sentences that are left behind, or incomplete
    """
    how = BESIDE[kind]
    found: dict[tuple[Key, Key], list[_Named]] = {}
    for each in _named(subjects, how):
        sentence = getattr(each.authority, how.field)
        if at.at(sentence) is not None and not at.told(sentence, how.opening):
            found.setdefault((key(sentence), key(each.authority.because)), []).append(each)
    for named in found.values():
        if not any(each.shown for each in named):
            continue
        authority = named[0].authority
        sentence = getattr(authority, how.field)
        parties = ", ".join(dict.fromkeys(each.party for each in named))
        yield Drift(
            kind, f"{how.what} {parties}", at.line(sentence), at.at(sentence),
            at.cite(sentence), authority.because,
            proofs=_each_once(each.proof for each in named),
        )  # fmt: skip


def _each_once(proofs: Iterable[Proof]) -> tuple[Proof, ...]:
    """Return proofs without repeats; one that refutes holds a model, which has no hash."""
    found: list[Proof] = []
    for each in proofs:
        if each not in found:
            found.append(each)
    return tuple(found)


@frozen
class _Named:
    """A clause that names a sentence without resting on it."""

    party: str
    authority: Authority
    proof: Proof
    shown: bool
    """Whether it holds: by proof, or by the contract's word where no image was given."""


def _named(subjects: tuple[Subject, ...], how: Beside) -> Iterator[_Named]:
    for index, finding in _findings(subjects):
        authority = finding.clause.authority
        if getattr(authority, how.field) is not None:
            shown = isinstance(finding.verdict, Proved)
            yield _Named(finding.party, authority, Proof(index, finding), shown)
    for index, subject in enumerate(subjects):
        if subject.evidence is not None:
            continue
        proof = Proof(index, text=BY_CONTRACT)
        installing = (each.row for each in subject.revision.installations)
        for row in (*subject.revision.rows, *installing):
            for clause in row.clauses:
                if getattr(clause.authority, how.field) is not None:
                    yield _Named(row.party, clause.authority, proof, shown=True)


def gone_against(contract: Contract, at: Sentences) -> frozenset[str]:
    """Return the parties of which the contract says that they go against a sentence."""
    return frozenset(
        name for name, party in contract.parties.items() if at.at(party.against) is not None
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
        cite = authority.cite or authority.against or authority.incomplete
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
