"""The calls of a document against the calls that somebody serves."""

from collections.abc import Iterator

from hypabi.contract.model import Contract, Program
from hypabi.contract.revision import LiveCall, Revision
from hypabi.judgement.drift.call_table import Answered, How
from hypabi.judgement.drift.document import Document, Entry
from hypabi.judgement.drift.findings import Drift, Kind, Open, Proof
from hypabi.judgement.drift.subject import Subject
from hypabi.records import frozen

Answers = tuple[tuple[Answered, ...], ...]
"""Of each subject; empty for one without an image."""


def missing(
    document: Document, contract: Contract, subjects: tuple[Subject, ...], answers: Answers
) -> Iterator[Drift]:
    """Yield each call that the code serves and no entry of the document is about."""
    entries = {entry.name for entry in document.entries}
    found: dict[tuple[str, int], list[Proof]] = {}
    for index, subject in enumerate(subjects):
        for number, proof in _served(index, subject, answers[index]):
            name = _name(subject.revision, number)
            if name not in entries:
                found.setdefault((name or "", number), []).append(proof)
    for (name, number), proofs in found.items():
        because = contract.calls[name].because if name else None
        what = f"{name or 'a call that the contract does not name'} ({number:#x})"
        yield Drift(Kind.MISSING, what, because=because, proofs=tuple(proofs), call=name or None)


def _served(
    index: int, subject: Subject, answers: tuple[Answered, ...]
) -> Iterator[tuple[int, Proof]]:
    """Yield the numbers that somebody serves."""
    if subject.evidence is None:
        for call in subject.revision.calls:
            if call.number is not None and call.served_by:
                yield call.number, Proof(index, text=f"by the contract: {_listed(call)}")
        return
    for answer in answers:
        if answer.how is How.SERVED and not _free(subject.revision, answer):
            yield answer.number, Proof(index, answer=answer)


def _free(revision: Revision, answer: Answered) -> bool:
    """Tell whether a number is none of the contract's at a party that may take any for its own."""
    if _name(revision, answer.number) is not None:
        return False
    row = revision.find(answer.party, None)
    return row is None or row.unspecified is not None


def _name(revision: Revision, number: int) -> str | None:
    return next((call.name for call in revision.calls if call.number == number), None)


def _listed(call: LiveCall) -> str:
    return f"served by {', '.join(call.served_by)}" if call.served_by else "served by nobody"


@frozen
class _Nobody:
    """Why a call is served by nobody of a subject: the answers that show it."""

    proofs: tuple[Proof, ...]
    elsewhere: tuple[str, ...] = ()
    """Parties outside of the kernel that serve it all the same."""


def unserved(
    document: Document, subjects: tuple[Subject, ...], answers: Answers
) -> Iterator[Drift | Open]:
    """Yield each entry whose call nobody serves, and those of which that cannot be decided."""
    for entry in document.entries:
        for index, subject in enumerate(subjects):
            on = subject.revision.architecture
            if not entry.about(on) or not _is_call(entry, subject.revision):
                continue
            if on in entry.served and not _absent(entry, subject.revision):
                continue  # the document says who serves it, which is compared as a fact
            nobody = _nobody(index, subject, entry, answers[index])
            if isinstance(nobody, Open):
                yield nobody
            elif nobody is not None:
                yield _unserved(entry, subject, nobody)


def _unserved(entry: Entry, subject: Subject, nobody: _Nobody) -> Drift:
    who = "nobody serves it"
    if nobody.elsewhere:
        who = f"nobody in the kernel serves it, only {', '.join(nobody.elsewhere)}"
    call = next((c for c in subject.revision.calls if c.name == entry.name), None)
    because = None if call is None else call.authority.because
    what = f"{entry.name} on {subject.revision.architecture.value}: {who}"
    return Drift(Kind.UNSERVED, what, entry.line, because=because, proofs=nobody.proofs)


def _absent(entry: Entry, revision: Revision) -> bool:
    return not any(call.name == entry.name for call in revision.calls)


def _is_call(entry: Entry, revision: Revision) -> bool:
    """Tell whether an entry is about a call: it is in a register, or named as calls are."""
    prefixes = {call.name.partition("_")[0] for call in revision.calls}
    return entry.named is not None or entry.name.partition("_")[0] in prefixes


def _nobody(
    index: int, subject: Subject, entry: Entry, answers: tuple[Answered, ...]
) -> _Nobody | Open | None:
    revision = subject.revision
    call = next((call for call in revision.calls if call.name == entry.name), None)
    if call is None or call.number is None:
        text = f"the contract has no such call at {revision.version}"
        apart = ", ".join(f"{a.party} {a.number:#x}" for a in answers if a.how is How.SERVED)
        if apart:
            text = f"{text}; served are {apart}"
        return _Nobody((Proof(index, text=text),))
    if subject.evidence is None:
        if call.served_by:
            return None
        return _Nobody((Proof(index, text=f"by the contract: {_listed(call)}"),))
    of_call = tuple(a for a in answers if a.number == call.number)
    absent = [name for name in call.served_by if name not in subject.evidence.behaviours]
    return _judged(index, subject, entry, of_call, absent)


def _judged(
    index: int,
    subject: Subject,
    entry: Entry,
    of_call: tuple[Answered, ...],
    absent: list[str],
) -> _Nobody | Open | None:
    """Return whether nobody serves a call.

    :param absent: parties that the contract says serve it, and that the image does not show
    """
    revision = subject.revision
    programs = {party.name: party.program for party in revision.parties}
    served = [answer for answer in of_call if answer.how is How.SERVED]
    if any(programs[answer.party] is Program.KERNEL for answer in served):
        return None
    unsure = [answer for answer in of_call if answer.how is How.UNDECIDED]
    if unsure:
        what = f"whether {unsure[0].party} serves {entry.name}"
        return Open(f"{subject.name}: {what}", unsure[0].row, entry.line)
    what = f"{subject.name}: who serves {entry.name}"
    if absent:
        return Open(what, f"{', '.join(absent)} not found in the image", entry.line)
    if not of_call:
        return Open(what, "no party was found in the image", entry.line)
    proofs = tuple(Proof(index, answer=answer) for answer in of_call)
    return _Nobody(proofs, tuple(answer.party for answer in served))
