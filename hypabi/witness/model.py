"""What a witness consists of."""

from collections.abc import Mapping

from hypabi.arch.names import Architecture, ByteOrder, InstructionSet
from hypabi.errors import HypabiError
from hypabi.records import frozen
from hypabi.witness.expectation import Promise

PAGE = 0x1000
"""Bytes of the image that a machine holds are whole pages of this size, cut at segments' ends."""


class WitnessError(HypabiError):
    """A witness names what is not there, or what no machine can show."""


@frozen
class Claim:
    """What is said to be broken, and by whom."""

    contract: str
    contract_sha256: str
    version: str
    """Of the kernel at which the contract was taken."""
    party: str
    call: str | None
    number: int | None
    clause: str
    statement: str
    """As the contract has it."""
    instead: str
    """What the derivation says happens."""
    counterexample: Mapping[str, int]
    """What the refutation needs of the state at entry, after shrinking."""


@frozen
class Page:
    """Bytes of the program that the machine holds."""

    address: int
    """At which they run."""
    size: int
    sha256: str
    offset: int | None
    """Where they stand in the file, ``None`` where the file is compressed or relocates itself."""


@frozen
class Patched:
    """Code that the kernel replaces on a CPU with a capability, where it runs."""

    address: int
    size: int
    replacement: int
    capability: int


@frozen
class Source:
    """The image that the code is read from."""

    name: str
    """Of the file, without its folder."""
    sha256: str
    program: str
    """Which program of a boot: ``kernel`` or ``decompressor``."""
    program_sha256: str
    version: str
    displacement: int
    """Added to every link address, modulo the width of an address, where the code runs."""
    pages: tuple[Page, ...] = ()
    """All that the machine holds of it."""
    patched: tuple[Patched, ...] = ()


@frozen
class Given:
    """Memory besides the image: ``content``, then zeros up to ``size``."""

    address: int
    content: bytes
    size: int


@frozen
class Start:
    """The machine at the caller's ``hvc``.

    A general register or status field that ``registers`` does not give is 0; a system register that
    it does not give is not read.
    """

    architecture: Architecture
    instruction_set: InstructionSet
    """Of the vectors."""
    byte_order: ByteOrder
    registers: Mapping[str, int]
    memory: tuple[Given, ...]
    back: int
    """Where the caller goes on."""


@frozen
class Arrival:
    """Where and how control ends up."""

    kind: str
    """``returned``, ``reached``, ``stuck`` or ``faulted``."""
    address: int | None
    """``None`` where the address is no part of what is predicted."""
    mode: str | None


@frozen
class Prediction:
    """What the derivation says a machine shows at the end."""

    arrival: Arrival
    registers: Mapping[str, int]
    """General registers that change, and whatever the promise is about."""
    open: tuple[str, ...]
    """General registers of which the derivation says nothing."""
    memory: tuple[Given, ...]


@frozen
class Witness:
    """One counterexample, complete."""

    claim: Claim
    image: Source
    start: Start
    promised: Promise
    predicted: Prediction
    made_by: Mapping[str, str]
    """Version of each tool."""
