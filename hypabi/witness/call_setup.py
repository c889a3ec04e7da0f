"""A caller that any machine can be: what must hold of its state, and what it usually is."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Final, assert_never

from hypabi.arch import aarch32, aarch64
from hypabi.arch.aarch32 import Mode
from hypabi.arch.identifiers import IMMEDIATE, IMMEDIATE_BITS, SYNDROMES
from hypabi.arch.names import Architecture, ByteOrder, InstructionSet
from hypabi.behaviour.case import Behaviour, Case
from hypabi.machine.start import Level, start_state
from hypabi.machine.state import VECTOR_BASES
from hypabi.records import frozen
from hypabi.smt import terms
from hypabi.smt.terms import Term, Value
from hypabi.witness.layout import CALLER
from hypabi.witness.status import FLAGS, STATUS_32, STATUS_64

HVC_A32: Final = 0xE140_0070
HVC_A64: Final = 0xD400_0002
HVC_T32: Final = (0xF7E0, 0x8000)
"""Two halfwords (DDI 0406C, B9.3.4, encoding T1)."""
MASKED_64: Final = 0x3C5
"""SPSR_EL2 of a caller at EL1h with every exception masked."""
EE: Final = 25
WIDE: Final = 64
UPPER: Final = 0xFFFF_FFFF_0000_0000
HALF_USED: Final = (
    "CONTEXTIDR_EL1",
    "CONTEXTIDR_EL2",
    "CPACR_EL1",
    "DACR32_EL2",
    "FPEXC32_EL2",
    "HSTR_EL2",
    "IFSR32_EL2",
    "VPIDR_EL2",
)
"""Registers whose bits 63:32 are RES0 in every version (DDI 0487, D19.2)."""


@frozen
class Caller:
    """Who issues the ``hvc``, and through which vectors."""

    architecture: Architecture
    vectors: InstructionSet
    order: ByteOrder
    immediate: int
    table: int
    """Address of the live vectors, where they run."""
    behaviour: Behaviour

    @property
    def back(self) -> int:
        """Return the address behind the ``hvc``."""
        return CALLER + 4

    @property
    def big(self) -> int:
        """Return the value of the bits that say big-endian."""
        return int(self.order is ByteOrder.BIG)

    @property
    def thumb(self) -> int:
        """Return the value of the bits that say T32: who has such vectors has such callers."""
        return int(self.vectors is InstructionSet.T32)

    @property
    def instruction(self) -> bytes:
        """Return the ``hvc``: instructions are little-endian always."""
        number = self.immediate
        if self.architecture is Architecture.ARM64:
            return (HVC_A64 | number << 5).to_bytes(4, "little")
        if self.thumb:
            halves = (HVC_T32[0] | number >> 12, HVC_T32[1] | number & 0xFFF)
            return b"".join(half.to_bytes(2, "little") for half in halves)
        return (HVC_A32 | number >> 4 << 8 | number & 15).to_bytes(4, "little")

    def at_entry(self, name: str) -> Value:
        """Return the value a register has when the vector is entered."""
        found = self.behaviour.at_entry.get(name)
        return terms.symbol(name, self.architecture.bits) if found is None else found

    def usual(self) -> Mapping[str, int]:
        """Return what symbols are where nothing asks for anything else."""
        state = start_state(Level.CALLER, CALLER, (), {}, self.vectors, self.order)
        found = dict(state.registers)
        if self.architecture is Architecture.ARM64:
            found |= {"ELR_EL2": self.back, "SPSR_EL2": MASKED_64, "VBAR_EL2": self.table}
        else:
            status = Mode.SVC | 0x1C0 | self.big << 9 | self.thumb << 5
            found |= {"ELR_hyp": self.back, "SPSR_hyp": status, "HVBAR": self.table}
            found |= {"CPSR.E": self.big}
        return found

    def musts(self) -> Iterator[Value]:
        """Yield what must hold at entry so that a machine without translation can be there."""
        yield from self._with_immediate()
        match self.architecture:
            case Architecture.ARM64:
                yield from self._musts_64()
            case Architecture.ARM:
                yield from self._musts_32()
            case _:
                assert_never(self.architecture)

    def stays(self, case: Case) -> Iterator[Value]:
        """Yield what must hold at the end of a case: no translation was turned on on the way."""
        bits = self.architecture.bits
        for name in ("SCTLR_EL1", "SCTLR_EL2", "HCR_EL2", "SCTLR", "HSCTLR", "HCR"):
            if name in case.registers:
                yield terms.eq(terms.extract(case.registers[name], 0, 1, bits), 0, 1)

    def _with_immediate(self) -> Iterator[Value]:
        """Yield what the immediate is, where that selects the call."""
        number = terms.symbol(IMMEDIATE, IMMEDIATE_BITS)
        syndrome = self.at_entry(SYNDROMES[self.architecture])
        if isinstance(syndrome, Term) and number in terms.symbols_of(syndrome):
            yield terms.eq(number, self.immediate, IMMEDIATE_BITS)

    def _musts_64(self) -> Iterator[Value]:
        status = self.at_entry("SPSR_EL2")
        yield terms.eq(self.at_entry("ELR_EL2"), self.back, 64)
        yield terms.eq(terms.and_(status, ~STATUS_64 & (1 << 64) - 1, 64), 0, 64)
        for bit, flag in zip((31, 30, 29, 28), FLAGS, strict=True):
            yield terms.eq(terms.symbol(flag, 1), terms.extract(status, bit, 1, 64), 1)
        yield terms.eq(self.at_entry("VBAR_EL2"), self.table, 64)
        yield from self._off("HCR_EL2", 64, (0, 29))  # VM, HCD
        for name in ("SCTLR_EL1", "SCTLR_EL2"):
            yield from self._off(name, 64, (0,))
            yield terms.eq(self._bit(name, EE, 64), self.big, 1)
        for name in ("PAN", "UAO", "DIT", "SSBS", "TCO"):
            yield terms.eq(terms.symbol(name, 64), 0, 64)
        yield from self._read_as_zero(64, {**VECTOR_BASES, **dict.fromkeys(HALF_USED, UPPER)})

    def _musts_32(self) -> Iterator[Value]:
        status = self.at_entry("SPSR_hyp")
        yield terms.eq(self.at_entry("ELR_hyp"), self.back, 32)
        yield terms.eq(terms.and_(status, ~STATUS_32 & 0xFFFF_FFFF, 32), 0, 32)
        yield terms.eq(terms.extract(status, 5, 1, 32), self.thumb, 1)
        yield terms.eq(terms.extract(status, 9, 1, 32), self.big, 1)
        yield terms.eq(terms.symbol("CPSR.E", 1), self.big, 1)
        for field in aarch32.STATUS_FIELDS:
            if field.register in (*FLAGS, "CPSR.Q", "CPSR.GE"):
                held = terms.extract(status, field.low, field.width, 32)
                yield terms.eq(terms.symbol(field.register, field.width), held, field.width)
        yield terms.eq(self.at_entry("HVBAR"), self.table, 32)
        yield from self._off("HCR", 32, (0, 27, 29))  # VM, TGE, HCD
        yield from self._off("SCTLR", 32, (0, 13))  # M, V
        yield from self._off("HSCTLR", 32, (0,))
        yield terms.eq(self._bit("HSCTLR", 30, 32), self.thumb, 1)
        yield terms.eq(self._bit("HSCTLR", EE, 32), self.big, 1)
        yield from self._read_as_zero(32, VECTOR_BASES)

    def _read_as_zero(self, width: int, reserved: Mapping[str, int]) -> Iterator[Value]:
        """Yield that no register holds a one where hardware reads a zero."""
        for name, bits in reserved.items():
            if ("_EL" in name) is (width == WIDE):
                held = terms.and_(self.at_entry(name), bits, width)
                yield terms.eq(held, 0, width)

    def _bit(self, name: str, bit: int, width: int) -> Value:
        return terms.extract(self.at_entry(name), bit, 1, width)

    def _off(self, name: str, width: int, bits: Iterable[int]) -> Iterator[Value]:
        for bit in bits:
            yield terms.eq(self._bit(name, bit, width), 0, 1)

    def registers(self, value: Callable[[str, int], int]) -> dict[str, int]:
        """Return the registers of the caller at its ``hvc``, but for system registers.

        :param value: of a register at entry to the vector, by name and width
        """
        state = start_state(Level.CALLER, CALLER, (), {}, self.vectors, self.order)
        found = dict(state.registers)
        if self.architecture is Architecture.ARM64:
            general = (*aarch64.GENERAL, *aarch64.STACK_POINTERS[:3])
            found |= {name: value(name, 64) for name in general}
            return found | _status_64(value("SPSR_EL2", 64))
        banks = [name for name in found if not name.startswith(("CPSR.", "ELR_"))]
        taken = {"pc", "SPSR_hyp", *FLAGS, "HCR", "HSCTLR", "HSTR", "HVBAR", "SCTLR", "VBAR"}
        found |= {name: value(name, 32) for name in banks if name not in taken}
        return found | _status_32(value("SPSR_hyp", 32))


def _status_64(word: int) -> dict[str, int]:
    found = {flag: word >> bit & 1 for flag, bit in zip(FLAGS, (31, 30, 29, 28), strict=True)}
    return found | {"DAIF": word & 0x3C0, "SPSel": word & 1, "CURRENTEL": word & 0b1100}


def _status_32(word: int) -> dict[str, int]:
    fields = aarch32.STATUS_FIELDS
    return {field.register: word >> field.low & (1 << field.width) - 1 for field in fields}
