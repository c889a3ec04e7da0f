"""Documents held against kernels by hand: every part of a report without an image or a document."""

from hypabi.analysis.results.drift import (
    CitedSentence,
    CitingClause,
    ContractNamed,
    DocumentRead,
    DocumentSentence,
    DriftCoverage,
    DriftFinding,
    DriftProof,
    DriftResult,
    HeldAgainst,
    JudgedClause,
    NotRead,
    NumberAnswer,
    OpenQuestion,
    StatedFact,
    SubjectAnswer,
    WordEdit,
)
from hypabi.analysis.results.shared import (
    CallNumber,
    ImageIdentity,
    Instruction,
    Observation,
    Reproduction,
)
from hypabi.arch.names import Architecture, ByteOrder
from hypabi.contract.architectures import ArchitectureName
from hypabi.judgement.drift.call_table import How
from hypabi.judgement.drift.citations import Role
from hypabi.judgement.drift.document import Weight
from hypabi.judgement.drift.findings import Kind
from tests.report.made import VERSIONS

VECTORS = "0xffff800008000000"
OPEN = OpenQuestion("HVC_FLY", f"at {VECTORS}: it was not followed", 8)
REFUTED = JudgedClause(
    party="stub",
    call="HVC_SET_VECTORS",
    number="0x0",
    clause="registers",
    text="what may change",
    verdict="refuted",
    reason=f"x19 is lost at {VECTORS}",
    counterexample={"x0": "0x0", "x19": "0x7", "cpucap.40": "0x1", f"mem[{VECTORS}]": "0x1"},
    observed=(Observation("x19", "0x7", "0x8"),),
    path=(VECTORS,),
    disassembly=(Instruction("vectors", "vectors", "mov x19, #0x1"),),
)
CITED = CitedSentence(
    "Nobody may count on x0-x18.",
    (CitingClause("frame.registers", 12, Role.CITES, (Architecture.ARM64,)),),
)


def finding(kind: Kind, *, contradicted: bool = False, what: str = "something") -> DriftFinding:
    """Return a finding with each part that one can have."""
    answer = NumberAnswer("stub", "0x2", How.REFUSED, f"goes to {VECTORS}", ())
    proofs = (
        DriftProof(0, REFUTED if contradicted else None, "M == 0", None, None),
        DriftProof(0, None, None, answer, None),
        DriftProof(0, None, None, None, "a remark"),
    )
    return DriftFinding(
        kind,
        what,
        3,
        0,
        CITED,
        "the kernel goes against it",
        (WordEdit("Nobody", "Nobody"), WordEdit("may", "can")),
        (StatedFact("the result", Architecture.ARM64, 3, "x5", "x0"),),
        proofs if contradicted else proofs[1:],
        contradicted,
    )


def subject(name: str = "6.1.0-made") -> HeldAgainst:
    """Return a kernel with an image."""
    return HeldAgainst(
        name,
        "6.1",
        ArchitectureName.ARM64,
        ImageIdentity(
            "vmlinuz",
            "b" * 64,
            "vmlinuz",
            ("arm64 Image",),
            Architecture.ARM64,
            ByteOrder.LITTLE,
            name,
            (),
        ),
        "x0",
        "x0",
        (CallNumber("HVC_SET_VECTORS", 0), CallNumber("any other", None)),
        {"ARM64_KVM_PROTECTED_MODE": 40},
        {VECTORS: "vectors"},
    )


def coverage(sentences: int = 2, held: int = 1, facts: int = 4) -> DriftCoverage:
    """Return how much is held."""
    return DriftCoverage(sentences, held, 20, 10, facts, 6, 5)


def drift(
    *findings: DriftFinding,
    undecided: tuple[OpenQuestion, ...] = (),
    of: DriftCoverage | None = None,
) -> DriftResult:
    """Return a document with what was found of it."""
    sentences = (
        DocumentSentence("Nobody can count on x0-x18.", 3, "Calls", 0),
        DocumentSentence("It is what it is.", 5, "Calls", None),
    )
    return DriftResult(
        DocumentRead("made.rst", "d" * 64, sentences),
        ContractNamed("made-abi", "c" * 64),
        (subject(),),
        of or coverage(),
        findings,
        undecided,
        (
            SubjectAnswer("stub", "0x0", How.SERVED, "x0 is 0", ("x1", "x2"), 0),
            SubjectAnswer("stub", "0x2", How.UNDECIDED, "it was not followed", (), 0),
        ),
        (NotRead(9, "a picture", Weight.ILLUSTRATION), NotRead(10, "a line", Weight.STATEMENT)),
        (1,),
        ("calls.HVC_FLY",),
        ("the solver",),
        Reproduction(
            command=("hypabi", "document", "--drift", "made.rst"), versions=dict(VERSIONS)
        ),
    )


def of_every_kind() -> DriftResult:
    """Return one finding of each kind, the first contradicted, and something open."""
    first, *others = Kind
    found = [finding(first, contradicted=True), *map(finding, others)]
    return drift(*found, undecided=(OPEN,))
