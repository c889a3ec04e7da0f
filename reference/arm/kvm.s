@ SPDX-License-Identifier: MIT
@
@ KVM's HYP side: the vectors that initialise HYP, those that run, and the functions that call both.
@ The essential structure only: there is no guest, so whatever a guest does parks the CPU.
@
@ The identity map is no map: the MMU of HYP stays off here, and HYP's address of everything is its
@ physical address.  HTTBR is still written, and the caches are turned on, so that a reset has
@ something to take back.
@
@ Chosen by --defsym, beside those of stub.s:
@   KVM=3    3.10 to 3.13: knows no stub call at all
@   KVM=4    3.14 to 4.7: running, it also answers GET (r0 = -1); everything else is a function
@   KVM=4 PATCHLET=1   the same, taught the number HVC_GET_VECTORS in place of -1
@   KVM=5    the whole of December 2016: GET and SOFT_RESTART at both of its vectors; SET is an error
@   KVM=6    4.12 to 5.6: SOFT_RESTART and RESET, in the identity map; SET is an error
@ KVM=4 with STUB=5 is the break of December 2016: the callers ask for HVC_GET_VECTORS, 0, and this
@ handler, which compares with -1, calls address 0 at HYP (1 in T32) where it should return HVBAR.
@ KVM=3 is itself a defect of history: after a power-down (3.13), kvm_cpu_enable sets the init vectors
@ without asking who is there; running KVM takes their address for a function and enters the table at
@ its reset vector, at HYP.
@ Defects of history:
@   BIT0_TWICE=1     T32: 1 is added to a function's address that has bit 0 already; `blx` then enters
@                    it in A32 state, two bytes late: UNPREDICTABLE
@   RESTART_ZEROES=1 KVM=6: HVC_SOFT_RESTART shares the whole of the path of HVC_RESET_VECTORS, its
@                    result too, and the payload is entered with r0 = 0

        .include "machine.inc"
        .include "numbers.inc"

.if KVM >= 5
.ifndef HVC_STUB_HCALL_NR
HVC_STUB_HCALL_NR = 3           @ the three calls of 2016 are 0 to 2, too
.endif
.endif
VTTBR_VMID_LOW  = 48 - 32       @ VTTBR.VMID is bits 55:48, here of the high word
VTTBR_VMID_BITS = 8
HYP_CACHES = HSCTLR_C | HSCTLR_I
HYP_OFF    = HSCTLR_M | HSCTLR_A | HSCTLR_C | HSCTLR_I

@ A 64-bit argument in a register pair: AAPCS 5.5 passes it as memory would hold it, so the high word
@ first when big-endian.
.ifdef BIG
        .macro  write_HTTBR_from first, second
        write_HTTBR \second, \first
        .endm
.else
        .macro  write_HTTBR_from first, second
        write_HTTBR \first, \second
        .endm
.endif

        .macro  caches_on scratch
        read_HSCTLR \scratch
        orr     \scratch, \scratch, #HSCTLR_C
        orr     \scratch, \scratch, #HSCTLR_I
        write_HSCTLR \scratch
        isb
        .endm

@ Back to what the stub expects: MMU and caches of HYP off.
        .macro  mmu_off scratch, mask
        read_HSCTLR \scratch
        load    \mask, HYP_OFF
        bic     \scratch, \scratch, \mask
        write_HSCTLR \scratch
        isb
        .endm

        .text

@ ------------------------------------------------------------------------------------ init vectors

.if KVM < 5
@ Any hvc is init, in two calls.
@   r0 = 0:  r2:r3 = page tables that also map the identity; the MMU goes on
@   r0 != 0: r0 = top of the HYP stack, r1 = vectors, r2:r3 = page tables without the identity
place init_trap
        cmp     r0, #0
        bne     1f
        write_HTTBR_from r2, r3
        mov     r1, #0
        write_VTTBR r1, r1              @ VMID 0: this is the host
        write_HTCR r1
        write_HMAIR0 r1
        write_HMAIR1 r1
        caches_on r1
        eret
1:      mov     sp, r0
        write_HVBAR r1
        write_HTTBR_from r2, r3
        isb
        write_TLBIALLH r0
        dsb
        isb
        eret
.else
@ One call: r0 = top of the HYP stack, which is no stub call's number, r1 = vectors, r2:r3 = page tables.
place init_trap
        cmp     r0, #HVC_STUB_HCALL_NR
        blo     stub_call
        mov     sp, r0
        write_HVBAR r1
        write_HTTBR_from r2, r3
        mov     r1, #0
        write_VTTBR r1, r1              @ VMID 0: this is the host
        write_HTCR r1
        write_HMAIR0 r1
        write_HMAIR1 r1
        isb
        write_TLBIALLH r1
        dsb
        isb
        caches_on r1
        mov     r0, #0
        eret
.endif

        vectors __kvm_hyp_init, init_trap

@ ------------------------------------------------- the stub's calls at KVM, in the identity map

.if KVM == 5
place stub_call
        cmp     r0, #HVC_GET_VECTORS
        beq     1f
        cmp     r0, #HVC_SOFT_RESTART
        beq     2f
        mvn     r0, #0                  @ HVC_ERROR: only the stub sets
        eret
1:      read_HVBAR r0
        eret
2:      mmu_off r2, r3
        load    r2, __hyp_stub_vectors
        write_HVBAR r2
        isb
        bx      restart_address         @ still at HYP; bit 0 selects the instruction set
.endif

.if KVM == 6
@ An exception return synchronises what was written, so both calls end in one.
function stub_call                      @ branched to by address, so with bit 0 in T32
        cmp     r0, #HVC_SOFT_RESTART
        beq     1f
        cmp     r0, #HVC_RESET_VECTORS
        beq     2f
        ldr     r0, =HVC_STUB_ERR
        eret

        @ To the payload: HYP again, masked, in the instruction set and byte order of this kernel.
1:
.ifdef THUMB
        bic     restart_address, restart_address, #1
.endif
        msr     elr_hyp, restart_address
        load    r1, (CPSR_A | CPSR_I | CPSR_F | CPSR_T | CPSR_E | MODE_HYP)
        msr     spsr_cxsf, r1
.ifndef RESTART_ZEROES
        b       3f
.endif
2:      mov     r0, #0
3:      mmu_off r1, r2
        load    r1, __hyp_stub_vectors
        write_HVBAR r1
        eret
        end     stub_call
.endif

@ ------------------------------------------------------------------------------------- run vectors

@ An hvc from the host, or anything at all from a guest.  DDI 0406C, B3.13.6: HSR.EC says which
@ exception; VMID 0 is the host, because no guest is ever given it.
place run_trap
        push    {r0, r1}
        read_HSR r0
        lsr     r0, r0, #26             @ HSR.EC
        cmp     r0, #EC_HVC
        bne     guest_exit
        read_VTTBR r0, r1
        ubfx    r1, r1, #VTTBR_VMID_LOW, #VTTBR_VMID_BITS
        cmp     r1, #0
        bne     guest_exit
        pop     {r0, r1}

.if KVM == 4
.ifdef PATCHLET
        cmp     r0, #HVC_GET_VECTORS
.else
        cmp     r0, #-1
.endif
        bne     call_function
        read_HVBAR r0
        eret
.endif

.if KVM == 5
        cmp     r0, #HVC_STUB_HCALL_NR
        blo     stub_call
.endif

.if KVM == 6
        @ What turns the MMU off has to run where that changes nothing: at its physical address.
        cmp     r0, #HVC_STUB_HCALL_NR
        bhs     call_function
        push    {r1}
        ldr     r1, =kimage_voffset
        ldr     r1, [r1]
        ldr     ip, =stub_call
        sub     ip, ip, r1
        pop     {r1}
        bx      ip
        .ltorg
.endif

@ r0 = a function at HYP, r1-r3 = its arguments.  lr is lr_usr here, and ELR_hyp the way back.
place call_function
        push    {ip, lr}
        mov     lr, r0
        mov     r0, r1
        mov     r1, r2
        mov     r2, r3
.ifdef THUMB
.ifdef BIT0_TWICE
        add     lr, lr, #1
.else
        orr     lr, lr, #1
.endif
.endif
        blx     lr
        pop     {ip, lr}
        eret

place guest_exit
        b       guest_exit              @ there is no guest

        vectors __kvm_hyp_vector, run_trap

@ Called at HYP, by kvm_call_hyp: the teardown of the revisions without HVC_RESET_VECTORS.
.if KVM < 6
function __kvm_hyp_reset                @ (r0: the stub's vectors)
        mmu_off r1, r2
        write_HVBAR r0
        isb
        bx      lr
        end     __kvm_hyp_reset
.endif

@ ------------------------------------------------------------------------------------- the callers

function kvm_call_hyp                   @ (r0: function at HYP, r1-r3: its arguments) -> its result
        hvc     #0
        bx      lr
        end     kvm_call_hyp

@ Make this CPU run KVM's vectors: when KVM starts, and after each power-down (CPU_PM_EXIT), which may or
@ may not have lost them.
function kvm_cpu_enable                 @ (r0: top of the CPU's HYP stack)
        push    {r4, lr}
        mov     r4, r0

.if KVM == 4 || KVM == 5
        @ Only the stub can be told to set vectors, so ask who is there.
        bl      __hyp_get_vectors
        load    r1, __hyp_stub_vectors
        cmp     r0, r1
        bne     1f
.endif
.if KVM == 6
        @ Whoever is there, afterwards it is the stub.
        bl      __hyp_reset_vectors
.endif

        load    r0, __kvm_hyp_init
        bl      __hyp_set_vectors

.if KVM < 5
        mov     r0, #0
        bl      kvm_page_tables
        bl      kvm_call_hyp
.endif
        mov     r0, r4
        load    r1, __kvm_hyp_vector
        bl      kvm_page_tables
        bl      kvm_call_hyp
1:      pop     {r4, pc}
        end     kvm_cpu_enable

place kvm_page_tables                    @ -> r2:r3, as a pair of the byte order; r0 and r1 stay
.ifdef BIG
        load    r3, hyp_page_tables
        mov     r2, #0
.else
        load    r2, hyp_page_tables
        mov     r3, #0
.endif
        bx      lr

        .data
        .balign 4
        .global kimage_voffset
kimage_voffset:                         @ the kernel's virtual address of itself less its physical one
        .word   0

        .bss
        .balign 64
place hyp_page_tables
        .space  32                      @ the four entries of level 1 that 4 GiB need; never walked
