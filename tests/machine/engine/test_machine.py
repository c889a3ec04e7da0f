import pytest

from hypabi.machine.engine.machine import Engine
from hypabi.machine.observation import Faulted, LimitReached, Returned, Unmodelled
from hypabi.machine.protocol import Machine
from hypabi.machine.state import Cell
from tests.machine.conformance import SLOT, TRAP, Conformance32, Conformance64
from tests.machine.programs import BASE, SCRATCH, Bench


@pytest.fixture(scope="module")
def machine() -> Machine:
    return Engine()


class TestConformance64(Conformance64):
    # QEMU 7.2 checks no stack pointer, so this one is ours alone.
    def test_a_misaligned_stack_pointer_faults_where_it_is_used(self, bench: Bench) -> None:
        handler = ".org 0x400\n sub sp, sp, #8\n str x0, [sp]\n eret"
        state = bench.state(handler)
        assert bench.run(state).ending == Returned()
        control = state.registers["SCTLR_EL2"] | 1 << 3
        seen = bench.run(bench.state(handler, SCTLR_EL2=control))
        assert seen.ending == Faulted(BASE + 0x200)
        assert seen.registers["ESR_EL2"] == 0x26 << 26 | 1 << 25
        assert seen.registers["ELR_EL2"] == SLOT + 4

    @pytest.mark.parametrize(
        ("handler", "reason"),
        [
            ("mrs x0, tpidr_el2", "reads TPIDR_EL2, which the state does not give"),
            ("mrs x0, cntpct_el0", "CNTPCT_EL0 may differ at each read"),
            ("ldr x0, [x1]", "reads 8 bytes at 0x1000, which the state does not give"),
            ("str x0, [x1]", "writes 8 bytes at 0x1000, which the state does not give"),
            ("ldr x0, [x2, #1]", "unaligned"),
            ("smc #0", "EL3"),
            ("msr sctlr_el2, x3\n nop", "EL2 translates addresses"),
            ("fmul d0, d1, d2", ""),
        ],
    )
    def test_what_is_not_modelled_ends_the_run_with_its_reason(
        self, bench: Bench, handler: str, reason: str
    ) -> None:
        state = bench.state(f".org 0x400\n {handler}\n eret", x1=0x1000, x2=SCRATCH, x3=1)
        seen = bench.run(state)
        assert isinstance(seen.ending, Unmodelled)
        assert reason in seen.ending.reason
        assert seen.pc >= SLOT

    def test_an_instruction_that_is_not_modelled_changes_nothing(self, bench: Bench) -> None:
        handler = ".org 0x400\n stp x0, x1, [x2], #16"
        last = SCRATCH + 0xFF8
        seen = bench.run(bench.state(handler, x0=1, x1=2, x2=last), cells=(Cell(last, 8),))
        assert isinstance(seen.ending, Unmodelled)
        assert (seen.registers["x2"], seen.memory[0].content) == (last, bytes(8))

    def test_a_limit_of_instructions_is_exact(self, bench: Bench) -> None:
        state = bench.state(".org 0x400\n1: add x0, x0, #1\n b 1b")
        seen = bench.run(state, instructions=11)
        assert seen.ending == LimitReached("11 instructions")
        assert seen.registers["x0"] == 5  # hvc, and five times round


class TestConformance32(Conformance32):
    @pytest.mark.parametrize(
        ("handler", "reason"),
        [
            ("mrc p15, 0, r0, c13, c0, 4", "reads TPIDRPRW, which the state does not give"),
            ("ldr r0, [r1, #1]", "unaligned"),
            ("smc #0", "smc"),
            ("add r1, r1, #2\n bx r1", "misaligned"),
            ("mcr p15, 4, r3, c1, c0, 0\n nop", "addresses are translated (HSCTLR.M)"),
        ],
    )
    def test_what_is_not_modelled_ends_the_run_with_its_reason(
        self, bench: Bench, handler: str, reason: str
    ) -> None:
        source = f".org 0x14\n {handler}\n eret"
        seen = bench.run(bench.state(source, r1=SCRATCH, r3=1))
        assert isinstance(seen.ending, Unmodelled)
        assert reason in seen.ending.reason
        assert seen.pc >= TRAP
