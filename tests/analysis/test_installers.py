"""Code that makes a party live is judged where it was loaded, on every CPU that there may be.

Words are encoded by hand: DDI 0487 C6.2 (UBFM, MSR), DDI 0406C A8.8 (MCR).  What an edit breaks is
what its register is for, by the same manuals.
"""

from functools import cache
from pathlib import Path

import pytest

from hypabi import api
from hypabi.analysis.installers import derive_installers, registers_left
from hypabi.analysis.results.check import InstallerWord
from hypabi.analysis.session import Session, open_image
from hypabi.behaviour.case import Case
from hypabi.contract.file.load import shipped_contract
from hypabi.contract.revision import Row, Service
from hypabi.contract.version import Version
from hypabi.image.load import load_image
from hypabi.image.model import Loaded, Role, Segment
from hypabi.judgement.verification.lowering import Surroundings
from hypabi.judgement.verification.obligations import HeldRow
from hypabi.judgement.verification.prover import judge_row
from hypabi.judgement.verification.verdict import Proved, Refuted, Verdict
from hypabi.records import replace
from hypabi.smt import terms
from hypabi.smt.bitwuzla import BitwuzlaSolver
from tests.inputs import Assemble, Kernel
from tests.judgement.handler_contract import ALWAYS, PARTY, REVISION
from tests.judgement.made_case import behaviour, case

NOP = 0xD503201F
NOP_A32 = 0xE320F000
CONTRACT = shipped_contract("linux-hyp-abi")


@cache
def loaded_from(path: Path) -> Loaded:
    return load_image(path)


def verdicts(session: Session, party: str | None = None) -> dict[tuple[str, str], Verdict]:
    """Return the verdict on each clause of each installer, by function and clause.

    :param party: whose installers; ``None`` for all
    """
    examined = session.examine(CONTRACT)
    wanted = [i for i in examined.installers if party in (None, i.installation.row.party)]
    found: dict[tuple[str, str], Verdict] = {}
    rows = derive_installers(wanted, examined.revision, examined.programs, examined.surroundings)
    for each in rows:
        for finding in judge_row(each, BitwuzlaSolver()):
            assert finding.call is not None
            found[finding.call, finding.clause.name] = finding.verdict
    return found


def broken(loaded: Loaded, party: str) -> set[tuple[str, str]]:
    """Return what is refuted of a party's installers, by function and clause."""
    found = verdicts(Session(loaded), party)
    return {key for key, verdict in found.items() if isinstance(verdict, Refuted)}


def edited(loaded: Loaded, function: str, word: int, other: int) -> Loaded:
    """Return a file in whose kernel the first such word of a function is another."""
    kernel = next(image for image in loaded.images if image.role is Role.KERNEL)
    (symbol,) = kernel.symbols.find(function)
    segment = kernel.segment(symbol.address)
    assert segment is not None
    content = bytearray(segment.content)
    at = content.index(word.to_bytes(4, "little"), symbol.address - segment.address)
    assert at - (symbol.address - segment.address) < 0x600, "no such word in the function"
    content[at : at + 4] = other.to_bytes(4, "little")
    segments: tuple[Segment, ...] = tuple(
        replace(each, content=bytes(content)) if each is segment else each
        for each in kernel.segments
    )
    changed = replace(kernel, segments=segments)
    images = tuple(changed if each is kernel else each for each in loaded.images)
    return replace(loaded, images=images)


@pytest.mark.parametrize(
    "name", ["5.10-arm64", "6.1-arm64", "6.12-arm64", "7.2-arm64", "6.1-armmp"]
)
def test_real_installers_keep_all_that_is_promised_of_them(kernel: Kernel, name: str) -> None:
    found = verdicts(open_image(kernel(name)))
    assert len(found) > 20
    assert all(isinstance(each, Proved) for each in found.values()), found


KVM = "__kvm_nvhe____kvm_hyp_init"
BOOT = "init_kernel_el"
BELOW = "init_kernel_el at EL1"


@pytest.mark.parametrize(
    ("function", "word", "other", "clause"),
    [
        pytest.param(BOOT, 0xD51CE07F, NOP, "virtual-time", id="cntvoff_el2 is not written"),
        pytest.param(BOOT, 0xD51CC000, 0xD518C000, "vectors", id="vbar_el1 for vbar_el2"),
        pytest.param(BOOT, 0xD376D400, NOP, "physical-timer-e2h", id="cnthctl_el2 without E2H"),
        pytest.param(BOOT, 0xD3586C00, 0xD3586000, "interrupts", id="one bit of the GIC field"),
        pytest.param(BOOT, 0xD51D1001, 0xD5181001, "el1-res1", id="sctlr_el1 for sctlr_el12"),
        pytest.param(BOOT, 0xD28078A0, 0xD28070A0, "masked", id="FIQ is not masked"),
        pytest.param(BELOW, 0x5281C220, 0x5281C240, "told", id="a CPU of EL1 says EL2"),
        pytest.param(BELOW, 0xD5184000, NOP, "masked", id="spsr_el1 is not written"),
        pytest.param("secondary_entry", 0xAA1F03E0, NOP, "mmu-off", id="x0 of other CPUs"),
        pytest.param(KVM, 0xD51CC000, NOP, "vectors", id="KVM's vectors are not set"),
    ],
)
def test_what_an_arm64_installer_forgets_is_refuted(
    kernel: Kernel, function: str, word: int, other: int, clause: str
) -> None:
    symbol = function.removesuffix(" at EL1")
    loaded = edited(loaded_from(kernel("6.12-arm64")), symbol, word, other)
    party = "kvm-run" if function == KVM else "stub"
    assert (function.removeprefix("__kvm_nvhe_"), clause) in broken(loaded, party)


@pytest.mark.parametrize(
    ("word", "other", "clause"),
    [
        pytest.param(0xEE817F71, NOP_A32, "no-traps", id="HSTR is not written"),
        pytest.param(0xE7E37E57, 0xE7E07E57, "interrupts", id="one bit of the GIC field"),
        pytest.param(0xEE117F10, 0xEE157F10, "setup-kept", id="DFSR is read for SCTLR"),
        pytest.param(0x13855102, 0x13855101, "differs", id="another flag for a mismatch"),
        pytest.param(0x112FFF1E, 0xE1A00000, "nothing-installed", id="goes on in another mode"),
    ],
)
def test_what_an_arm_installer_forgets_is_refuted(
    kernel: Kernel, word: int, other: int, clause: str
) -> None:
    function = "__hyp_stub_install_secondary"
    loaded = edited(loaded_from(kernel("6.1-armmp")), function, word, other)
    assert (function, clause) in broken(loaded, "stub")


TABLE = """
    .text
    .globl init_kernel_el, __hyp_stub_vectors
    .type init_kernel_el, %function
    .type __hyp_stub_vectors, %object
init_kernel_el:
    msr elr_el2, x30
TAKEN
    msr vbar_el2, x0
    mov x0, #0x3c5
    msr spsr_el2, x0
    mov x0, #0x80000000
    msr hcr_el2, x0
    eret
    .align 11
__hyp_stub_vectors:
    .rept 16
    .align 7
    eret
    .endr
"""


@pytest.mark.parametrize(
    ("taken", "expected"),
    [
        ("    adr x0, __hyp_stub_vectors", Proved),
        ("    ldr x0, =__hyp_stub_vectors", Refuted),
    ],
)
def test_an_address_that_is_linked_in_is_not_where_the_kernel_lies(
    assemble: Assemble, taken: str, expected: type
) -> None:
    path: Path = assemble(TABLE.replace("TAKEN", taken), "arm64", text=0xFFFF800080000000)
    session = open_image(path)
    version = CONTRACT.since
    examined = session.examine(CONTRACT, version)
    (each,) = (held for held in examined.installed if held.row.call == BOOT)
    judged = judge_row(each, BitwuzlaSolver())
    (verdict,) = (finding.verdict for finding in judged if finding.clause.name == "vectors")
    assert isinstance(verdict, expected), verdict


ENTRY = """
    .text
    .globl init_kernel_el, secondary_entry, secondary_startup, cpu_resume, __hyp_stub_vectors
init_kernel_el:
    ret
secondary_entry:
STARTS
    b secondary_startup
secondary_startup:
    mrs x1, sctlr_el1
    msr sctlr_el2, x1
    ldr x2, [x3]
    ret
RESUMES
    .align 11
__hyp_stub_vectors:
    .rept 16
    .align 7
    eret
    .endr
"""
RESUME = "cpu_resume:\n    {}\n    b secondary_startup"


@pytest.mark.parametrize(
    ("starts", "resumes", "function", "expected"),
    [
        ("bl init_kernel_el", "", "secondary_entry", Proved),
        ("nop", "", "secondary_entry", Refuted),
        ("nop", RESUME.format("bl init_kernel_el"), "cpu_resume", Proved),
        ("nop", RESUME.format("b finalise_el2\nfinalise_el2: nop"), "cpu_resume", Refuted),
    ],
)
def test_a_cpu_that_is_not_set_up_before_it_goes_on_is_refuted(
    assemble: Assemble, starts: str, resumes: str, function: str, expected: type
) -> None:
    source = ENTRY.replace("STARTS", f"    {starts}").replace("RESUMES", resumes)
    session = open_image(assemble(source, "arm64", text=0xFFFF800080000000))
    examined = session.examine(CONTRACT, Version.exact("6.1"))
    (each,) = (held for held in examined.installed if held.row.call == function)
    found = {each.clause.name: each.verdict for each in judge_row(each, BitwuzlaSolver())}
    assert isinstance(found["set-up"], expected), found


def test_an_installer_that_a_kernel_may_leave_out_is_absent_and_not_missing(
    assemble: Assemble,
) -> None:
    source = ENTRY.replace("STARTS", "    bl init_kernel_el").replace("RESUMES", "")
    path = assemble(source, "arm64", text=0xFFFF800080000000)
    result = api.check(path, kernel_version="6.1")
    words = {each.function: each.found for each in result.installers if each.party == "stub"}
    assert words["cpu_resume"] is InstallerWord.ABSENT
    assert words["secondary_holding_pen"] is InstallerWord.MISSING
    assert words["secondary_entry"] is InstallerWord.FOUND


PLACE = 0x10000


def left(assemble: Assemble, *cases: Case) -> list[str]:
    """Return what is told of an installer's registers, whose program lies at one place."""
    image = load_image(assemble(".word 0", "arm64", text=PLACE)).images[-1]
    row = Row("stub", "install", Service.INSTALLS, ALWAYS, (), (), (), None)
    around = Surroundings({}, lambda _: None, lambda _: False)
    return registers_left(HeldRow(REVISION, PARTY, row, behaviour(*cases), around), [image])


def test_of_a_register_that_is_left_with_a_number_it_is_told(assemble: Assemble) -> None:
    assert left(assemble, case(HCR_EL2=1 << 31)) == ["HCR_EL2 = 0x80000000"]
    both = left(assemble, case(HCR_EL2=5), case(HCR_EL2=3))
    assert both == ["HCR_EL2 = 0x3 or 0x5"] == left(assemble, case(HCR_EL2=3), case(HCR_EL2=5))
    assert left(assemble, case(x0=5, N=1), case()) == []


def test_no_number_is_told_that_is_an_address_or_of_which_only_some_ways_know(
    assemble: Assemble,
) -> None:
    assert left(assemble, case(VBAR_EL2=PLACE)) == ["VBAR_EL2"]
    assert left(assemble, case(VBAR_EL2=PLACE + 0x100000)) == ["VBAR_EL2 = 0x110000"]
    unknown = terms.symbol("HCR_EL2", 64)
    assert left(assemble, case(HCR_EL2=5), case(HCR_EL2=unknown)) == ["HCR_EL2"]


HYP = 0xFFFF800080000000
INITIALISES = """
    .text
    .globl ___kvm_hyp_init, kvm_hyp_cpu_entry, kvm_host_psci_cpu_entry, __kvm_hyp_host_vector
    .globl __hyp_idmap_text_start, __hyp_idmap_text_end, __hyp_stub_vectors, elsewhere
    .globl __kvm_handle_stub_hvc
__hyp_idmap_text_start:
___kvm_hyp_init:
TAKEN
    msr vbar_el2, x0
    ret
kvm_hyp_cpu_entry:
    mov x29, x30
    bl ___kvm_hyp_init
LEAVES
    br x1
__kvm_handle_stub_hvc:
PUTS
    msr vbar_el2, x5
    eret
    .ltorg
__hyp_idmap_text_end:
kvm_host_psci_cpu_entry:
    stp x29, x30, [sp, #-16]!
    ret
elsewhere:
    ret
    .align 11
__hyp_stub_vectors:
    .rept 16
    .align 7
    eret
    .endr
    .align 11
__kvm_hyp_host_vector:
    .rept 16
    .align 7
    eret
    .endr
"""
BY_LITERAL = ("ldr x0, =__kvm_hyp_host_vector", "ldr x1, =kvm_host_psci_cpu_entry")


@pytest.mark.parametrize(
    ("taken", "leaves", "puts", "wrong"),
    [
        (*BY_LITERAL, "adr x5, __hyp_stub_vectors", set()),
        (*BY_LITERAL, "ldr x5, =__hyp_stub_vectors", {("__kvm_handle_stub_hvc", "vectors")}),
        (
            "adr x0, __kvm_hyp_host_vector",
            BY_LITERAL[1],
            "adr x5, __hyp_stub_vectors",
            {("___kvm_hyp_init", "vectors"), ("kvm_hyp_cpu_entry", "vectors")},
        ),
        (
            BY_LITERAL[0],
            "adr x1, kvm_host_psci_cpu_entry",
            "adr x5, __hyp_stub_vectors",
            {("kvm_hyp_cpu_entry", "taken-over")},
        ),
        (
            BY_LITERAL[0],
            "ldr x1, =elsewhere",
            "adr x5, __hyp_stub_vectors",
            {("kvm_hyp_cpu_entry", "taken-over"), ("kvm_hyp_cpu_entry", "vectors")},
        ),
    ],
)
def test_what_leaves_the_identity_map_goes_on_where_kvm_is_mapped(
    assemble: Assemble, taken: str, leaves: str, puts: str, wrong: set[tuple[str, str]]
) -> None:
    source = INITIALISES.replace("TAKEN", taken).replace("LEAVES", leaves).replace("PUTS", puts)
    session = open_image(assemble(source, "arm64", text=HYP))
    examined = session.examine(CONTRACT, Version.exact("6.1"))
    around = replace(examined.surroundings, capability=lambda _: 5)
    about = (examined.revision, examined.programs, around)
    asked = {"vectors", "taken-over"}
    found = {
        (held.row.call or "", finding.clause.name): finding.verdict
        for held in derive_installers(examined.installers, *about)
        for finding in judge_row(held, BitwuzlaSolver())
        if finding.clause.name in asked
    }
    assert {key for key, verdict in found.items() if not isinstance(verdict, Proved)} == wrong
    assert len(found) == 4


def test_each_cpu_tells_its_mode_in_the_word_of_that_mode(kernel: Kernel) -> None:
    """The word is the second of CPUs of EL2; ``b.eq`` for ``b.ne``."""
    loaded = edited(
        loaded_from(kernel("6.1-arm64")), "set_cpu_boot_mode_flag", 0x54000041, 0x54000040
    )
    wrong = {("set_cpu_boot_mode_flag", told) for told in ("told-el1", "told-el2")}
    assert broken(loaded, "stub") == wrong


STARTS_ARM = """
    .syntax unified
    .arch_extension virt
    .arm
    .text
    .globl stext, __hyp_stub_install, __hyp_stub_vectors, __boot_cpu_mode
stext:
    INSTALLS
    mrs r9, cpsr
    eor r9, r9, #0x1a
    tst r9, #0x1f
    bic r9, r9, #0x1f
    orr r9, r9, #MASKS
    bne 1f
    orr r9, r9, #0x100
    adr lr, 2f
    STATUS
    LINK
    eret
1:  msr cpsr_c, r9
2:  mrc p15, 0, r9, c0, c0, 0
    b .
__hyp_stub_install:
    adr r7, __hyp_stub_vectors
    mcr p15, 4, r7, c12, c0, 0
    bx lr
    .align 5
__hyp_stub_vectors:
    .rept 5
    b .
    .endr
    b answers
    b .
    b .
answers:
    movw r0, #0xca11
    movt r0, #0xbad
    eret
__boot_cpu_mode:
    .word 0
"""
DROPS = {
    "INSTALLS": "bl __hyp_stub_install",
    "MASKS": "0xd3",
    "STATUS": "msr spsr_cxsf, r9",
    "KEEPS": "nop",
    "LINK": "msr ELR_hyp, lr",
}


def of_thumb2_kernel(source: str) -> str:
    """Return the same kernel of T32, that is entered in A32 as the boot protocol has it."""
    source = source.replace(
        "stext:\n", "stext:\n    adr r9, 1f + 1\n    bx r9\n    .thumb\n1:\n    nop\n", 1
    )
    source = source.replace("    orr r9, r9, #0x100", "    orr r9, r9, #0x100\n    KEEPS", 1)
    source = source.replace("    bne 1f", "    orr r9, r9, #0x20\n    bne 1f", 1)
    source = source.replace("    adr lr, 2f", "    adr.w lr, 2f + 1", 1)
    return source.replace("    b .\n", "    b.w .\n").replace("    b answers", "    b.w answers")


IN_BOTH = pytest.mark.parametrize("thumb", ["A32", "T32"])
OPENING = ("goes-on", "dropped", "masked", "state", "vectors", "boot-data")


def not_proved(assemble: Assemble, source: str) -> set[str]:
    """Return what is not proved of how a kernel's entry, ``stext``, opens."""
    path = assemble(source, "arm", flags=["-march=armv7ve"], text=0xC0008000)
    examined = open_image(path).examine(CONTRACT, Version.exact("6.1"))
    (each,) = (held for held in examined.installed if held.row.call == "stext")
    found = {each.clause.name: each.verdict for each in judge_row(each, BitwuzlaSolver())}
    return {name for name in OPENING if not isinstance(found[name], Proved)}


@pytest.mark.parametrize(("keeps", "wrong"), [("nop", set()), ("bic r9, r9, #0x20", {"state"})])
def test_a_thumb2_kernel_goes_on_in_t32(assemble: Assemble, keeps: str, wrong: set[str]) -> None:
    source = of_thumb2_kernel(STARTS_ARM)
    for name, text in (DROPS | {"KEEPS": keeps}).items():
        source = source.replace(name, text)
    assert not_proved(assemble, source) == wrong


@pytest.mark.parametrize(
    ("edit", "wrong"),
    [
        ({}, set()),
        ({"INSTALLS": "nop"}, {"vectors"}),
        ({"INSTALLS": "mov r1, #0\n    bl __hyp_stub_install"}, {"boot-data"}),
        ({"MASKS": "0x53"}, {"masked"}),
        ({"MASKS": "0xdf"}, {"dropped"}),
        ({"LINK": "nop"}, {"goes-on"}),
        ({"STATUS": "b 1f"}, {*OPENING}),
        ({"STATUS": "b 2f"}, {"dropped", "masked"}),
    ],
)
@IN_BOTH
def test_an_arm_kernel_is_in_svc_behind_the_stub_when_it_goes_on(
    assemble: Assemble, edit: dict[str, str], wrong: set[str], thumb: str
) -> None:
    source = of_thumb2_kernel(STARTS_ARM) if thumb == "T32" else STARTS_ARM
    for name, text in (DROPS | edit).items():
        source = source.replace(name, text)
    assert not_proved(assemble, source) == wrong


@pytest.mark.parametrize(
    ("edit", "wrong"),
    [
        ({}, set()),
        ({"MASKS": "0x53"}, {"masked"}),
        ({"INSTALLS": "mov r1, #0\n    bl __hyp_stub_install"}, {"boot-data"}),
        ({"STATUS": "nop\n1: b 2f"}, {"masked"}),
    ],
)
def test_an_arm_kernel_that_is_entered_in_svc_stays_there_with_exceptions_masked(
    assemble: Assemble, edit: dict[str, str], wrong: set[str]
) -> None:
    source = STARTS_ARM.replace("bl __hyp_stub_install", "nop")
    for name, text in (DROPS | {"INSTALLS": "nop"} | edit).items():
        source = source.replace(name, text)
    source = source.replace("1:  msr", "    msr") if "1:" in edit.get("STATUS", "") else source
    source = source.replace("mcr p15, 4, r7, c12, c0, 0", "nop")
    path = assemble(source, "arm", flags=["-march=armv7ve"], text=0xC0008000)
    examined = open_image(path).examine(CONTRACT, Version.exact("6.1"))
    (each,) = (held for held in examined.installed if held.row.call == "stext in SVC")
    found = {each.clause.name: each.verdict for each in judge_row(each, BitwuzlaSolver())}
    asked = ("goes-on", "stays", "masked", "boot-data", "system-registers")
    assert {name for name in asked if not isinstance(found[name], Proved)} == wrong, found


def edited_decompressor(loaded: Loaded, word: int, other: int) -> Loaded:
    """Return a file in whose decompressor the first such word is another."""
    old = next(image for image in loaded.images if image.role is Role.DECOMPRESSOR)
    content = bytes(old.segments[0].content)
    at = next(
        n for n in range(0, len(content), 4) if content[n : n + 4] == word.to_bytes(4, "little")
    )
    changed = content[:at] + other.to_bytes(4, "little") + content[at + 4 :]
    segments = (replace(old.segments[0], content=changed), *old.segments[1:])
    images = tuple(
        replace(each, segments=segments) if each is old else each for each in loaded.images
    )
    return replace(loaded, images=images)


@pytest.mark.parametrize(
    ("word", "other", "broke"),
    [
        pytest.param(0xE16FF009, NOP_A32, ("start", "mode-kept"), id="SPSR is not written"),
        pytest.param(0xE1A07001, NOP_A32, ("start", "boot-data"), id="r1 is not kept"),
        pytest.param(0xE38000D3, 0xE3800013, ("start", "masked"), id="interrupts stay unmasked"),
        pytest.param(0xEE8C0F10, NOP_A32, ("efi_enter_kernel", "way-back"), id="HVBAR"),
        pytest.param(
            0xEE810F10, NOP_A32, ("__enter_kernel_from_hyp", "mmu-off"), id="HSCTLR is kept"
        ),
    ],
)
def test_what_the_decompressors_entry_forgets_is_refuted(
    kernel: Kernel, word: int, other: int, broke: tuple[str, str]
) -> None:
    changed = edited_decompressor(loaded_from(kernel("6.1-armmp")), word, other)
    found = broken(changed, "zimage-stub") | broken(changed, "zimage-reentry")
    assert broke in found
    assert {(function.removesuffix(" in SVC"), clause) for function, clause in found} == {broke}
