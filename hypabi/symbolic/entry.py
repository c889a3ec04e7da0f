"""Where a path starts: an exception enters a vector, or the kernel enters one of its functions.

Exception entry: DDI 0487 D1.3; for HYP DDI 0406C B1.8.6.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from hypabi.arch import aarch64
from hypabi.arch.identifiers import IMMEDIATE, IMMEDIATE_BITS, whole_register
from hypabi.arch.names import ByteOrder, InstructionSet
from hypabi.arch.vector_entries import Origin
from hypabi.records import frozen, replace
from hypabi.smt import terms
from hypabi.smt.terms import Value

EL1: Final = 1 << 2
EL2: Final = 2 << 2
"""CurrentEL as MRS reads it there."""

DAIF_MASKED: Final = 0xF << 6

E2H_IS_RES1: Final = "HCR_EL2.E2H is RES1"
"""Name of the symbol that tells whether a CPU has no EL2 without VHE (DDI 0487, D19.2.48)."""

HYPERVISOR_MODES: Final = ("EL2h", "hyp")
SVC: Final = 0b10011
HYP: Final = 0b11010
TE: Final = 30
EE: Final = 25
"""Bits of HSCTLR: the instruction set and the byte order of exceptions (DDI 0406C, B4.1.56)."""

_AARCH32: Final = (0b10000, 0b10001, 0b10010, 0b10011, 0b10111, 0b11011, 0b11111)
MODES_OF: Final[Mapping[Origin, tuple[int, ...]]] = {
    Origin.EL1: (0b00101, 0b00100, 0b00000, 0b10000),
    Origin.EL1_32: _AARCH32,
    Origin.EL2T: (0b01000,),
    Origin.EL2H: (0b01001,),
    Origin.PL1: _AARCH32,
    Origin.HYP: (HYP,),
}
"""SPSR.M of an exception by where it is taken from; the kernel's own mode is among them."""


@frozen
class Entry:
    """Where a path starts and what holds there.

    ``registers`` are those that exception entry sets; every other register is a symbol of its own
    name.  ``link`` names the preferred return address, ``status`` the saved program status.
    """

    address: int
    state: InstructionSet
    registers: Mapping[str, Value]
    assumptions: tuple[str, ...]
    link: str
    status: str
    mode: str
    identifier: str
    """The register that selects the call: paths that it tells apart are never merged."""
    holds: tuple[Value, ...] = ()
    """Conditions on other registers, without which control would not have got here so."""
    stuck: Mapping[str, Value] = MappingProxyType({})
    """Bits that are 1 on this CPU whatever is written, by register."""
    ends: Mapping[int, str] = MappingProxyType({})
    """Where paths end before they execute anything there, and what that is called.  Where any is
    given, an exception return to code of the image is followed (AArch32)."""
    is_bare: bool = False
    """Whether the CPU has just what its ID registers say; else it has all that the code names."""

    @property
    def serves(self) -> bool:
        """Whether the path is a hypervisor's; else an ``hvc`` on it asks for one."""
        return self.mode in HYPERVISOR_MODES


def hvc_to_el2(
    address: int,
    immediate: int | None = 0,
    order: ByteOrder = ByteOrder.LITTLE,
    identifier: str = "x0",
) -> Entry:
    """Return the entry of ``hvc #immediate``, issued at AArch64 EL1, to a slot at EL2.

    :param address: of the slot's first instruction
    :param immediate: ``None`` for any, which is then the symbol of that name
    :param order: of data, and so what SCTLR_EL2.EE has to say
    :param identifier: where the number of the call stands
    """
    status = _caller_status()
    registers: dict[str, Value] = {
        "CURRENTEL": EL2,
        "SPSel": 1,
        "DAIF": DAIF_MASKED,
        "ESR_EL2": _syndrome(aarch64.hvc_syndrome(immediate or 0), immediate, 64),
        "SPSR_EL2": status,
        "HCR_EL2": _hypervisor_configuration(),
    }
    return Entry(
        address,
        InstructionSet.A64,
        registers,
        (f"entered by hvc #{_spelled(immediate)} from AArch64 EL1",),
        "ELR_EL2",
        "SPSR_EL2",
        "EL2h",
        whole_register(identifier),
        (_bit_is("SCTLR_EL2", EE, int(order is ByteOrder.BIG), 64),),
    )


def _syndrome(value: int, immediate: int | None, bits: int) -> Value:
    """Return the syndrome of an ``hvc``, with any immediate where none is given."""
    if immediate is not None:
        return value
    above = bits - IMMEDIATE_BITS
    number = terms.symbol(IMMEDIATE, IMMEDIATE_BITS)
    return terms.concat(value >> IMMEDIATE_BITS, number, above, IMMEDIATE_BITS)


def _spelled(immediate: int | None) -> str:
    return "N" if immediate is None else str(immediate)


def _caller_status() -> Value:
    """SPSR_EL2 of a caller at EL1: M[4:1] is 0b0010, M[0] chooses its stack pointer (C5.2.19)."""
    whole = terms.symbol("SPSR_EL2", 64)
    high = terms.extract(whole, 5, 59, 64)
    selector = terms.extract(whole, 0, 1, 64)
    return terms.concat(high, terms.concat(0b0010, selector, 4, 1), 59, 5)


def _hypervisor_configuration() -> Value:
    """HCR_EL2 while AArch64 code runs at EL1: RW is 1 and TGE is 0 (D19.2.48)."""
    whole = terms.symbol("HCR_EL2", 64)
    value = terms.extract(whole, 0, aarch64.HCR_EL2_TGE, 64)
    value = terms.concat(0, value, 1, aarch64.HCR_EL2_TGE)
    width = aarch64.HCR_EL2_TGE + 1
    between = terms.extract(whole, width, aarch64.HCR_EL2_RW - width, 64)
    value = terms.concat(between, value, aarch64.HCR_EL2_RW - width, width)
    value = terms.concat(1, value, 1, aarch64.HCR_EL2_RW)
    width = aarch64.HCR_EL2_RW + 1
    return terms.concat(terms.extract(whole, width, 64 - width, 64), value, 64 - width, width)


def hvc_to_hyp(
    address: int,
    immediate: int | None = 0,
    state: InstructionSet = InstructionSet.A32,
    order: ByteOrder = ByteOrder.LITTLE,
    counts: int = 0,
    identifier: str = "r0",
) -> Entry:
    """Return the entry of ``hvc #immediate``, issued at PL1, to a slot of HVBAR's table.

    The caller is in Supervisor mode, as the kernel is; what else CPSR holds is kept in SPSR_hyp.

    :param address: of the slot's first instruction
    :param immediate: ``None`` for any, which is then the symbol of that name
    :param state: in which the vectors are written, and so what HSCTLR.TE has to say
    :param order: of data, and so what HSCTLR.EE has to say
    :param counts: how many low bits of SP_hyp the vectors count in, so that they have to be zero
    :param identifier: where the number of the call stands
    """
    whole = terms.symbol("SPSR_hyp", 32)
    status = terms.concat(terms.extract(whole, 5, 27, 32), SVC, 27, 5)
    registers: dict[str, Value] = {
        "CPSR.M": HYP,
        "CPSR.A": 1,
        "CPSR.I": 1,
        "CPSR.F": 1,
        "CPSR.E": int(order is ByteOrder.BIG),
        **_state(state),
        "HSR": _syndrome(0x12 << 26 | 1 << 25 | (immediate or 0), immediate, 32),
        "SPSR_hyp": status,
    }
    entered = [f"entered by hvc #{_spelled(immediate)} from Supervisor mode"]
    if counts:
        high = terms.extract(terms.symbol("SP_hyp", 32), counts, 32 - counts, 32)
        registers["SP_hyp"] = terms.concat(high, 0, 32 - counts, counts)
        entered.append(
            f"SP_hyp is a multiple of {1 << counts}, as vectors that count in it need it"
        )
    if state is InstructionSet.T32:
        entered.append("HSCTLR.TE is 1, as vectors in T32 need it")
    return Entry(
        address,
        state,
        registers,
        tuple(entered),
        "ELR_hyp",
        "SPSR_hyp",
        "hyp",
        identifier,
        (
            _bit_is("HSCTLR", TE, int(state is InstructionSet.T32)),
            _bit_is("HSCTLR", EE, int(order is ByteOrder.BIG)),
        ),
    )


def exception_to_el2(address: int, origin: Origin) -> Entry:
    """Return the entry of any exception that enters a slot at EL2.

    ESR_EL2.EC, named by :func:`exception_class`, is a symbol of its own; so are the other fields.

    :param address: of the slot's first instruction
    :param origin: where it is taken from, and so which slot it is
    """
    whole = terms.symbol("ESR_EL2", 64)
    high, low = terms.extract(whole, 32, 32, 64), terms.extract(whole, 0, 26, 64)
    syndrome = terms.concat(high, terms.concat(_class("ESR_EL2"), low, 6, 26), 32, 32)
    registers: dict[str, Value] = {
        "CURRENTEL": EL2,
        "SPSel": 1,
        "DAIF": DAIF_MASKED,
        "ESR_EL2": syndrome,
        "SPSR_EL2": terms.symbol("SPSR_EL2", 64),
    }
    if origin is Origin.EL1:
        registers["HCR_EL2"] = _hypervisor_configuration()
    mode = terms.extract(registers["SPSR_EL2"], 0, 5, 64)
    return Entry(
        address,
        InstructionSet.A64,
        registers,
        (f"entered by an exception from {origin.value}",),
        "ELR_EL2",
        "SPSR_EL2",
        "EL2h",
        "x0",
        (terms.lor(*(terms.eq(mode, each, 5) for each in MODES_OF[origin])),),
    )


def exception_to_hyp(
    address: int, origin: Origin, state: InstructionSet, order: ByteOrder, counts: int = 0
) -> Entry:
    """Return the entry of any exception that enters a slot of HVBAR's table.

    HSR.EC is a symbol of its own; see :func:`exception_to_el2`.
    """
    usual = hvc_to_hyp(address, 0, state, order, counts)
    status = terms.symbol("SPSR_hyp", 32)
    low = terms.extract(terms.symbol("HSR", 32), 0, 26, 32)
    mode = terms.extract(status, 0, 5, 32)
    modes = terms.lor(*(terms.eq(mode, each, 5) for each in MODES_OF[origin]))
    return replace(
        usual,
        registers={
            **usual.registers,
            "HSR": terms.concat(_class("HSR"), low, 6, 26),
            "SPSR_hyp": status,
        },
        assumptions=(f"entered by an exception from {origin.value}", *usual.assumptions[1:]),
        holds=(*usual.holds, modes),
    )


def exception_class(syndrome: str) -> str:
    """Return the name of the symbol that is the exception class of an entry by any exception.

    :param syndrome: ``ESR_EL2`` or ``HSR``
    """
    return f"{syndrome}.EC"


def _class(syndrome: str) -> Value:
    return terms.symbol(exception_class(syndrome), 6)


def _bit_is(register: str, bit: int, value: int, width: int = 32) -> Value:
    return terms.eq(terms.extract(terms.symbol(register, width), bit, 1, width), value, 1)


def _state(state: InstructionSet) -> dict[str, Value]:
    """Return the fields of CPSR that say in which state instructions are read."""
    return {"CPSR.T": int(state is InstructionSet.T32), "CPSR.J": 0, "CPSR.IT": 0}


def function_entry(address: int, state: InstructionSet) -> Entry:
    """Return the entry of a function that the kernel calls, at EL1 or in Supervisor mode.

    :param address: of its first instruction, without bit 0
    """
    if state is InstructionSet.A64:
        registers: dict[str, Value] = {"CURRENTEL": EL1, "SPSel": 1}
        entered = ("entered as a function at EL1",)
        return Entry(address, state, registers, entered, "", "", "EL1h", "x0")
    registers = {"CPSR.M": SVC, **_state(state)}
    entered = ("entered as a function in Supervisor mode",)
    return Entry(address, state, registers, entered, "", "", "svc", "r0")


def installer_entry(
    address: int,
    state: InstructionSet,
    order: ByteOrder,
    pinned: Mapping[str, Value] = MappingProxyType({}),
    ends: Mapping[int, str] = MappingProxyType({}),
) -> Entry:
    """Return the entry of code that a CPU runs at EL2 or HYP while it starts, as a function.

    :param address: of its first instruction, without bit 0
    :param order: of data, which CPSR.E says
    :param pinned: registers whose value at entry is known
    :param ends: where its paths end, and what that is called
    """
    if state is InstructionSet.A64:
        e2h = terms.symbol(E2H_IS_RES1, 1)
        stuck = terms.shl(terms.zext(e2h, 1, 64), aarch64.HCR_EL2_E2H, 64)
        at_el2: dict[str, Value] = {
            "CURRENTEL": EL2,
            "SPSel": 1,
            "DAIF": DAIF_MASKED,
            "HCR_EL2": terms.or_(terms.symbol("HCR_EL2", 64), stuck, 64),
            **pinned,
        }
        return Entry(
            address,
            state,
            at_el2,
            ("entered at EL2 by a CPU that starts",),
            "x30",
            "SPSR_EL2",
            "EL2h",
            "x0",
            _of_a_cpu_with_e2h(e2h, at_el2),
            {"HCR_EL2": stuck},
            ends,
        )
    registers = {**_started(state, order, HYP), **pinned}
    entered = ("entered at HYP by a CPU that starts",)
    return Entry(address, state, registers, entered, "LR_usr", "CPSR", "hyp", "r0", ends=ends)


def entry_below(
    address: int,
    state: InstructionSet,
    order: ByteOrder,
    pinned: Mapping[str, Value] = MappingProxyType({}),
    ends: Mapping[int, str] = MappingProxyType({}),
) -> Entry:
    """Return the entry of such code on a CPU that starts at EL1 or in Supervisor mode.

    The parameters are those of :func:`installer_entry`.
    """
    if state is InstructionSet.A64:
        at_el1: dict[str, Value] = {"CURRENTEL": EL1, "SPSel": 1, "DAIF": DAIF_MASKED, **pinned}
        entered = ("entered at EL1 by a CPU that starts",)
        return Entry(address, state, at_el1, entered, "x30", "SPSR_EL1", "EL1h", "x0", ends=ends)
    registers = {**_started(state, order, SVC), **pinned}
    entered = ("entered in Supervisor mode by a CPU that starts",)
    return Entry(address, state, registers, entered, "LR_svc", "CPSR", "svc", "r0", ends=ends)


def _started(state: InstructionSet, order: ByteOrder, mode: int) -> dict[str, Value]:
    """Return the status with which a CPU enters A32 or T32 code that it starts with."""
    whole = terms.symbol("CPSR", 32)
    thumb, big = int(state is InstructionSet.T32), int(order is ByteOrder.BIG)
    low = terms.concat(terms.extract(whole, 6, 3, 32), thumb << 5 | mode, 3, 6)
    status = terms.concat(terms.concat(terms.extract(whole, 10, 22, 32), big, 22, 1), low, 23, 9)
    return {"CPSR.M": mode, "CPSR.E": big, **_state(state), "CPSR": status}


def _of_a_cpu_with_e2h(e2h: Value, registers: Mapping[str, Value]) -> tuple[Value, ...]:
    """Return what a CPU says of itself where HCR_EL2.E2H is 1 whatever is written (D19.2.48).

    It has VHE (ID_AA64MMFR1_EL1.VH); a negative ID_AA64MMFR4_EL1.E2H0 says that it is so, but not
    every such CPU has that field.
    """

    def bits(register: str, low: int, size: int) -> Value:
        whole = registers.get(register, terms.symbol(register, 64))
        return terms.extract(whole, low, size, 64)

    return (
        terms.lor(terms.lnot(e2h), terms.ne(bits("ID_AA64MMFR1_EL1", 8, 4), 0, 4)),
        terms.lor(terms.lnot(bits("ID_AA64MMFR4_EL1", 27, 1)), e2h),
    )
