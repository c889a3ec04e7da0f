@ SPDX-License-Identifier: MIT
@
@ hyp-stub: the first owner of HYP, its installer, and the functions that call it.
@
@ Chosen by --defsym, beside machine.inc and numbers.inc:
@   STUB=7 ZIMAGE=1          the decompressor's copy, which alone can still set the vectors
@ Defects of history, each with what it does instead:
@   RESET_ANSWERS_NUMBER=1   STUB=6: HVC_RESET_VECTORS returns with r0 = 2, its own number, instead of 0;
@                            a caller that tests the result takes the success for an error
@   BIT0_TWICE=1             STUB=6, T32: 1 is added to a restart address that has bit 0 already, so the
@                            payload is entered in A32 state, two bytes late: UNPREDICTABLE
@   EE_WRONG_BIT=1           BIG: bit 9, where CPSR has E, is set in HSCTLR instead of EE (bit 25);
@                            HYP then loads and stores data little-endian: the error value, a literal,
@                            arrives as 0x11caad0b
@   STRAY_MISMATCH=1         a secondary that booted in another mode writes the flag through registers
@                            that nobody has set (r5 + r6), and not to __boot_cpu_mode: memory is
@                            overwritten somewhere, and the kernel believes that all CPUs agree

        .include "machine.inc"
        .include "numbers.inc"

        .data
        .balign 4
@ The mode in which the primary booted; bit 31 when a secondary did not agree.  It is data and not bss,
@ because it is written before a kernel clears its bss.
        .global __boot_cpu_mode
__boot_cpu_mode:
        .word   0
        .size   __boot_cpu_mode, 4
BOOT_CPU_MODE_MISMATCH = 1 << 31

        .text

@ ------------------------------------------------------------------------------------- the installer
@
@ Called where a CPU enters the kernel, MMU and caches off, no stack; changes r0-r3 and the flags.
@ Afterwards the mode in which this CPU booted is in r0.  In any other mode than HYP nothing is installed,
@ and none of the CPUs that follow a mismatch installs anything: __boot_cpu_mode equals no mode any more.

function __hyp_stub_install
        mrs     r0, cpsr
        and     r0, r0, #MODE_MASK
.ifndef ZIMAGE                          @ which runs on one CPU, and tells nobody
        load    r1, __boot_cpu_mode
        str     r0, [r1]
.endif
        end     __hyp_stub_install
        @ The primary goes on as every other CPU does.

function __hyp_stub_install_secondary
        mrs     r0, cpsr
        and     r0, r0, #MODE_MASK
.ifndef ZIMAGE
        load    r1, __boot_cpu_mode
        ldr     r2, [r1]
        cmp     r0, r2
        bne     .Lmismatch
.endif
        cmp     r0, #MODE_HYP
        bne     .Linstalled

        load    r2, __hyp_stub_vectors
        write_HVBAR r2

        @ Nothing of the kernel's is to trap.
        mov     r2, #0
        write_HCR r2
        write_HCPTR r2
        write_HSTR r2

        @ MMU and caches of HYP off; exceptions are taken in the kernel's instruction set and byte order.
        load    r2, HSCTLR_RES1
.ifdef THUMB
        orr     r2, r2, #HSCTLR_TE
.endif
.ifdef BIG
.ifdef EE_WRONG_BIT
        orr     r2, r2, #CPSR_E
.else
        orr     r2, r2, #HSCTLR_EE
.endif
.endif
        write_HSCTLR r2

        @ Debug and performance monitors to PL1; HPMN stays, because 0 there is UNPREDICTABLE
        @ (DDI 0406C, B4.1.50).
        read_HDCR r2
        and     r2, r2, #0x1f
        write_HDCR r2

.if STUB >= 6
        @ SVC finds barriers by CP15, SETEND and IT at its disposal, and may execute what is writable.
        read_SCTLR r2
        orr     r2, r2, #SCTLR_CP15BEN
        bic     r2, r2, #SCTLR_SED | SCTLR_ITD
        bic     r2, r2, #SCTLR_WXN | SCTLR_UWXN
        write_SCTLR r2
.endif

        @ What PL1 reads as MIDR and MPIDR are these, and their reset values are UNKNOWN.
        read_MIDR r2
        write_VPIDR r2
        read_MPIDR r2
        write_VMPIDR r2

.ifndef ZIMAGE
        @ Where there is a generic timer (ID_PFR1, bits 19:16), PL1 may use it, and sees no offset.
        read_ID_PFR1 r2
        ubfx    r2, r2, #16, #4
        cmp     r2, #0
        beq     .Luntimed
        read_CNTHCTL r2
        orr     r2, r2, #3              @ PL1PCTEN, PL1PCEN
        write_CNTHCTL r2
        mov     r2, #0
        write_CNTVOFF r2, r2
        write_CNTV_CTL r2               @ and it is not running
.Luntimed:
.endif

.if STUB >= 6
        @ Where there are system registers of the interrupt controller (ID_PFR1, bits 31:28), PL1 may use
        @ them, unless SRE cannot be set; and nothing of them is virtual.
        read_ID_PFR1 r2
        ubfx    r2, r2, #28, #4
        cmp     r2, #0
        beq     .Linstalled
        read_ICC_HSRE r2
        orr     r2, r2, #ICC_HSRE_SRE | ICC_HSRE_ENABLE
        write_ICC_HSRE r2
        isb
        read_ICC_HSRE r2
        tst     r2, #ICC_HSRE_SRE
        beq     .Linstalled
        mov     r2, #0
        write_ICH_HCR r2
.endif
.Linstalled:
        bx      lr                      @ The exception return that follows synchronises all of this.

.ifndef ZIMAGE
.Lmismatch:
        orr     r2, r2, #BOOT_CPU_MODE_MISMATCH
.ifdef STRAY_MISMATCH
        str     r2, [r5, r6]
.else
        str     r2, [r1]
.endif
        bx      lr
.endif
        end     __hyp_stub_install_secondary

@ Leave HYP for SVC, exceptions masked, and return to the caller there.  A CPU that is not in HYP comes
@ back in the mode it is in.  lr_svc and sp_svc are not set.
function __hyp_stub_leave
        mrs     r0, cpsr
        and     r0, r0, #MODE_MASK
        cmp     r0, #MODE_HYP
        bne     1f
        msr     elr_hyp, lr
        load    r0, (CPSR_A | CPSR_I | CPSR_F | CPSR_T | CPSR_E | MODE_SVC)
        msr     spsr_cxsf, r0
        eret
1:      bx      lr
        end     __hyp_stub_leave

@ --------------------------------------------------------------------------------------- the handler

.if STUB == 1
@ -1 gets, anything else sets.  What else could bring a CPU here, HSR would say; nobody asks it.
place stub_trap
        cmp     r0, #GET_VECTORS
        bne     1f
        read_HVBAR r0
        eret
1:      write_HVBAR r0
        eret
.endif

.if STUB == 5
place stub_trap
        cmp     r0, #HVC_GET_VECTORS
        beq     1f
        cmp     r0, #HVC_SET_VECTORS
        beq     2f
        cmp     r0, #HVC_SOFT_RESTART
        beq     3f
        mvn     r0, #0                  @ HVC_ERROR
        eret
1:      read_HVBAR r0
        eret
2:      write_HVBAR r1
        eret
3:      bx      restart_address         @ still at HYP; bit 0 selects the instruction set
.endif

.if STUB == 6
place stub_trap
        cmp     r0, #HVC_SET_VECTORS
        beq     1f
        cmp     r0, #HVC_SOFT_RESTART
        beq     2f
        cmp     r0, #HVC_RESET_VECTORS
        beq     3f
        ldr     r0, =HVC_STUB_ERR
        eret
1:      write_HVBAR r1
        b       3f
2:
.ifdef BIT0_TWICE
        add     restart_address, restart_address, #1
.endif
        bx      restart_address         @ still at HYP; bit 0 selects the instruction set
3:                                      @ there is nothing to reset: the stub is what it is reset to
.ifndef RESET_ANSWERS_NUMBER
        mov     r0, #0
.endif
        eret
        .ltorg
.endif

.if STUB == 7
place stub_trap
.ifdef ZIMAGE
        cmp     r0, #HVC_SET_VECTORS
        beq     1f
.endif
        cmp     r0, #HVC_SOFT_RESTART
        beq     2f
        ldr     r0, =HVC_STUB_ERR
        eret
.ifdef ZIMAGE
1:      write_HVBAR r1
        mov     r0, #0
        eret
.endif
2:      bx      restart_address         @ still at HYP; bit 0 selects the instruction set
        .ltorg
.endif

        vectors __hyp_stub_vectors, stub_trap

@ --------------------------------------------------------------------------------------- the callers
@
@ From SVC.  A call may change r0-r3 and ip, so each is a function to its own caller.

.if STUB == 1
function __hyp_get_vectors              @ () -> HVBAR
        mvn     r0, #~GET_VECTORS
        end     __hyp_get_vectors       @ and runs on into the next

function __hyp_set_vectors              @ (r0: physical address of the vectors)
        hvc     #0
        bx      lr
        end     __hyp_set_vectors
.endif

.if STUB == 5
function __hyp_get_vectors              @ () -> HVBAR
        mov     r0, #HVC_GET_VECTORS
        hvc     #0
        bx      lr
        end     __hyp_get_vectors

function __hyp_set_vectors              @ (r0: physical address of the vectors)
        mov     r1, r0
        mov     r0, #HVC_SET_VECTORS
        hvc     #0
        bx      lr
        end     __hyp_set_vectors
.endif

.if STUB == 7
.ifdef ZIMAGE
stub_sets = 1
.endif
.endif
.if STUB == 6
stub_sets = 1
.endif
.ifdef stub_sets
function __hyp_set_vectors              @ (r0: physical address of the vectors) -> 0
        mov     r1, r0
        mov     r0, #HVC_SET_VECTORS
        hvc     #0
        bx      lr
        end     __hyp_set_vectors
.endif

.if STUB == 6
function __hyp_reset_vectors            @ () -> 0
        mov     r0, #HVC_RESET_VECTORS
        hvc     #0
        bx      lr
        end     __hyp_reset_vectors
.endif

.if STUB >= 5
function __hyp_soft_restart             @ (r0: address of the payload); returns only if refused
        mov     restart_address, r0
        mov     r0, #HVC_SOFT_RESTART
        hvc     #0
        bx      lr
        end     __hyp_soft_restart
.endif
