// SPDX-License-Identifier: MIT
//
// The vectors that kexec and hibernation copy to a safe page, because while they move memory the stub's
// own may be overwritten.  All of the code is in the table, and none of it says where it is.

        .include "machine.inc"
        .include "numbers.inc"

        .section .vectors, "ax"
        .balign 0x800
        .global trans_pgd_stub_vectors
trans_pgd_stub_vectors:
        .rept   8
        slot
        .endr

        .balign 0x80
        cmp     x0, #HVC_SET_VECTORS    // from hibernation
        b.eq    1f
        cmp     x0, #HVC_SOFT_RESTART   // from kexec
        b.eq    2f
        number  x0, HVC_STUB_ERR
        eret
1:      msr     vbar_el2, x1
        mov     x0, xzr
        eret
2:      mov     x5, x1
        mov     x0, x2
        mov     x1, x3
        mov     x2, x4
        br      x5                      // still at EL2

        .rept   7
        slot
        .endr
        .balign 0x80
        .size   trans_pgd_stub_vectors, . - trans_pgd_stub_vectors
