"""What several results hold alike: inputs, tables, counterexamples, replays, suppressions."""

import enum
from collections.abc import Mapping
from typing import Annotated, Final, TypeAlias

from hypabi.arch.names import Architecture, ByteOrder
from hypabi.image.model import Role
from hypabi.records import frozen

Hex: TypeAlias = Annotated[str, "hex", "^-?0x[0-9a-f]+$"]
"""A value in hexadecimal, because many readers of JSON cut numbers at 53 bits."""
Sha256: TypeAlias = Annotated[str, "sha256", "^[0-9a-f]{64}$"]

ENGINE: Final = (
    "our own engine shares our reading of Arm with the derivation: it confirms the search and the "
    "solver, and not that reading"
)
QEMU: Final = (
    "QEMU's reading of Arm is not ours: with the search and the solver it confirms that reading"
)
DEFECT: Final = (
    "a claim that a machine contradicts is a defect of hypabi until it is explained: please report "
    "it with the witness"
)


@frozen
class ProgramIdentity:
    """One program of a boot."""

    role: Role
    sha256: Sha256
    """Of the program, uncompressed."""
    entry: Hex
    base: str
    """How the load address was established."""


@frozen
class ImageIdentity:
    """Which file it is, and which programs are in it."""

    path: str
    """As the command names it."""
    sha256: Sha256
    name: str
    """What a report calls it: the name of the file, or of each file of one program."""
    formats: tuple[str, ...]
    """Containers, from the outside in."""
    architecture: Architecture
    byte_order: ByteOrder
    version: str | None
    """The kernel's version, where the image says it."""
    programs: tuple[ProgramIdentity, ...]
    """In the order in which a boot runs them."""


@frozen
class CallNumber:
    """A call of a contract."""

    name: str
    number: int | None
    """Null for whatever is no call's number."""


@frozen
class ContractIdentity:
    """Which contract it is, and as of which kernel."""

    name: str
    document: str | None
    """Path of the document in the kernel's tree."""
    sha256: Sha256
    version: str
    """Kernel version that the contract was taken at."""
    architecture: Architecture
    identifier: str
    """Register that selects the call."""
    result: str
    """Register of the answer."""
    calls: tuple[CallNumber, ...]


@frozen
class VectorTable:
    """A vector table."""

    address: Hex
    how: str
    """How it was found: by symbol, shape, installer (another party's code writes its address into
    the vector base) or conduct (by what it does)."""
    kind: str
    """EL2 or HYP."""
    program: Role
    symbol: str | None
    """The table's symbol, where it has one."""


@frozen
class Observation:
    """What was seen to differ."""

    name: str
    """A register, or what else the clause is about."""
    entry: Hex
    exit: Hex


@frozen
class Instruction:
    """One instruction of a path."""

    place: str
    """Symbol and offset; the address where no symbol stands before it."""
    symbol: str | None
    text: str
    """The instruction."""


@frozen(kw_only=True)
class Evidence:
    """Why something is refuted; all of it is empty where nothing is."""

    counterexample: Mapping[str, Hex]
    """State at entry in which the clause fails: registers, memory words (mem[...]) and capabilities
    (cpucap.N); empty where any state will do."""
    observed: tuple[Observation, ...]
    path: tuple[Hex, ...]
    """Address of every instruction executed, in order."""
    disassembly: tuple[Instruction, ...]
    """The path, instruction by instruction."""


class ReplayVerdict(enum.Enum):
    """What a machine says of a refutation."""

    CONFIRMED = "confirmed"
    NOT_REPRODUCED = "not reproduced"
    NOT_RUN = "not run"


@frozen
class ReplayDifference:
    """Something that a machine did otherwise than was predicted."""

    what: str
    predicted: str
    observed: str


@frozen
class ReplayAttempt:
    """A replay of one refutation, or why there was none."""

    verdict: ReplayVerdict
    machine: str
    """Who ran it: name and version."""
    reason: str | None
    """Why it was not run."""
    differences: tuple[ReplayDifference, ...]
    needed: Mapping[str, Hex]
    """What the refutation needs of the state at entry, shrunk; memory at link addresses."""
    witness: str | None
    """File that the witness was written to."""

    @property
    def sentence(self) -> str:
        """Return what the replay came to."""
        if self.verdict is ReplayVerdict.NOT_RUN:
            return f"not run on {self.machine}: {self.reason}"
        if self.verdict is ReplayVerdict.CONFIRMED:
            return f"confirmed by {self.machine}"
        first, *others = self.differences
        more = f", and {len(others)} more" if others else ""
        what = f"{first.what}: predicted {first.predicted}, observed {first.observed}"
        return f"NOT REPRODUCED by {self.machine}: {what}{more}"

    @property
    def worth(self) -> str:
        """Return what the word of the machine is worth."""
        return QEMU if self.machine.lower().startswith("qemu") else ENGINE


@frozen
class SuppressedBy:
    """The decision to live with a finding."""

    reason: str
    expires: str
    """The first day on which it covers nothing."""
    line: int
    """Of the file of suppressions."""


@frozen
class SuppressionEntry:
    """A suppression that covers nothing."""

    line: int
    what: str
    expires: str


@frozen
class SuppressionFile:
    """What was decided to live with, as far as it covers nothing."""

    sha256: Sha256
    today: str
    """The day on which suppressions were asked whether they have expired."""
    unused: tuple[SuppressionEntry, ...]
    expired: tuple[SuppressionEntry, ...]


@frozen
class Assumption:
    """What verdicts rest on."""

    text: str
    reason: str
    """Why it may be made; empty where the text says it."""
    parties: tuple[str, ...]
    """The parties whose verdicts rest on it."""


@frozen(kw_only=True)
class Reproduction:
    """What is needed to make the same report again."""

    command: tuple[str, ...]
    versions: Mapping[str, str]
    """Of each tool that took part."""
