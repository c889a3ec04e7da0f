"""Series on the kernel's own sources (Debian's linux-source-6.1), and what has to be said of each.

What was argued about in 2016 and what the interface has seen since, made again as edits: a number
that one party does not follow, a call that one hypervisor does not know, an argument in another
register, a caller changed alone, a soft restart that goes elsewhere, a middle that is broken.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from hypabi.analysis.results.review import AgreementWord, PatchWord
from tests.review.posted import Edit

STUB: Final = "arch/arm64/kernel/hyp-stub.S"
COPIED: Final = "arch/arm64/mm/trans_pgd-asm.S"
KVM: Final = "arch/arm64/kvm/hyp/nvhe/hyp-init.S"
RESET: Final = "arch/arm64/kernel/cpu-reset.S"
SETUP: Final = "arch/arm64/include/asm/el2_setup.h"
NUMBERS: Final = "arch/arm64/include/asm/virt.h"
ARM_STUB: Final = "arch/arm/kernel/hyp-stub.S"
ARM_NUMBERS: Final = "arch/arm/include/asm/virt.h"

ARM_OWNER: Final = "ARM PORT"
ARM64_OWNER: Final = "ARM64 PORT (AARCH64 ARCHITECTURE)"
KVM_OWNER: Final = "KERNEL VIRTUAL MACHINE FOR ARM64 (KVM/arm64)"

MOVED: Final[Edit] = {STUB: ("9:\tmov\tx0, xzr\n", "9:\tnop\n\tmov\tx0, xzr\n")}
ADDRESS: Final = "\tmov\tx4, x1\n\tmov\tx1, x3\n"
ELSEWHERE: Final = "\tmov\tx4, x5\n\tmov\tx1, x3\n"
LEAVING: Final = (
    "1:\tmov\t{0}, x1\t\t\t\t// entry\n\tmov\tx0, x2\t\t\t\t// arg0\n"
    "\tmov\tx1, x3\t\t\t\t// arg1\n\tmov\tx2, x4\t\t\t\t// arg2\n\tbr\t{0}\n"
)
RENUMBERED: Final[Edit] = {ARM_NUMBERS: ("HVC_SOFT_RESTART 1\n", "HVC_SOFT_RESTART 4\n")}


@dataclass(frozen=True)
class Real:
    """A series, and what a reader of the sources says of it."""

    name: str
    edits: Sequence[Edit]
    words: tuple[PatchWord, ...]
    rules: tuple[str, ...] = ()
    """Patterns of findings that the first bad patch introduces; each has to be there."""
    says: tuple[str, ...] = ()
    """What stands in the text."""
    agreement: tuple[tuple[str, AgreementWord], ...] = ()
    acked: tuple[str, ...] = ()
    """Who answers the series with an Acked-by."""


GOOD: Final = (
    Real("code moves by an instruction", [MOVED], (PatchWord.EQUAL,)),
    Real(
        "a caller uses another register of its own",
        [
            {RESET: (LEAVING.format("x8"), LEAVING.format("x9"))},
        ],
        (PatchWord.EQUAL,),
    ),
    Real(
        "KVM spells success otherwise",
        [{KVM: ("\tmov\tx0, xzr\n", "\tmov\tx0, #0\n")}],
        (PatchWord.EQUAL,),
    ),
    Real(
        "a makefile of file systems",
        [{"fs/Makefile": ("# Makefile for the Linux filesystems.", "# Makefile of file systems.")}],
        (PatchWord.UNTOUCHED,),
    ),
    Real(
        "two parties are tidied, one after the other",
        [MOVED, {COPIED: ("\tmov\tx0, xzr\n\teret\n", "\tmov\tx0, #0\n\teret\n")}],
        (PatchWord.EQUAL, PatchWord.EQUAL),
    ),
    Real(
        "everybody of arm follows a number, and its keeper agrees",
        [RENUMBERED],
        (PatchWord.CHANGED,),
        says=("HVC_SOFT_RESTART is 4 instead of 1 at",),
        agreement=((ARM_OWNER, AgreementWord.GIVEN),),
        acked=("linux@armlinux.org.uk",),
    ),
)

BAD: Final = (
    Real(
        "the stub restarts at another argument",
        [{STUB: (ADDRESS, ELSEWHERE)}],
        (PatchWord.BROKEN,),
        ("clause stub HVC_SOFT_RESTART restarted",),
        agreement=((ARM64_OWNER, AgreementWord.MISSING), (KVM_OWNER, AgreementWord.MISSING)),
    ),
    Real(
        "the middle is broken and the end is right",
        [MOVED, {STUB: (ADDRESS, ELSEWHERE)}, {STUB: (ELSEWHERE, ADDRESS)}],
        (PatchWord.EQUAL, PatchWord.BROKEN, PatchWord.CHANGED),
        ("clause stub HVC_SOFT_RESTART restarted",),
        says=("BROKEN by patch 2", "its end is right, and a bisection stops in it"),
    ),
    Real(
        "a new call that KVM does not know",
        [
            {
                SETUP: (
                    "#include <asm/sysreg.h>\n",
                    "#include <asm/sysreg.h>\n\n#define HVC_NEW\t4\n",
                ),
                STUB: (
                    "3:\tcmp\tx0, #HVC_RESET_VECTORS\n",
                    "3:\tcmp\tx0, #HVC_NEW\n\tbeq\t9f\n\tcmp\tx0, #HVC_RESET_VECTORS\n",
                ),
            }
        ],
        (PatchWord.BROKEN,),
        ("clause kvm-init HVC_NEW refused", "call kvm-run HVC_NEW served"),
        says=("HVC_NEW, number 4, is new: served by stub, and not by",),
    ),
    Real(
        "KVM restarts at another argument",
        [{KVM: ("\tmsr\telr_el2, x1\n", "\tmsr\telr_el2, x2\n")}],
        (PatchWord.BROKEN,),
        ("clause kvm-run HVC_SOFT_RESTART restarted",),
        agreement=((KVM_OWNER, AgreementWord.MISSING),),
    ),
    Real(
        "a caller asks by another number alone",
        [{RESET: ("\tmov\tx0, #HVC_SOFT_RESTART\n", "\tmov\tx0, #9\n")}],
        (PatchWord.BROKEN,),
        ("* cpu_soft_restart*",),
    ),
    Real(
        "the stub of arm forgets a number that its callers follow, and nobody has agreed",
        [
            {
                **RENUMBERED,
                ARM_STUB: ("1:\tteq\tr0, #HVC_SOFT_RESTART\n", "1:\tteq\tr0, #1\n"),
            }
        ],
        (PatchWord.BROKEN,),
        (
            "clause stub HVC_SOFT_RESTART *",
            "caller __hyp_soft_restart HVC_SOFT_RESTART served stub",
        ),
        says=("still has 1", "__hyp_soft_restart now gets 0xbadca11 there"),
        agreement=((ARM_OWNER, AgreementWord.MISSING),),
    ),
)

WIDE: Final = (
    Real(
        "a number that the copied vectors of arm64 forget",
        [
            {
                NUMBERS: (
                    "#define HVC_SOFT_RESTART 1\n",
                    "#define HVC_SOFT_RESTART 4\n",
                ),
                COPIED: ("#HVC_SOFT_RESTART\t", "#1\t"),
            },
            {NUMBERS: ("#define HVC_STUB_HCALL_NR 4\n", "#define HVC_STUB_HCALL_NR 5\n")},
        ],
        (PatchWord.BROKEN, PatchWord.STILL),
        ("clause trans-pgd HVC_SOFT_RESTART *",),
        says=("trans-pgd still has 1", "arm64_relocate_new_kernel now gets 0xbadca11"),
    ),
)
"""What touches a header that everything includes: half a minute of a processor."""
