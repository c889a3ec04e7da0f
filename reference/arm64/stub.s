// SPDX-License-Identifier: MIT
//
// hyp-stub: the first owner of EL2, its installer, and the functions that call it.
//
// HVC_VHE_RESTART and HVC_FINALISE_EL2 are refused, as they are by a stub on a CPU without VHE.
//
// Chosen by --defsym, beside machine.inc and numbers.inc.  A defect of history:
//   RESET_ANSWERS_NUMBER=1   STUB=3 on: HVC_RESET_VECTORS returns with x0 = 2, its own number, instead of 0

        .include "machine.inc"
        .include "numbers.inc"

BOOT_CPU_MODE_EL1 = 0xe11
BOOT_CPU_MODE_EL2 = 0xe12

        .data
        .balign 8
// Each CPU writes its mode into the word that another mode would leave alone: the two are equal while all
// CPUs booted in the same mode.
        .global __boot_cpu_mode
__boot_cpu_mode:
        .word   BOOT_CPU_MODE_EL2
        .word   BOOT_CPU_MODE_EL1
        .size   __boot_cpu_mode, 8

        .text

// ------------------------------------------------------------------------------------ the installer
//
// Called where a CPU enters the kernel, MMU and caches off, data in the kernel's byte order, no stack;
// changes x0, x1 and the flags.
// Returns at EL1, exceptions masked, with the mode in which this CPU booted in x0.

function __hyp_stub_install
function __hyp_stub_install_secondary
        address x1, __boot_cpu_mode
        mrs     x0, CurrentEL
        cmp     x0, #CURRENT_EL2
        b.eq    1f
        number  w0, BOOT_CPU_MODE_EL1
        str     w0, [x1]
        ret

1:      number  w0, BOOT_CPU_MODE_EL2
        str     w0, [x1, #4]

        // MMU and caches of EL2 off, and nothing of the kernel's is to trap.
        number  x1, SCTLR_EL2_OFF
        msr     sctlr_el2, x1
        number  x1, HCR_RW
        msr     hcr_el2, x1
        number  x1, CPTR_EL2_RES1
        msr     cptr_el2, x1
        msr     hstr_el2, xzr
        msr     vttbr_el2, xzr

        // Debug and performance monitors to EL1; HPMN stays.
        mrs     x1, mdcr_el2
        and     x1, x1, #0x1f
        msr     mdcr_el2, x1

        // What EL1 reads as MIDR and MPIDR are these, and their reset values are UNKNOWN.
        mrs     x1, midr_el1
        msr     vpidr_el2, x1
        mrs     x1, mpidr_el1
        msr     vmpidr_el2, x1

        // EL1 may use the timer and the counter, and sees no offset.
        mrs     x1, cnthctl_el2
        orr     x1, x1, #3              // EL1PCTEN, EL1PCEN
        msr     cnthctl_el2, x1
        msr     cntvoff_el2, xzr

        // Where the GIC's CPU interface has system registers, they are used.
        mrs     x1, id_aa64pfr0_el1
        ubfx    x1, x1, #24, #4
        cbz     x1, 2f
        mrs     x1, s3_4_c12_c9_5       // ICC_SRE_EL2
        orr     x1, x1, #1              // SRE
        orr     x1, x1, #8              // Enable
        msr     s3_4_c12_c9_5, x1
        isb
        mrs     x1, s3_4_c12_c9_5
        tbz     x1, #0, 2f              // firmware may not allow it
        msr     s3_4_c12_c11_0, xzr     // ICH_HCR_EL2
2:
        address x1, __hyp_stub_vectors
        msr     vbar_el2, x1

        number  x1, SCTLR_EL1_OFF
        msr     sctlr_el1, x1
        msr     elr_el2, x30
        number  x1, SPSR_EL1H
        msr     spsr_el2, x1
        eret                            // which synchronises all of this
        end     __hyp_stub_install_secondary
        end     __hyp_stub_install

// -------------------------------------------------------------------------------------- the handler

.if STUB == 1
// 0 gets, anything else sets; nothing but an hvc is answered.
place stub_sync
        mrs     x1, esr_el2
        lsr     x1, x1, #26
        cmp     x1, #EC_HVC64
        b.ne    2f
        cbz     x0, 1f
        msr     vbar_el2, x0
        eret
1:      mrs     x0, vbar_el2
2:      eret
.endif

.if STUB == 2
// The only scratch register is lr, which the callers save.
place stub_sync
        mrs     x30, esr_el2
        lsr     x30, x30, #26
        cmp     x30, #EC_HVC64
        b.ne    9f
        cmp     x0, #HVC_GET_VECTORS
        b.eq    1f
        cmp     x0, #HVC_SET_VECTORS
        b.eq    2f
        cmp     x0, #HVC_SOFT_RESTART
        b.eq    3f
        eret
1:      mrs     x0, vbar_el2
        eret
2:      msr     vbar_el2, x1
        eret
3:      mov     x30, x1
        mov     x0, x2
        mov     x1, x3
        mov     x2, x4
        br      x30                     // still at EL2
9:      eret
.endif

.if STUB >= 3
place stub_sync
        cmp     x0, #HVC_SET_VECTORS
        b.eq    1f
        cmp     x0, #HVC_SOFT_RESTART
        b.eq    2f
        cmp     x0, #HVC_RESET_VECTORS
        b.eq    3f
.if STUB >= 8
        cmp     x0, #HVC_GET_ICH_VTR_EL2
        b.eq    4f
.endif
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
3:                                      // there is nothing to reset: the stub is what it is reset to
.ifndef RESET_ANSWERS_NUMBER
        mov     x0, xzr
.endif
        eret
.if STUB >= 8
4:      mrs     x1, s3_4_c12_c11_1      // ICH_VTR_EL2; only a kernel with such a GIC may ask
        mov     x0, xzr
        eret
.endif
.endif

.if STUB >= 7
// An exception that EL2 takes from itself comes to the same handler (6.1's and later tables say so).
        vectors __hyp_stub_vectors, stub_sync, stub_sync
.else
        vectors __hyp_stub_vectors, stub_sync
.endif

// -------------------------------------------------------------------------------------- the callers
//
// From EL1.  A call may change x0-x18, so each is a function to its own caller.

.if STUB == 1
function __hyp_get_vectors              // () -> VBAR_EL2
        mov     x0, xzr
        hvc     #0
        ret
        end     __hyp_get_vectors

function __hyp_set_vectors              // (x0: physical address of the vectors)
        hvc     #0
        ret
        end     __hyp_set_vectors
.endif

.if STUB == 2
function __hyp_get_vectors              // () -> VBAR_EL2
        str     x30, [sp, #-16]!
        mov     x0, #HVC_GET_VECTORS
        hvc     #0
        ldr     x30, [sp], #16
        ret
        end     __hyp_get_vectors

function __hyp_set_vectors              // (x0: physical address of the vectors)
        str     x30, [sp, #-16]!
        mov     x1, x0
        mov     x0, #HVC_SET_VECTORS
        hvc     #0
        ldr     x30, [sp], #16
        ret
        end     __hyp_set_vectors
.endif

.if STUB >= 3
function __hyp_set_vectors              // (x0: physical address of the vectors) -> 0
        mov     x1, x0
        mov     x0, #HVC_SET_VECTORS
        hvc     #0
        ret
        end     __hyp_set_vectors

function __hyp_reset_vectors            // () -> 0
        mov     x0, #HVC_RESET_VECTORS
        hvc     #0
        ret
        end     __hyp_reset_vectors
.endif

.if STUB >= 2
// (x0: address of the payload, x1-x3: what it gets in x0-x2); returns only if refused, and then lr is
// whatever the stub left in it.
function __hyp_soft_restart
        mov     x4, x3
        mov     x3, x2
        mov     x2, x1
        mov     x1, x0
        mov     x0, #HVC_SOFT_RESTART
        hvc     #0
        ret
        end     __hyp_soft_restart
.endif

.if STUB == 5
function __hyp_vhe_restart              // () -> 0, or why not
        mov     x0, #HVC_VHE_RESTART
        hvc     #0
        ret
        end     __hyp_vhe_restart
.endif

.if STUB >= 7
function __hyp_finalise_el2             // () -> 0, or why not
        mov     x0, #HVC_FINALISE_EL2
        hvc     #0
        ret
        end     __hyp_finalise_el2
.endif

.if STUB >= 8
function __hyp_get_ich_vtr              // () -> ICH_VTR_EL2 in x1
        mov     x0, #HVC_GET_ICH_VTR_EL2
        hvc     #0
        ret
        end     __hyp_get_ich_vtr
.endif
