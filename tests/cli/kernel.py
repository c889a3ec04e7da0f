"""A kernel of one page: hyp-stub as the document describes it, in assembly of our own.

Small enough that a test can say what every path does, and real enough for the whole command: an ELF
file with symbols, a banner, and a vector table.
"""

from pathlib import Path

from tests.inputs import Assemble

BASE = 0xFFFF_8000_0800_0000

FROM_EL2H = 4
FROM_EL1 = 8


def slots(*serving: int) -> str:
    """Return a vector table of which these slots lead to the handler."""
    targets = ("sync" if slot in serving else "invalid" for slot in range(16))
    return "\n".join(f"    .balign 0x80\n    b {target}" for target in targets)


SLOTS = slots(FROM_EL1)
SLOTS_SINCE_6_1 = slots(FROM_EL2H, FROM_EL1)
"""An hvc from EL2 itself is served, too."""

SOURCE = """
    .text
    .balign 0x800
    .globl __hyp_stub_vectors
__hyp_stub_vectors:
{slots}
    .balign 0x80
    .type sync, %function
sync:
    cmp x0, #0                  // HVC_SET_VECTORS
    b.ne 1f
    msr vbar_el2, x1
    b 9f
1:  cmp x0, #1                  // HVC_SOFT_RESTART
    b.ne 2f
    mov x0, x2
    mov x2, x4
    mov x4, x1
    mov x1, x3
    br x4
2:  cmp x0, #2                  // HVC_RESET_VECTORS
    b.eq 9f
    {unknown}
    ldr x0, =0xbadca11
    eret
9:  {success}
    mov x0, xzr
    eret
    .type invalid, %function
invalid:
    b .
    .ltorg
{callers}
    .section .rodata
    .asciz "Linux version {version} (made@by.hand) (as) #1"
"""


def stub(
    assemble: Assemble,
    version: str = "5.10.0-made",
    success: str = "nop",
    unknown: str = "nop",
    callers: str = "",
    table: str = "",
) -> Path:
    """Assemble the kernel.

    :param success: an instruction on the way of every call that answers with success and returns
    :param unknown: an instruction on the way of every call that the stub does not know
    :param callers: code of the kernel that calls
    :param table: the slots; where empty, those of such a kernel
    """
    source = SOURCE.format(
        slots=table or (SLOTS if version.startswith("5.") else SLOTS_SINCE_6_1),
        version=version,
        success=success,
        unknown=unknown,
        callers=callers,
    )
    return assemble(source, "arm64", text=BASE)
