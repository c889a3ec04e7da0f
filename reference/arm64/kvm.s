// SPDX-License-Identifier: MIT
//
// KVM at EL2 without VHE, unprotected: the vectors that initialise it, those that serve the host, and the
// functions that call both.  The essential structure only: there is no guest.
//
// The identity map is no map: the MMU of EL2 stays off here.  The caches are turned on, so that a reset
// has something to take back.
//
// Chosen by --defsym, beside those of stub.s, STUB=3 (5.10, the first with these calls), 7 or 8.  A defect of history:
//   RESTART_ZEROES=1   HVC_SOFT_RESTART shares the whole of the path of HVC_RESET_VECTORS, its result
//                      too, and the payload is entered with x0 = 0

        .include "machine.inc"
        .include "numbers.inc"

// KVM's own calls are SMCCC's (ARM DEN 0028): fast, 64 bits, of a vendor's hypervisor.
KVM_HYP_INIT  = 0xc6000000      // x1 = parameters
KVM_PROBE     = 0xc6000001
SMCCC_SUCCESS = 0
SMCCC_NOT_SUPPORTED = -1

// The parameters of KVM_HYP_INIT.
INIT_STACK = 0
INIT_HCR   = 8
INIT_PAGE_TABLES = 16

// The host's context: x0 to x30 in their order, below what the dispatcher needs of the stack.
CONTEXT    = 512
CONTEXT_X0 = 0
CONTEXT_X2 = 16

        .text

// ----------------------------------------------------------------------------------- init vectors

place init_sync
        cmp     x0, #HVC_STUB_HCALL_NR
        b.lo    stub_call
        number  x3, KVM_HYP_INIT
        cmp     x0, x3
        b.eq    1f
        mov     x0, #SMCCC_NOT_SUPPORTED
        eret
1:      ldr     x2, [x1, #INIT_STACK]
        mov     sp, x2
        ldr     x2, [x1, #INIT_HCR]
        msr     hcr_el2, x2
        ldr     x2, [x1, #INIT_PAGE_TABLES]
        msr     ttbr0_el2, x2
        msr     vttbr_el2, xzr
        isb
        tlbi    alle2
        dsb     sy
        mrs     x2, sctlr_el2
        number  x3, SCTLR_EL2_CACHES
        orr     x2, x2, x3
        msr     sctlr_el2, x2
        isb
        address x2, __kvm_hyp_host_vector
        msr     vbar_el2, x2
        mov     x0, #SMCCC_SUCCESS
        eret

        vectors __kvm_hyp_init, init_sync

// ----------------------------------------------- the stub's calls at KVM, in the identity map

function stub_call
        cmp     x0, #HVC_SOFT_RESTART
        b.eq    1f
        cmp     x0, #HVC_RESET_VECTORS
        b.eq    2f
        number  x0, HVC_STUB_ERR
        eret

        // To the payload: EL2 again, masked.
1:      msr     elr_el2, x1
        number  x5, SPSR_EL2H
        msr     spsr_el2, x5
        mov     x0, x2
        mov     x1, x3
        mov     x2, x4
.ifndef RESTART_ZEROES
        b       3f
.endif
2:      mov     x0, xzr
3:      mrs     x5, sctlr_el2
        number  x6, SCTLR_EL2_MMU
        bic     x5, x5, x6
        msr     sctlr_el2, x5
        isb
        address x5, __hyp_stub_vectors
        msr     vbar_el2, x5
        eret
        end     stub_call

// ------------------------------------------------------------------------------------ run vectors

place run_sync
        stp     x0, x1, [sp, #-16]!
        mrs     x0, esr_el2
        lsr     x0, x0, #26             // EC
        cmp     x0, #EC_HVC64
        b.ne    host_exit
        ldp     x0, x1, [sp]
        cmp     x0, #HVC_STUB_HCALL_NR
        b.hs    host_exit

        // What turns the MMU off has to run where that changes nothing.
        add     sp, sp, #16
        address x5, stub_call
        br      x5

place host_exit
        sub     x0, sp, #CONTEXT - 16
        stp     x2, x3, [x0, #CONTEXT_X2]
        ldp     x2, x3, [sp], #16       // the host's x0 and x1
        stp     x2, x3, [x0, #CONTEXT_X0]
        stp     x4, x5, [x0, #CONTEXT_X0 + 32]
        stp     x6, x7, [x0, #CONTEXT_X0 + 48]
        stp     x8, x9, [x0, #CONTEXT_X0 + 64]
        stp     x10, x11, [x0, #CONTEXT_X0 + 80]
        stp     x12, x13, [x0, #CONTEXT_X0 + 96]
        stp     x14, x15, [x0, #CONTEXT_X0 + 112]
        stp     x16, x17, [x0, #CONTEXT_X0 + 128]
        stp     x18, x19, [x0, #CONTEXT_X0 + 144]
        stp     x20, x21, [x0, #CONTEXT_X0 + 160]
        stp     x22, x23, [x0, #CONTEXT_X0 + 176]
        stp     x24, x25, [x0, #CONTEXT_X0 + 192]
        stp     x26, x27, [x0, #CONTEXT_X0 + 208]
        stp     x28, x29, [x0, #CONTEXT_X0 + 224]
        str     x30, [x0, #CONTEXT_X0 + 240]
        mov     x29, x0
        bl      handle_trap
        ldp     x0, x1, [x29, #CONTEXT_X0 + 0]
        ldp     x2, x3, [x29, #CONTEXT_X0 + 16]
        ldp     x4, x5, [x29, #CONTEXT_X0 + 32]
        ldp     x6, x7, [x29, #CONTEXT_X0 + 48]
        ldp     x8, x9, [x29, #CONTEXT_X0 + 64]
        ldp     x10, x11, [x29, #CONTEXT_X0 + 80]
        ldp     x12, x13, [x29, #CONTEXT_X0 + 96]
        ldp     x14, x15, [x29, #CONTEXT_X0 + 112]
        ldp     x16, x17, [x29, #CONTEXT_X0 + 128]
        ldp     x18, x19, [x29, #CONTEXT_X0 + 144]
        ldp     x20, x21, [x29, #CONTEXT_X0 + 160]
        ldp     x22, x23, [x29, #CONTEXT_X0 + 176]
        ldp     x24, x25, [x29, #CONTEXT_X0 + 192]
        ldp     x26, x27, [x29, #CONTEXT_X0 + 208]
        ldr     x30, [x29, #CONTEXT_X0 + 240]
        ldp     x28, x29, [x29, #CONTEXT_X0 + 224]
        eret

        vectors __kvm_hyp_host_vector, run_sync

// KVM's own dispatcher (x0: the context): the status goes to x0, a value to x1.  It is C in a kernel, so
// it begins as a compiler begins a function (AAPCS64 6.4.6, the frame record).
function handle_trap
        stp     x29, x30, [sp, #-16]!
        mov     x29, sp
        ldr     x1, [x0, #CONTEXT_X0]
        number  x2, KVM_PROBE
        cmp     x1, x2
        b.eq    1f
        mov     x1, #SMCCC_NOT_SUPPORTED
        str     x1, [x0, #CONTEXT_X0]
        b       2f
1:      mrs     x1, CurrentEL           // EL in bits 31:24, then the three arguments
        lsl     x1, x1, #22
        ldr     x2, [x0, #CONTEXT_X0 + 8]
        orr     x1, x1, x2, lsl #16
        ldp     x2, x3, [x0, #CONTEXT_X2]
        orr     x1, x1, x2, lsl #8
        orr     x1, x1, x3
        mov     x2, #SMCCC_SUCCESS
        stp     x2, x1, [x0, #CONTEXT_X0]
2:      ldp     x29, x30, [sp], #16
        ret
        end     handle_trap

// ------------------------------------------------------------------------------------ the callers

function kvm_call_hyp                   // (x0: SMCCC function, x1-x3: arguments) -> status, value in x1
        hvc     #0
        ret
        end     kvm_call_hyp

function kvm_probe                      // (x0-x2: arguments) -> what the dispatcher says of them
        str     x30, [sp, #-16]!
        mov     x3, x2
        mov     x2, x1
        mov     x1, x0
        number  x0, KVM_PROBE
        bl      kvm_call_hyp
        mov     x0, x1
        ldr     x30, [sp], #16
        ret
        end     kvm_probe

// Make this CPU run KVM's vectors, whoever's are live.
function kvm_cpu_enable                 // (x0: top of the CPU's EL2 stack) -> status
        stp     x29, x30, [sp, #-16]!
        mov     x29, x0
        bl      __hyp_reset_vectors
        address x0, __kvm_hyp_init
        bl      __hyp_set_vectors
        address x1, init_parameters
        str     x29, [x1, #INIT_STACK]
        number  x0, HCR_RW
        str     x0, [x1, #INIT_HCR]
        address x0, hyp_page_tables
        str     x0, [x1, #INIT_PAGE_TABLES]
        dsb     sy
        number  x0, KVM_HYP_INIT
        bl      kvm_call_hyp
        ldp     x29, x30, [sp], #16
        ret
        end     kvm_cpu_enable

        .bss
        .balign 64
place hyp_page_tables
        .space  32                      // never walked
place init_parameters
        .space  24
