"""Events of a crossing at the reference stub, as a machine would tell them: built, not recorded."""

from collections.abc import Mapping

from hypabi.analysis.examination import Examination
from hypabi.analysis.provenance import Provenance
from hypabi.analysis.session import open_image
from hypabi.arch.names import Architecture
from hypabi.contract.version import Version
from hypabi.machine.crossing import Back, Ended, EndKind, Entered, Event, Instruction, Recognised
from hypabi.records import replace
from hypabi.tracing.record import Header
from hypabi.tracing.result import TracedCrossing, TraceResult
from hypabi.tracing.run import trace_events
from tests.witness.examples import FOLDER

LIFE = FOLDER / "arm64-life-b7-kvm-a64.elf"
"""Both hypervisors and their callers in one program that boots."""
VERSION = "6.1"
STUB = 0x40080000
KVM_INIT = 0x40080800
KVM_RUN = 0x40081000
SET_VECTORS = 0x40081E8C
RESET_VECTORS = 0x40081E98
"""The hvc of __hyp_set_vectors, and that of __hyp_reset_vectors: `nm` and `objdump` say so."""
EL1H = 0x3C5
HEADER = Header("made by a test", Architecture.ARM64, None, "", ())

Registers = Mapping[str, int]


def examined() -> Examination:
    return open_image(LIFE).examine(None, Version.parse(VERSION))


def entered(site: int, vectors: int, registers: Registers, slide: int = 0) -> Entered:
    """Return an ``hvc`` at a place of the program that lies ``slide`` above its link address."""
    general = {f"x{n}": 0x1000 + n for n in range(31)}
    link = site + slide + 4
    system = {"VBAR_EL2": vectors, "ELR_EL2": link, "SPSR_EL2": EL1H, "ESR_EL2": 0x5A000000}
    seen = {**general, **system, **registers}
    return Entered(10, 0, Instruction.HVC, site + slide, "EL1h", 0, vectors + 0x400, vectors, seen)


def back(after: Entered, registers: Registers) -> Back:
    """Return to behind a call; what is not named is as it was."""
    seen = {**after.registers, "PSTATE": EL1H, **registers}
    assert after.caller is not None
    return Back(25, after.cpu, after.caller + 4, "EL1h", seen["VBAR_EL2"], seen)


def traced(*events: Event, header: Header = HEADER) -> TraceResult:
    end = Ended(99, EndKind.LOG, "enough")
    return trace_events(examined(), header, (*events, end), Provenance(("hypabi",), ()))


def one(call: Entered, answer: Back, *before: Event) -> TracedCrossing:
    """Return what is said of one crossing while the stub is where it was linked to."""
    table = Recognised(STUB, STUB)
    (found,) = traced(table, *before, call, answer).crossings
    return found


def set_vectors(to: int = KVM_INIT, result: int = 0, **kept: int) -> TracedCrossing:
    """Return a call of HVC_SET_VECTORS at the stub."""
    call = entered(SET_VECTORS, STUB, {"x0": 0, "x1": to})
    return one(call, back(call, {"x0": result, "VBAR_EL2": to, **kept}))


__all__ = [
    "EL1H", "HEADER", "KVM_INIT", "KVM_RUN", "LIFE", "RESET_VECTORS", "SET_VECTORS", "STUB",
    "VERSION", "back", "entered", "examined", "one", "replace", "set_vectors", "traced",
]  # fmt: skip
