"""What linux-hyp-abi says of the registers that a call may write is what real kernels write."""

from pathlib import Path

from hypabi.analysis.examination import Examination
from hypabi.analysis.options import contract_of, version_of
from hypabi.analysis.session import open_image
from hypabi.contract.clause import Clause, KeepsSystemRegisters, Partly
from hypabi.contract.expression import Negation
from hypabi.contract.revision import Revision
from hypabi.judgement.verification.prover import judge_contract
from hypabi.judgement.verification.verdict import Refuted
from hypabi.records import replace
from tests.inputs import Kernel

KNOWN = {"GCSCR_EL2"}
"""Lost by FINALISE of 7.2, and no permission lets it go."""


def lost(examination: Examination, revision: Revision) -> set[str | None]:
    """Return the system registers that some call loses."""
    found = judge_contract(
        revision, examination.behaviours, examination.surroundings, examination.solver
    )
    return {
        each.lost
        for finding in found.findings
        if isinstance(finding.clause.statement, KeepsSystemRegisters)
        and isinstance(finding.verdict, Refuted)
        for each in finding.verdict.every
    }


def denied(clause: Clause) -> Clause:
    """Return a clause that lets registers change to anything but what the contract says."""
    if not isinstance(clause.statement, KeepsSystemRegisters):
        return clause
    partly = tuple(_denied(each) for each in clause.statement.partly)
    return replace(clause, statement=replace(clause.statement, partly=partly))


def _denied(part: Partly) -> Partly:
    return part if part.to is None else replace(part, to=Negation(part.to))


def permitted(revision: Revision) -> set[str]:
    """Return the registers of which the contract says what they may become."""
    frames = (clause.statement for row in revision.rows for clause in row.clauses)
    parts = (
        part for each in frames if isinstance(each, KeepsSystemRegisters) for part in each.partly
    )
    return {each.register for each in parts if each.to is not None}


def test_every_permission_holds_and_none_of_them_by_saying_nothing(kernel: Kernel) -> None:
    bites: set[str | None] = set()
    said: set[str] = set()
    for path in (kernel("6.1-arm64"), kernel("7.2-arm64")):
        examination = examined(path)
        revision = examination.revision
        assert lost(examination, revision) <= KNOWN
        said |= permitted(revision)
        rows = tuple(replace(row, clauses=tuple(map(denied, row.clauses))) for row in revision.rows)
        bites |= lost(examination, replace(revision, rows=rows))
    assert said and bites - KNOWN == said


def examined(path: Path) -> Examination:
    return open_image(str(path)).examine(contract_of("linux-hyp-abi"), version_of(None))
