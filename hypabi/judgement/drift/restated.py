"""What the code makes of a document's own numbers and registers.

The contract is made to say what the document says, and the image is judged again.  A clause that
fails only then is the document's mistake; where none does, the code keeps both.
"""

from collections.abc import Callable, Iterator, Mapping

from hypabi.contract.model import Contract
from hypabi.contract.resolve import revision_of
from hypabi.decode.place import FileError
from hypabi.judgement.drift.evidence import broken, name_of
from hypabi.judgement.drift.facts import Fact
from hypabi.judgement.drift.findings import Proof
from hypabi.judgement.drift.subject import Subject
from hypabi.judgement.verification.prover import judge_contract
from hypabi.judgement.verification.verdict import Finding, Refuted
from hypabi.smt.solver import Solver


def restated(
    contract: Contract,
    subjects: tuple[Subject, ...],
    differing: Mapping[int, Fact],
    solver: Callable[[], Solver],
) -> Iterator[tuple[int, Proof, Finding | None]]:
    """Yield what the code makes of a document's facts: the contract says what the document says.

    :param differing: facts by a number of the caller's, which comes back with each proof
    """
    for which, fact in differing.items():
        for index, subject in enumerate(subjects):
            evidence, on = subject.evidence, subject.revision.architecture
            if evidence is None or fact.architecture not in (None, on):
                continue
            if fact.restate is None:
                continue
            try:
                revision = revision_of(fact.restate(contract), subject.revision.version, on)
            except FileError as refused:
                yield which, Proof(index, text=f"cannot be meant: {refused.what}"), None
                continue
            judged = judge_contract(revision, evidence.behaviours, evidence.surroundings, solver)
            before = broken(evidence.judgement.findings)
            newly = [
                each
                for each in judged.findings
                if isinstance(each.verdict, Refuted) and name_of(each) not in before
            ]
            if not newly:
                text = "the code keeps what the document says, too"
                yield which, Proof(index, text=text), None
            for each in newly[:1]:
                yield which, Proof(index, each), each
