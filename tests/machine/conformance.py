"""What every machine does alike: one suite, which each machine's tests inherit."""

import pytest

from hypabi.arch.names import ByteOrder, InstructionSet
from hypabi.machine.observation import Faulted, LimitReached, Outside, Reached, Returned, Stuck
from hypabi.machine.protocol import Machine
from hypabi.machine.start import Level
from hypabi.machine.state import Cell, StateError
from tests.machine.programs import BASE, CALLER, SCRATCH, STACK, Bench

SLOT = BASE + 0x400
TRAP = BASE + 0x14

RETURN_64 = ".org 0x400\n eret"
FLAGS = {"N": 1, "Z": 0, "C": 1, "V": 0}


class Conformance64:
    """AArch64: DDI 0487, D1.3 and D1.4.

    What NZCV are after an exception's entry is not asserted: TakeException() leaves them, QEMU 7.2
    clears them.
    """

    @pytest.fixture
    def bench(self, machine: Machine) -> Bench:
        return Bench(machine)

    def test_hvc_enters_el2_with_syndrome_link_and_status(self, bench: Bench) -> None:
        state = bench.state(RETURN_64, "hvc #0x1234", **FLAGS, DAIF=0x80)
        seen = bench.run(state, stops=(SLOT,))
        assert seen.ending == Reached(SLOT)
        assert seen.mode == "EL2h"
        found = seen.registers
        assert found["ESR_EL2"] == 0x16 << 26 | 1 << 25 | 0x1234
        assert found["ELR_EL2"] == CALLER + 4
        assert found["SPSR_EL2"] == 0b1010 << 28 | 0x80 | 0b0101
        assert (found["DAIF"], found["SPSel"], found["CURRENTEL"]) == (0x3C0, 1, 8)

    def test_eret_restores_the_caller(self, bench: Bench) -> None:
        handler = ".org 0x400\n msr daifset, #15\n msr nzcv, xzr\n eret"
        seen = bench.run(bench.state(handler, **FLAGS, DAIF=0x40))
        assert seen.ending == Returned()
        assert (seen.pc, seen.mode) == (CALLER + 4, "EL1h")
        assert seen.registers["DAIF"] == 0x40
        assert {name: seen.registers[name] for name in FLAGS} == FLAGS

    def test_general_registers_survive_a_handler_that_does_nothing(self, bench: Bench) -> None:
        values = {f"x{n}": 0x0123_4567_89AB_CDEF ^ n << 56 for n in range(31)}
        seen = bench.run(bench.state(RETURN_64, **values))
        assert {name: seen.registers[name] for name in values} == values

    def test_each_level_has_its_own_stack_pointer(self, bench: Bench) -> None:
        handler = ".org 0x400\n mov x0, sp\n sub sp, sp, #16\n mrs x1, sp_el1\n eret"
        seen = bench.run(bench.state(handler, "hvc #0"))
        assert seen.registers["x0"] == STACK + 0x400
        assert seen.registers["x1"] == STACK
        assert (seen.registers["SP_EL1"], seen.registers["SP_EL2"]) == (STACK, STACK + 0x3F0)

    def test_a_caller_on_sp_el0_returns_to_sp_el0(self, bench: Bench) -> None:
        seen = bench.run(bench.state(RETURN_64, SPSel=0, SP_EL0=0x1000))
        assert (seen.ending, seen.mode) == (Returned(), "EL1t")
        assert seen.registers["SPSR_EL2"] & 0xF == 0b0100

    def test_a_system_register_holds_what_the_handler_wrote(self, bench: Bench) -> None:
        handler = ".org 0x400\n msr vbar_el2, x1\n mrs x2, vbar_el2\n eret"
        seen = bench.run(bench.state(handler, x1=0x4030_0800))
        assert seen.registers["VBAR_EL2"] == seen.registers["x2"] == 0x4030_0800

    def test_a_field_of_pstate_keeps_only_its_bits(self, bench: Bench) -> None:
        handler = ".org 0x400\n msr daif, x0\n mrs x1, daif\n msr nzcv, x0\n mrs x2, nzcv\n"
        handler += " msr pan, x0\n mrs x3, pan\n hvc #0"
        seen = bench.run(bench.state(f".arch armv8.2-a\n{handler}", x0=(1 << 64) - 1, PAN=0))
        assert seen.ending == Faulted(BASE + 0x200)
        assert [seen.registers[f"x{n}"] for n in (1, 2, 3)] == [0x3C0, 0xF << 28, 1 << 22]
        assert seen.registers["SPSR_EL2"] == 0xF << 28 | 1 << 22 | 0x3C0 | 0b1001

    def test_memory_shows_what_was_stored_in_the_order_of_el2(self, machine: Machine) -> None:
        handler = ".org 0x400\n str w0, [x1]\n ldrb w2, [x1]\n eret"
        for order in ByteOrder:
            bench = Bench(machine, order=order)
            state = bench.state(handler, x0=0x11223344, x1=SCRATCH)
            seen = bench.run(state, cells=(Cell(SCRATCH, 4),))
            assert seen.memory[0].content == (0x11223344).to_bytes(4, order.value)
            assert seen.registers["x2"] == seen.memory[0].content[0]

    def test_a_soft_restart_arrives_at_its_target_in_el2(self, bench: Bench) -> None:
        target = BASE + 0x800
        seen = bench.run(bench.state(".org 0x400\n br x1", x1=target), stops=(target,))
        assert (seen.ending, seen.mode) == (Reached(target), "EL2h")

    def test_a_branch_to_itself_is_stuck(self, bench: Bench) -> None:
        seen = bench.run(bench.state(".org 0x400\n nop\n b ."))
        assert (seen.ending, seen.pc, seen.mode) == (Stuck(SLOT + 4), SLOT + 4, "EL2h")

    def test_a_loop_of_several_instructions_is_stuck_at_its_lowest_address(
        self, bench: Bench
    ) -> None:
        handler = ".org 0x400\n b 2f\n1: mov x0, #1\n b 2f\n nop\n2: mov x0, #2\n b 1b"
        seen = bench.run(bench.state(handler))
        assert seen.ending == Stuck(SLOT + 4)
        assert (seen.pc, seen.registers["x0"]) == (SLOT + 4, 2)

    def test_a_loop_that_counts_is_not_stuck(self, bench: Bench) -> None:
        seen = bench.run(bench.state(".org 0x400\n1: add x0, x0, #1\n b 1b"))
        assert isinstance(seen.ending, LimitReached)

    def test_a_branch_to_address_0_at_el2_is_seen(self, bench: Bench) -> None:
        state = bench.state(".org 0x400\n br x0")
        assert bench.run(state).ending == Outside(0)
        seen = bench.run(state, stops=(0,))
        assert (seen.ending, seen.mode, seen.pc) == (Reached(0), "EL2h", 0)

    def test_running_off_the_end_of_memory_is_seen(self, bench: Bench) -> None:
        seen = bench.run(bench.state(".org 0x400\n br x0", x0=SCRATCH + 0x1000))
        assert seen.ending == Outside(SCRATCH + 0x1000)

    @pytest.mark.parametrize(
        ("instruction", "syndrome", "link"),
        [
            ("hvc #7", 0x16 << 26 | 1 << 25 | 7, 4),
            ("svc #7", 0x15 << 26 | 1 << 25 | 7, 4),
            ("brk #7", 0x3C << 26 | 1 << 25 | 7, 0),
            (".inst 0", 0x00 << 26 | 1 << 25, 0),
        ],
    )
    def test_an_exception_at_el2_enters_its_own_vector(
        self, bench: Bench, instruction: str, syndrome: int, link: int
    ) -> None:
        seen = bench.run(bench.state(f".org 0x400\n {instruction}"))
        assert seen.ending == Faulted(BASE + 0x200)
        assert seen.registers["ESR_EL2"] == syndrome
        assert seen.registers["ELR_EL2"] == SLOT + link
        assert seen.registers["SPSR_EL2"] & 0xF == 0b1001

    def test_an_exception_at_el2_on_sp_el0_enters_the_first_slot(self, bench: Bench) -> None:
        seen = bench.run(bench.state(".org 0x400\n msr spsel, #0\n hvc #0"))
        assert seen.ending == Faulted(BASE)
        assert seen.registers["SPSR_EL2"] & 0xF == 0b1000

    @pytest.mark.parametrize("status", [0b01101, 0b00111, 0b00001])
    def test_an_illegal_return_raises_illegal_state(self, bench: Bench, status: int) -> None:
        set_status = f"mov x0, #{0x3C0 | status}\n msr spsr_el2, x0\n"
        handler = f".org 0x400\n msr elr_el2, x1\n {set_status} eret"
        seen = bench.run(bench.state(handler, x1=BASE + 0x800))
        assert seen.ending == Faulted(BASE + 0x200)
        assert seen.registers["ESR_EL2"] == 0x0E << 26 | 1 << 25
        assert seen.registers["ELR_EL2"] == BASE + 0x800
        assert seen.registers["SPSR_EL2"] & 1 << 20
        assert seen.mode == "EL2h"

    def test_a_misaligned_pc_faults(self, bench: Bench) -> None:
        seen = bench.run(bench.state(".org 0x400\n br x1", x1=BASE + 0x802))
        assert seen.ending == Faulted(BASE + 0x200)
        assert seen.registers["ESR_EL2"] == 0x22 << 26 | 1 << 25
        assert seen.registers["ELR_EL2"] == BASE + 0x802

    def test_el1_may_not_write_a_register_of_el2(self, bench: Bench) -> None:
        vectors = BASE + 0x800
        state = bench.state(RETURN_64, "msr vbar_el2, x0", VBAR_EL1=vectors, x0=0x1000)
        seen = bench.run(state, stops=(vectors + 0x200,))
        assert (seen.ending, seen.mode) == (Reached(vectors + 0x200), "EL1h")
        assert seen.registers["VBAR_EL2"] == BASE
        assert seen.registers["ESR_EL1"] == 1 << 25

    def test_a_run_may_start_at_the_vector(self, bench: Bench) -> None:
        given = {"ELR_EL2": CALLER + 4, "SPSR_EL2": 0x3C5, "ESR_EL2": 0x5A00_0000}
        handler = ".org 0x400\n mrs x0, esr_el2\n mrs x1, elr_el2\n mrs x2, spsr_el2\n eret"
        state = bench.state(handler, "hvc #0", Level.HYPERVISOR, pc=SLOT, **given, **FLAGS)
        seen = bench.run(state)
        assert (seen.ending, seen.mode) == (Reached(CALLER + 4), "EL1h")
        assert [seen.registers[f"x{n}"] for n in range(3)] == [0x5A00_0000, CALLER + 4, 0x3C5]

    def test_a_state_without_a_register_is_refused(self, bench: Bench) -> None:
        state = bench.state(RETURN_64)
        registers = {name: value for name, value in state.registers.items() if name != "x7"}
        with pytest.raises(StateError, match="x7"):
            bench.run(type(state)(state.architecture, registers, state.memory))


RETURN_32 = ".org 0x14\n eret"
STATUS = {"N": 0, "Z": 1, "C": 0, "V": 1, "CPSR.Q": 1, "CPSR.GE": 5}


class Conformance32:
    """AArch32: DDI 0406C, B1.8 and B1.9; A32 and T32, little- and big-endian."""

    @pytest.fixture(params=["A32", "T32", "A32 big-endian", "T32 big-endian"])
    def bench(self, machine: Machine, request: pytest.FixtureRequest) -> Bench:
        name, _, big = request.param.partition(" ")
        order = ByteOrder.BIG if big else ByteOrder.LITTLE
        return Bench(machine, InstructionSet(name), order)

    def state_bits(self, bench: Bench) -> int:
        thumb = bench.instruction_set is InstructionSet.T32
        return thumb << 5 | (bench.order is ByteOrder.BIG) << 9

    def test_hvc_enters_hyp_with_syndrome_link_and_status(self, bench: Bench) -> None:
        state = bench.state(RETURN_32, "hvc #0x1234", **STATUS, **{"CPSR.A": 0, "CPSR.F": 0})
        seen = bench.run(state, stops=(TRAP,))
        assert (seen.ending, seen.mode) == (Reached(TRAP), "hyp")
        found = seen.registers
        assert found["HSR"] == 0x12 << 26 | 1 << 25 | 0x1234
        assert found["ELR_hyp"] == CALLER + 4
        expected = 0x5800_0000 | 5 << 16 | 0x80 | 0x13 | self.state_bits(bench)
        assert found["SPSR_hyp"] == expected
        assert (found["CPSR.A"], found["CPSR.I"], found["CPSR.F"]) == (1, 1, 1)
        assert {name: found[name] for name in STATUS} == STATUS

    def test_eret_restores_the_caller(self, bench: Bench) -> None:
        handler = ".org 0x14\n cmp r0, r0\n eret"
        state = bench.state(handler, **STATUS, **{"CPSR.A": 0, "CPSR.I": 0})
        seen = bench.run(state)
        assert (seen.ending, seen.pc, seen.mode) == (Returned(), CALLER + 4, "svc")
        expected = STATUS | {"CPSR.A": 0, "CPSR.I": 0, "CPSR.F": 1}
        assert {name: seen.registers[name] for name in expected} == expected

    def test_general_registers_survive_a_handler_that_does_nothing(self, bench: Bench) -> None:
        values = {f"r{n}": 0x0123_4567 ^ n << 28 for n in range(13)}
        values |= {f"r{n}_fiq": 0x89AB_CDEF ^ n << 28 for n in range(8, 13)}
        banks = ("usr", "svc", "abt", "und", "irq", "fiq")
        values |= {f"SP_{bank}": 0x1000 * n for n, bank in enumerate(banks, 1)}
        values |= {f"LR_{bank}": 0x1008 * n for n, bank in enumerate(banks, 1)}
        values |= {f"SPSR_{bank}": 0x10 + n for n, bank in enumerate(banks[1:])}
        seen = bench.run(bench.state(RETURN_32, **values))
        assert {name: seen.registers[name] for name in values} == values

    def test_hyp_has_its_own_sp_and_shares_lr_with_user_mode(self, bench: Bench) -> None:
        handler = ".org 0x14\n mov r0, sp\n mov r1, lr\n mov lr, r2\n push {r3}\n eret"
        state = bench.state(handler, LR_usr=0x1111, LR_svc=0x2222, r2=0x3333)
        seen = bench.run(state)
        found = seen.registers
        assert (found["r0"], found["r1"]) == (STACK + 0x400, 0x1111)
        assert (found["LR_usr"], found["LR_svc"]) == (0x3333, 0x2222)
        assert (found["SP_svc"], found["SP_hyp"]) == (STACK, STACK + 0x3FC)

    def test_hyp_reads_the_banks_of_the_caller(self, bench: Bench) -> None:
        handler = ".org 0x14\n mrs r0, sp_svc\n mrs r1, lr_svc\n mrs r2, spsr_svc\n eret"
        state = bench.state(handler, LR_svc=0x2222, SPSR_svc=0x1D3)
        seen = bench.run(state)
        assert [seen.registers[f"r{n}"] for n in range(3)] == [STACK, 0x2222, 0x1D3]

    def test_a_handler_reads_and_writes_hvbar(self, bench: Bench) -> None:
        handler = ".org 0x14\n mrc p15, 4, r0, c12, c0, 0\n mcr p15, 4, r1, c12, c0, 0\n eret"
        seen = bench.run(bench.state(handler, r1=0x4030_0020))
        assert (seen.registers["r0"], seen.registers["HVBAR"]) == (BASE, 0x4030_0020)

    def test_conditional_instructions_follow_the_flags(self, bench: Bench) -> None:
        handler = ".org 0x14\n cmn r0, #1\n ite eq\n moveq r1, #1\n movne r1, #2\n eret"
        for value, expected in ((0xFFFF_FFFF, 1), (0, 2)):
            assert bench.run(bench.state(handler, r0=value)).registers["r1"] == expected

    def test_memory_shows_what_was_stored_in_the_order_of_hyp(self, bench: Bench) -> None:
        handler = ".org 0x14\n str r0, [r1]\n ldrb r2, [r1]\n eret"
        state = bench.state(handler, r0=0x11223344, r1=SCRATCH)
        seen = bench.run(state, cells=(Cell(SCRATCH, 4),))
        assert seen.memory[0].content == (0x11223344).to_bytes(4, bench.order.value)
        assert seen.registers["r2"] == seen.memory[0].content[0]

    def test_hsctlr_and_not_the_caller_says_how_hyp_sees_memory(self, machine: Machine) -> None:
        bench = Bench(machine, InstructionSet.A32, ByteOrder.BIG)
        handler = ".org 0x14\n str r0, [r1]\n eret"
        wrong = bench.state(handler).registers["HSCTLR"] & ~(1 << 25)
        state = bench.state(handler, HSCTLR=wrong, r0=0x11223344, r1=SCRATCH)
        seen = bench.run(state, cells=(Cell(SCRATCH, 4),))
        assert seen.memory[0].content == bytes.fromhex("44332211")
        assert seen.registers["CPSR.E"] == 1

    def test_exceptions_enter_in_the_state_that_hsctlr_says(self, machine: Machine) -> None:
        bench = Bench(machine, InstructionSet.T32)
        state = bench.state(RETURN_32)
        registers = {**state.registers, "HSCTLR": state.registers["HSCTLR"] & ~(1 << 30)}
        seen = bench.run(type(state)(state.architecture, registers, state.memory), stops=(TRAP,))
        assert seen.registers["CPSR.T"] == 0
        assert seen.registers["SPSR_hyp"] >> 5 & 1 == 1

    def test_a_soft_restart_arrives_at_its_target_in_hyp(self, bench: Bench) -> None:
        target = BASE + 0x800
        thumb = int(bench.instruction_set is InstructionSet.T32)
        seen = bench.run(bench.state(".org 0x14\n bx r1", r1=target | thumb), stops=(target,))
        assert (seen.ending, seen.mode) == (Reached(target), "hyp")
        assert seen.registers["CPSR.T"] == thumb

    def test_bit_0_of_a_target_chooses_the_instruction_set(self, bench: Bench) -> None:
        target = BASE + 0x800
        for thumb in (0, 1):
            state = bench.state(".org 0x14\n bx r1", r1=target | thumb)
            seen = bench.run(state, stops=(target,))
            assert (seen.ending, seen.registers["CPSR.T"]) == (Reached(target), thumb)

    @pytest.mark.parametrize("target", [0, 1, 4])
    def test_a_call_of_a_small_number_in_hyp_is_seen(self, bench: Bench, target: int) -> None:
        state = bench.state(".org 0x14\n mov lr, r0\n blx lr", r0=target)
        seen = bench.run(state)
        assert (seen.ending, seen.mode) == (Outside(target & ~1), "hyp")
        assert seen.registers["CPSR.T"] == target & 1
        assert bench.run(state, stops=(target & ~1,)).ending == Reached(target & ~1)

    def test_a_branch_to_itself_is_stuck(self, bench: Bench) -> None:
        seen = bench.run(bench.state(".org 0x14\n b ."))
        assert (seen.ending, seen.pc, seen.mode) == (Stuck(TRAP), TRAP, "hyp")

    def test_a_loop_that_counts_is_not_stuck(self, bench: Bench) -> None:
        seen = bench.run(bench.state(".org 0x14\n1: adds r0, r0, #1\n b 1b"))
        assert isinstance(seen.ending, LimitReached)

    @pytest.mark.parametrize(
        ("instruction", "vector", "syndrome", "after"),
        [
            ("hvc #7", 0x08, 0x12 << 26 | 1 << 25 | 7, 4),
            ("svc #7", 0x08, 0x11 << 26 | 7, None),
            ("udf #7", 0x04, None, 0),
        ],
    )
    def test_an_exception_in_hyp_enters_its_own_vector(
        self, bench: Bench, instruction: str, vector: int, syndrome: int | None, after: int | None
    ) -> None:
        seen = bench.run(bench.state(f".org 0x14\n {instruction}"))
        size = len(bench.code(instruction))
        assert seen.ending == Faulted(BASE + vector)
        assert seen.registers["ELR_hyp"] == TRAP + (size if after is None else after)
        if syndrome is not None:
            long = int(size == 4) << 25
            assert seen.registers["HSR"] == syndrome | long
        else:
            assert seen.registers["HSR"] >> 26 == 0
        assert seen.registers["SPSR_hyp"] & 0x1F == 0x1A

    def test_a_return_to_another_mode_takes_its_banks(self, bench: Bench) -> None:
        handler = ".org 0x14\n mrs r0, spsr\n bic r0, r0, #31\n orr r0, r0, #0x12\n"
        handler += " msr spsr_cxsf, r0\n eret"
        state = bench.state(handler, SP_irq=0x5000)
        seen = bench.run(state)
        assert (seen.ending, seen.mode, seen.pc) == (Reached(CALLER + 4), "irq", CALLER + 4)
        assert seen.registers["SP_irq"] == 0x5000

    def test_svc_at_pl1_stays_at_pl1(self, bench: Bench) -> None:
        vectors = BASE + 0x800
        state = bench.state(RETURN_32, "svc #0", VBAR=vectors)
        seen = bench.run(state, stops=(vectors + 8,))
        assert (seen.ending, seen.mode) == (Reached(vectors + 8), "svc")
        assert seen.registers["LR_svc"] == CALLER + len(bench.code("svc #0"))
        assert seen.registers["SPSR_svc"] & 0x1F == 0x13

    def test_a_run_may_start_at_the_vector(self, bench: Bench) -> None:
        given = {"ELR_hyp": CALLER + 4, "SPSR_hyp": 0x1D3 | self.state_bits(bench)}
        handler = ".org 0x14\n mrs r0, elr_hyp\n mrs r1, spsr\n eret"
        state = bench.state(handler, "hvc #0", Level.HYPERVISOR, pc=TRAP, **given)
        seen = bench.run(state)
        assert (seen.ending, seen.mode) == (Reached(CALLER + 4), "svc")
        assert (seen.registers["r0"], seen.registers["r1"]) == tuple(given.values())
