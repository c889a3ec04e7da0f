@ SPDX-License-Identifier: MIT
@
@ What stands at address 0 while a life runs, so that control which strays there is seen: on QEMU's `virt`
@ that is flash, and full of zeros, which are harmless instructions until they end.
@
@   qemu-system-arm ... -kernel LIFE -device loader,file=CATCH
@
@ No stack and no data: nothing of the machine's state is relied on but the instruction set.

        .include "machine.inc"

UART = 0x09000000
PSCI_SYSTEM_OFF = 0x84000008

        .text
function _start
        setend  le
        mrs     r4, cpsr
        and     r4, r4, #MODE_MASK
        load    r5, UART
        load    r6, reached
        bl      put
        load    r6, at_hyp
        cmp     r4, #MODE_HYP
        beq     1f
        load    r6, elsewhere
1:      bl      put
        load    r0, PSCI_SYSTEM_OFF
        smc     #0
        b       .
        end     _start

place put                               @ r6: the text
        ldrb    r0, [r6], #1
        cmp     r0, #0
        beq     1f
        strb    r0, [r5]
        b       put
1:      bx      lr

        .section .rodata
place reached
        .asciz  "\naddress 0 reached, "
place at_hyp
        .asciz  "at HYP\n"
place elsewhere
        .asciz  "not at HYP\n"
