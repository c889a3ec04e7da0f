"""Every kind of promise broken in every kind of way, by one instruction put into a stub."""

import pytest

from hypabi.machine.engine.machine import Engine
from hypabi.machine.protocol import Machine
from hypabi.witness.builder import NotMade
from hypabi.witness.expectation import Ends, Holds, Keeps, KeepsBytes
from hypabi.witness.replay import Confirmed, NotRun
from tests.cli.kernel import stub
from tests.inputs import Assemble
from tests.witness.examples import of_file, on_each_machine

CONFIRMED = {
    "stuck": ("b .", "returns", Ends),
    "stuck in a loop": ("8: nop\n b 8b", "returns", Ends),
    "an undefined instruction": (".inst 0", "returns", Ends),
    "a call of its own": ("svc #3", "returns", Ends),
    "leaves": ("br x6", "returns", Ends),
    "calls": ("blr x5", "returns", Ends),
    "returns elsewhere": ("msr elr_el2, x9", "returns", Ends),
    "returns with another status": (
        "mrs x9, spsr_el2\n bic x9, x9, #0xff\n orr x9, x9, #4\n msr spsr_el2, x9",
        "returns",
        Ends,
    ),
    "another vector base": ("msr vbar_el2, x7", "vectors-set", Holds),
    "a constant": ("ldr x20, =0x1234567890\n b 7f\n .ltorg\n7: nop", "registers", Keeps),
    "an address of its own": ("adrp x20, __hyp_stub_vectors", "registers", Keeps),
    "a linked address": (
        "ldr x20, 8f\n b 7f\n .balign 8\n8: .quad __hyp_stub_vectors\n7: nop",
        "registers",
        Keeps,
    ),
    "the stack pointer": ("mov x19, sp", "registers", Keeps),
    "the caller's stack pointer": ("msr sp_el1, x3", "registers", Keeps),
    "flags": ("msr nzcv, x3\n mrs x4, nzcv\n mov x20, x4", "registers", Keeps),
    "identification": ("mrs x20, midr_el1", "registers", Keeps),
    "a system register": ("msr tpidr_el2, x3", "system-registers", Keeps),
    "a trap register": ("msr cptr_el2, x3", "system-registers", Keeps),
    "the caller's vector base": ("msr vbar_el1, x3", "system-registers", Keeps),
    "the caller's vector base, read": ("mrs x20, vbar_el1", "registers", Keeps),
    "a register of which half is used": ("mrs x20, contextidr_el1", "registers", Keeps),
    "a word of memory": ("ldr x19, [x5, #24]", "registers", Keeps),
    "a word by way of another": (
        "ldr x6, [x5, #24]\n ldr x19, [x6, #8]",
        "registers",
        Keeps,
    ),
    "a word at a masked address": (
        "and x4, x1, #0xfffffffffffffff0\n ldr x19, [x4]",
        "registers",
        Keeps,
    ),
    "a store": ("str x3, [x4]", "memory", KeepsBytes),
    "a store on the stack": ("str w3, [sp, #8]", "memory", KeepsBytes),
    "a store at a sum": ("strb w1, [x20, x21]", "memory", KeepsBytes),
    "a pair on the stack": (
        "stp x3, x4, [sp, #-16]!\n ldp x5, x3, [sp], #16",
        "memory",
        KeepsBytes,
    ),
}


@on_each_machine
@pytest.mark.parametrize("name", CONFIRMED)
def test_what_is_broken_is_confirmed(assemble: Assemble, name: str, machine: Machine) -> None:
    code, clause, kind = CONFIRMED[name]
    made = of_file(stub(assemble, success=code))
    findings = [each for each in made.refuted() if each.clause.name == clause]
    assert findings
    for finding in findings:
        witness = made.witness(finding)
        assert isinstance(witness.promised, kind)
        found = made.run(witness, machine)
        assert isinstance(found, Confirmed), found


def test_translation_that_is_turned_on_is_not_made(assemble: Assemble) -> None:
    made = of_file(stub(assemble, success="msr sctlr_el2, x3"))
    found = made.attempt(made.finding("stub", "HVC_RESET_VECTORS", "mmu-off"))
    assert isinstance(found, NotMade)


def test_a_store_over_the_caller_is_not_made(assemble: Assemble) -> None:
    made = of_file(stub(assemble, success="mov x4, #0x47000000\n str wzr, [x4]"))
    for finding in made.refuted():
        found = made.attempt(finding)
        assert isinstance(found, NotMade)
        assert "its caller" in found.reason


def test_what_our_engine_has_no_meaning_for_is_not_run(assemble: Assemble) -> None:
    made = of_file(stub(assemble, success="mrs x20, cntpct_el0"))
    for finding in made.refuted():
        witness = made.witness(finding)
        assert witness.predicted.open == ("x20",)
        assert isinstance(made.run(witness, Engine()), NotRun)
