"""Matrices and caller checks made by hand: every part of a report without an image."""

from hypabi.analysis.results.caller_checks import (
    CallerAnswer,
    CallerCheck,
    CallerChecks,
    CallerSite,
    CallerWord,
    LifeCycleMove,
    UnresolvedCallSite,
)
from hypabi.analysis.results.matrix import (
    CallerRole,
    Cell,
    CellCaller,
    CellParty,
    CellWord,
    MatrixReproduction,
    MatrixResult,
    NothingShown,
    PromiseBroken,
    PromisedClause,
    PromisedOf,
    PromiseKept,
)
from hypabi.analysis.results.shared import (
    ImageIdentity,
    Instruction,
    Observation,
    ProgramIdentity,
    SuppressedBy,
)
from hypabi.arch.names import Architecture, ByteOrder
from hypabi.image.model import Role
from hypabi.judgement.callers.findings import CallerQuestion
from hypabi.judgement.callers.schedule import Reachability
from hypabi.judgement.matrix.cell_model import Promise

IMAGE = ImageIdentity(
    "vmlinuz",
    "b" * 64,
    "vmlinuz",
    ("arm64 Image",),
    Architecture.ARM64,
    ByteOrder.LITTLE,
    "6.1.0-test",
    (ProgramIdentity(Role.KERNEL, "a" * 64, "0x0", "made by hand"),),
)
BY = SuppressedBy("it is going to be repaired", "2027-06-01", 3)


def site(name: str = "__hyp_set_vectors", address: int = 0x1000) -> CallerSite:
    return CallerSite(name, f"{address:#x}", name or f"{address:#x}")


def check(
    word: CallerWord = CallerWord.SATISFIED,
    of: CallerSite | None = None,
    party: str = "stub",
    when: Reachability = Reachability.REACHABLE,
    text: str = "as SET",
) -> CallerCheck:
    """Return a check of one answer."""
    shown = {"x0": "0x1"} if word in (CallerWord.VIOLATED, CallerWord.SUPPRESSED) else {}
    answer = CallerAnswer(CallerQuestion.SERVED, word, text, shown)
    suppressed = BY if word is CallerWord.SUPPRESSED else None
    return CallerCheck(
        of or site(), "SET", "SET", "x0 = 0", ("user",), party, when, word, (answer,), suppressed
    )


def checks(*made: CallerCheck) -> CallerChecks:
    move = LifeCycleMove("stub", "SET", "kvm-init", (site(),))
    unresolved = UnresolvedCallSite("", "0x30", "0x30", "an indirect branch", passed=True)
    return CallerChecks(made, (site("never", 0x20),), (move,), 2, (unresolved,), (), (), None)


def because(word: CellWord) -> PromiseKept | PromiseBroken | NothingShown:
    match word:
        case CellWord.KEPT:
            return PromiseKept(Promise.SERVED, 3)
        case CellWord.REFUTED:
            return PromiseBroken(
                counterexample={"x0": "0x1", "mem[0x1000]": "0x2"},
                observed=(Observation("x1", "0x0", "0x1"),),
                path=("0x1000",),
                disassembly=(Instruction("vectors", "vectors", "eret"),),
                promise=Promise.SERVED,
                promised_of=PromisedOf("stub", "SET"),
                clause=PromisedClause("returns", "returns to the caller"),
                promised="SET returns to the caller",
                instead="control goes to address 0",
                symbols={"0x1000": "vectors"},
            )
        case CellWord.UNDECIDED | CellWord.LEFT_OPEN:
            return NothingShown("nobody knows")


def cell(
    word: CellWord = CellWord.KEPT,
    when: Reachability = Reachability.REACHABLE,
    form: str = "arm64, little-endian",
    role: CallerRole = CallerRole.CALLER,
    party: str = "stub",
) -> Cell:
    caller = CellCaller(role, "__hyp_set_vectors", "SET", "6.1.0-test", {"x0": "0x0"})
    live = CellParty(Architecture.ARM64, party, "", "6.1.0-test")
    return Cell(caller, live, form, word, when, because(word), ("it is so",))


def matrix(
    *cells: Cell, callers: CallerChecks | None = None, image: ImageIdentity | None = None
) -> MatrixResult:
    """Return a matrix; of a kernel where it has caller checks."""
    return MatrixResult(
        image=image or (None if callers is None else IMAGE),
        cells=cells,
        callers=callers,
        trusted=("the solver",),
        reproduce=MatrixReproduction(
            command=("hypabi", "matrix"),
            versions={"hypabi": "0.1.0"},
            contracts={"made": "c" * 64},
            images={"6.1.0-test-a64": "b" * 64},
            images_sha256="d" * 64,
        ),
    )


def of_every_kind() -> MatrixResult:
    """Return a matrix in which every word and every kind of part occurs."""
    cells = [cell(word, party=word.value) for word in CellWord]
    cells.append(cell(CellWord.REFUTED, when=Reachability.UNREACHABLE))
    cells.append(cell(role=CallerRole.INSTALLER))
    made = [check(word, site(word.name, 0x1000 + at)) for at, word in enumerate(CallerWord)]
    return matrix(*cells, callers=checks(*made))
