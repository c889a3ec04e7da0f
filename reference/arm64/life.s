// SPDX-License-Identifier: MIT
//
// A tiny kernel that lives a whole life around the owners of EL2, on QEMU's `virt`, and says each step on
// its serial port: boot at EL2, install, drop to EL1, the second CPU joins, KVM comes and goes, and the
// next payload is entered at EL2.
//
//   qemu-system-aarch64 -M virt,virtualization=on,gic-version=3 -cpu cortex-a57 -smp 2 \
//       -nographic -nic none -kernel IMAGE
//
// Chosen by --defsym, beside those of stub.s, kvm.s and copied.s:
//   KVM=1      with KVM
//   COPIED=1   with the copied vectors, which then serve the soft restart

        .include "machine.inc"
        .include "numbers.inc"

UART      = 0x09000000          // PL011 (ARM DDI 0183)
UARTFR    = 0x18
UARTFR_TXFF = 5
UARTCR    = 0x30
UARTCR_ON = 0x301               // RXE, TXE, UARTEN

// PSCI (ARM DEN 0022), by smc: EL2 is the kernel's, so it cannot be the conduit.
PSCI_SYSTEM_OFF = 0x84000008
PSCI_CPU_ON     = 0xc4000003

// Print a text, anywhere with a stack; changes x0-x3 and lr.
        .macro  say text:vararg
        .pushsection .rodata
.Lsay\@:
        .asciz  \text
        .popsection
        address x0, .Lsay\@
        bl      print
        .endm

// Print w0 as it is, and end the line.
        .macro  say_w0
        bl      print_word
        say     "\n"
        .endm

        .macro  stack name
        address x0, \name
        mov     sp, x0
        .endm

        .macro  big_endian_data
.ifdef BIG
        mrs     x9, sctlr_el2
        orr     x9, x9, #SCTLR_EE
        msr     sctlr_el2, x9
        isb
.endif
        .endm

        .macro  step_get
.if STUB < 3
        say     "get: "
        bl      __hyp_get_vectors
        bl      print_vectors
.endif
        .endm

// A call that nobody has defined; only the stub may be asked, and before 4.12 it has no error for it.
        .macro  step_undefined
.if STUB >= 3
        say     "undefined call: "
        mov     x0, #0x77
        hvc     #0
        say_w0
.endif
        .endm

        .text

function _start
        big_endian_data
        bl      __hyp_stub_install
        mov     x19, x0
        stack   el1_stack
        bl      uart_on

        say     "stub B"
        mov     w0, #STUB
        bl      print_digit
.ifdef KVM
        say     ", kvm"
.endif
.ifdef COPIED
        say     ", copied vectors"
.endif
.ifdef BIG
        say     ", A64, big-endian\n"
.else
        say     ", A64, little-endian\n"
.endif
        say     "cpu0: booted in mode "
        mov     w0, w19
        say_w0
        say     "cpu0: now at EL"
        bl      level
        bl      print_digit
        say     "\n"

        bl      start_secondary
        say     "boot modes: "
        address x0, __boot_cpu_mode
        ldr     w0, [x0]
        bl      print_word
        say     " "
        address x0, __boot_cpu_mode
        ldr     w0, [x0, #4]
        say_w0

        step_get
.if STUB >= 3
        say     "reset: "
        bl      __hyp_reset_vectors
        say_w0
.endif
        step_undefined
.if STUB == 5
        say     "vhe restart: "
        bl      __hyp_vhe_restart
        say_w0
.endif
.if STUB >= 7
        say     "finalise: "
        bl      __hyp_finalise_el2
        say_w0
.endif
.if STUB >= 8
        mrs     x0, id_aa64pfr0_el1
        ubfx    x0, x0, #24, #4
        cbz     x0, 1f
        say     "ich_vtr: "
        bl      __hyp_get_ich_vtr
        say_w0                          // what is in x1 is the machine's
1:
.endif

.ifdef KVM
        bl      enable
        say     "call: "
        mov     x0, #1
        mov     x1, #2
        mov     x2, #3
        bl      kvm_probe
        say_w0
        say     "undefined call at kvm: "
        number  x0, 0xc6000077
        bl      kvm_call_hyp
        say_w0
        say     "set: "
        address x0, __hyp_stub_vectors
        bl      __hyp_set_vectors
        say_w0
        bl      enable                  // back from a power-down that lost nothing
        say     "teardown: "
        bl      __hyp_reset_vectors
        say_w0
        step_undefined
        bl      enable
.endif

.ifdef COPIED
        // As kexec does: copy, have the stub set the copy, and restart through it.
        address x0, trans_pgd_stub_vectors
        address x1, page
        mov     x2, #0x800
1:      ldp     x3, x4, [x0], #16
        stp     x3, x4, [x1], #16
        subs    x2, x2, #16
        b.ne    1b
        dsb     sy
        ic      iallu
        dsb     sy
        isb
        say     "set: "
        address x0, page
        bl      __hyp_set_vectors
        say_w0
        say     "reset: "               // a call that the copy does not know
        bl      __hyp_reset_vectors
        say_w0
        say     "set: "
        address x0, page
        bl      __hyp_set_vectors
        say_w0
.endif

.if STUB == 1
        b       power_off               // no call enters a payload
.else
        say     "soft restart\n"
        address x0, next_payload
        mov     x1, #0x11
        mov     x2, #0x22
        mov     x3, #0x33
        bl      __hyp_soft_restart
        b       came_back
.endif
        end     _start

.ifdef KVM
place enable
        str     x30, [sp, #-16]!
        say     "enable: "
        address x0, el2_stack
        bl      kvm_cpu_enable
        say_w0
        ldr     x30, [sp], #16
        ret
.endif

.if STUB > 1
// The next kernel: it was entered at EL2, so it can install its own stub and be left again.
function next_payload
        mov     x20, x0
        mov     x21, x1
        mov     x22, x2
        big_endian_data
        stack   el2_stack
        bl      say_payload
        bl      __hyp_stub_install
        stack   el1_stack
        step_get
        step_undefined
        say     "soft restart\n"
        address x0, last_payload
        mov     x1, #0x44
        mov     x2, #0x55
        mov     x3, #0x66
        bl      __hyp_soft_restart
        b       came_back
        end     next_payload

function last_payload
        mov     x20, x0
        mov     x21, x1
        mov     x22, x2
        stack   el2_stack
        bl      say_payload
        b       power_off
        end     last_payload

place say_payload                       // x20-x22: what x0-x2 were when the payload was entered
        mov     x23, x30
        say     "payload: EL"
        bl      level
        bl      print_digit
        say     ", x0 "
        mov     w0, w20
        bl      print_word
        say     ", x1 "
        mov     w0, w21
        bl      print_word
        say     ", x2 "
        mov     w0, w22
        bl      print_word
        say     ", SCTLR_EL2.MACI "
        mrs     x0, sctlr_el2
        number  x1, SCTLR_EL2_MMU
        and     x0, x0, x1
        say_w0
        br      x23

place came_back
        say     "came back\n"
.endif

function power_off
        number  x0, PSCI_SYSTEM_OFF
        smc     #0
        b       .
        end     power_off

// ----------------------------------------------------------------------------------- the second CPU

place start_secondary
        stp     x19, x30, [sp, #-16]!
        number  x0, PSCI_CPU_ON
        mov     x1, #1
        address x2, secondary
        mov     x3, #0
        smc     #0
        cbnz    x0, 2f
        address x19, joined
1:      ldr     w0, [x19]
        cbz     w0, 1b
        dmb     sy
        say     "cpu1: booted in mode "
        ldr     w0, [x19, #4]
        say_w0
        say     "cpu1: now at EL"
        ldr     w0, [x19, #8]
        bl      print_digit
        say     "\n"
.if STUB < 3
        say     "cpu1: get: "
        ldr     w0, [x19, #12]
        bl      print_vectors
.else
        say     "cpu1: reset: "
        ldr     w0, [x19, #12]
        say_w0
.endif
        ldp     x19, x30, [sp], #16
        ret
2:      say     "cpu1: absent\n"
        ldp     x19, x30, [sp], #16
        ret

function secondary
        big_endian_data
        bl      __hyp_stub_install_secondary
        mov     x19, x0
        stack   secondary_stack
.if STUB < 3
        bl      __hyp_get_vectors
.else
        bl      __hyp_reset_vectors
.endif
        address x1, joined
        str     w19, [x1, #4]
        str     w0, [x1, #12]
        bl      level
        address x1, joined
        str     w0, [x1, #8]
        dmb     sy
        mov     w0, #1
        str     w0, [x1]
1:      wfi
        b       1b
        end     secondary

// --------------------------------------------------------------------------------- the serial port

place level
        mrs     x0, CurrentEL
        lsr     x0, x0, #2
        ret

place uart_on
        number  x0, UART
        number  w1, UARTCR_ON
.ifdef BIG
        rev     w1, w1                  // a device's registers are little-endian
.endif
        str     w1, [x0, #UARTCR]
        ret

place print_digit                       // w0, below ten; changes x1 and x2
        add     w0, w0, #'0'
        // and goes on
place print_character                   // w0; changes x1 and x2
        number  x1, UART
1:      ldrb    w2, [x1, #UARTFR]
        tbnz    w2, #UARTFR_TXFF, 1b
        strb    w0, [x1]
        ret

place print                             // x0: the text
        stp     x19, x30, [sp, #-16]!
        mov     x19, x0
1:      ldrb    w0, [x19], #1
        cbz     w0, 2f
        bl      print_character
        b       1b
2:      ldp     x19, x30, [sp], #16
        ret

place print_word                        // w0, eight digits
        stp     x19, x30, [sp, #-16]!
        stp     x20, x21, [sp, #-16]!
        mov     w19, w0
        mov     w20, #32
1:      sub     w20, w20, #4
        lsr     w0, w19, w20
        and     w0, w0, #15
        cmp     w0, #10
        b.lo    2f
        add     w0, w0, #('a' - '0' - 10)
2:      add     w0, w0, #'0'
        bl      print_character
        cbnz    w20, 1b
        ldp     x20, x21, [sp], #16
        ldp     x19, x30, [sp], #16
        ret

place print_vectors                     // x0: whose they are, and the end of the line
        str     x30, [sp, #-16]!
        address x1, __hyp_stub_vectors
        cmp     x0, x1
        b.ne    1f
        say     "stub\n"
        ldr     x30, [sp], #16
        ret
1:      say_w0
        ldr     x30, [sp], #16
        ret

        .bss
        .balign 16
place joined
        .space  16                      // whether; the mode it booted in, its level now, the answer it got
        .space  512
place el1_stack
        .space  512
place el2_stack
        .space  512
place secondary_stack
.ifdef COPIED
        .balign 0x800
place page
        .space  0x800
.endif
