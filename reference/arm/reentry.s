@ SPDX-License-Identifier: MIT
@
@ How a program that needs SVC, but whose successor wants HYP, gets there without a call for it: as a
@ decompressor does, it sets these vectors and issues one bare hvc.  r4 is the successor, entered in A32
@ state; r7 and r8 are the machine type and the device tree that it gets in r1 and r2, with r0 = 0
@ (Documentation/arch/arm/booting.rst).
@
@ Chosen by --defsym: ZIMAGE=1 for a decompressor, which a reader knows by two names.

        .include "machine.inc"

        .text
place reentry_trap
        mov     r0, #0
        mov     r1, r7
        mov     r2, r8
        bx      r4

        vectors __hyp_reentry_vectors, reentry_trap

.ifdef ZIMAGE
function decompress_kernel              @ There is nothing to decompress here.
        bx      lr
        end     decompress_kernel

        .section .rodata
place input_data
        .byte   0
.endif
