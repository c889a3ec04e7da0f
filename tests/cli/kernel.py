"""A kernel of one page: hyp-stub as the document describes it, in assembly of our own.

Small enough that a test can say what every path does, and real enough for the whole command: an ELF
file with symbols, a banner, and a vector table.
"""

from pathlib import Path

from tests.inputs import Assemble

BASE = 0xFFFF_8000_0800_0000

SLOTS = "\n".join(
    f"    .balign 0x80\n    b {'sync' if slot == 8 else 'invalid'}" for slot in range(16)
)

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
) -> Path:
    """Assemble the kernel.

    :param success: an instruction on the way of every call that answers with success and returns
    :param unknown: an instruction on the way of every call that the stub does not know
    :param callers: code of the kernel that calls
    """
    source = SOURCE.format(
        slots=SLOTS, version=version, success=success, unknown=unknown, callers=callers
    )
    return assemble(source, "arm64", text=BASE)
