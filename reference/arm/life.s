@ SPDX-License-Identifier: MIT
@
@ A tiny kernel that lives a whole life around the two hypervisors, on QEMU's `virt`, and says each step
@ on its serial port: boot at HYP, install, drop to SVC, the second CPU joins, KVM comes and goes, and the
@ next payload is entered at HYP.
@
@   qemu-system-arm -M virt,virtualization=on -cpu cortex-a15 -smp 2 -nographic -nic none -kernel IMAGE
@
@ Chosen by --defsym, beside those of stub.s and kvm.s (without KVM, the stub is all there is):
@   WATCH=1             for a life that does not come to its end: the second CPU watches the first,
@                       says so when it has been silent for half a second, and powers the machine off
@   EARLY_CALL=1        KVM=4, STUB=1.  A defect of history: kvm_call_hyp while the stub is live.  The
@                       stub takes the function's address for new vectors, and the next hvc enters the
@                       function in its middle, at +0x14
@   SECONDARY_IN_SVC=1  the firmware hands the second CPU over in SVC: no hypervisor may be installed

        .include "machine.inc"
        .include "numbers.inc"

UART      = 0x09000000          @ PL011 (ARM DDI 0183)
UARTFR    = 0x18
UARTFR_TXFF = 1 << 5
UARTCR    = 0x30
UARTCR_ON = 0x301               @ RXE, TXE, UARTEN

@ PSCI (ARM DEN 0022), by smc: HYP is the kernel's, so it cannot be the conduit.
PSCI_CPU_ON     = 0x84000003
PSCI_SYSTEM_OFF = 0x84000008

        system_register CNTFRQ, 0, c14, c0, 0

@ Print a text, anywhere with a stack; changes r0-r3 and lr.
        .macro  say text:vararg
        .pushsection .rodata
.Lsay\@:
        .asciz  \text
        .popsection
        load    r0, .Lsay\@
        bl      print
        .endm

@ Print r0 as it is, and end the line.
        .macro  say_r0
        bl      print_word
        say     "\n"
        .endm

        .macro  big_endian_data
.ifdef BIG
        setend  be
.endif
        .endm

        .macro  stack name
        load    r0, \name
        mov     sp, r0
        .endm

.if STUB == 1
LEAVES_BY_REENTRY = 1
.endif
.ifdef ZIMAGE
LEAVES_BY_REENTRY = 1
.endif

        .macro  step_get
.if STUB < 6
        say     "get: "
        bl      __hyp_get_vectors
        bl      print_vectors
.endif
        .endm

@ A call that nobody has defined; only the stub may be asked.
        .macro  step_undefined
.if STUB > 1
        say     "undefined call: "
        mov     r0, #0x77
        hvc     #0
        say_r0
.endif
        .endm

        @ The mode in which the CPUs booted: a decompressor knows its own alone.
        .macro  boot_mode reg
.ifdef ZIMAGE
        mov     \reg, r4
.else
        load    \reg, __boot_cpu_mode
        ldr     \reg, [\reg]
.endif
        .endm

        .text

function _start
        big_endian_data
        bl      __hyp_stub_install
        mov     r4, r0
        bl      __hyp_stub_leave
        stack   svc_stack
        bl      uart_on

        say     "stub "
.if STUB == 1
        say     "A1"
.endif
.if STUB == 5
        say     "A5"
.endif
.if STUB == 6
        say     "A6"
.endif
.if STUB == 7
        say     "A7"
.endif
.ifdef ZIMAGE
        say     " of a decompressor"
.endif
.ifdef KVM
        say     ", kvm "
.if KVM == 3
        say     "A3"
.endif
.if KVM == 4
        say     "A4"
.ifdef PATCHLET
        say     " with the patchlet"
.endif
.endif
.if KVM == 5
        say     "A5"
.endif
.if KVM == 6
        say     "A6"
.endif
.endif
.ifdef THUMB
        say     ", T32"
.else
        say     ", A32"
.endif
.ifdef BIG
        say     ", big-endian\n"
.else
        say     ", little-endian\n"
.endif
        say     "cpu0: booted in mode "
        mov     r0, r4
        say_r0
        say     "cpu0: now in mode "
        bl      mode
        say_r0

        bl      start_secondary
        say     "boot mode: "
        boot_mode r0
        say_r0
.ifdef SECONDARY_IN_SVC
        say     "stray word: "
        load    r0, stray_word
        ldr     r0, [r0]
        say_r0
.endif
        boot_mode r0
        cmp     r0, #MODE_HYP
        beq     with_hypervisor
        say     "no hypervisor: the CPUs disagree\n"
        b       power_off
        end     _start

place with_hypervisor
        step_get
.if STUB == 6
        say     "reset: "
        bl      __hyp_reset_vectors
        say_r0
.endif
        step_undefined

.ifdef EARLY_CALL
        say     "early call: "
        bl      call_trapdoor
        load    r1, trapdoor
        cmp     r0, r1
        bne     1f
        say     "answers the function's address\n"
1:      say     "get: "
        bl      __hyp_get_vectors
        bl      print_vectors
        b       power_off
.endif

.ifdef KVM
        bl      enable

        @ What a HYP function says of where it ran, and which arguments it got.
        say     "call: "
        load    r0, probe
        mov     r1, #1
        mov     r2, #2
        mov     r3, #3
        bl      kvm_call_hyp
        say_r0
.if KVM > 4
        say     "set: "
        load    r0, __hyp_stub_vectors
        bl      __hyp_set_vectors
        say_r0
.endif

        @ Back from a power-down that lost nothing.
        bl      enable
        say     "teardown: "
.if KVM < 6
        load    r0, __kvm_hyp_reset
        load    r1, __hyp_stub_vectors
        bl      kvm_call_hyp
        say     "done\n"
.else
        bl      __hyp_reset_vectors
        say_r0
.endif
        step_get
        step_undefined
.if KVM > 4
        bl      enable
.endif
.endif

.ifdef LEAVES_BY_REENTRY
        @ No call enters a payload, or a decompressor does not use it: one bare hvc.
        say     "set: "
        load    r0, __hyp_reentry_vectors
        bl      __hyp_set_vectors
.if STUB == 1
        bl      print_vectors
.else
        say_r0
.endif
        say     "bare hvc\n"
        load    r4, next_payload_a32
        mov     r7, #0
        mov     r8, #0
        hvc     #0
.else
        say     "soft restart\n"
        load    r0, next_payload
        bl      __hyp_soft_restart
.endif
        b       came_back

.ifdef KVM
place enable
        push    {r4, lr}
        say     "enable: "
        load    r0, hyp_stack
        bl      kvm_cpu_enable
        say     "done\n"
.if KVM > 3
        step_get
.endif
        pop     {r4, pc}
.endif

.ifdef LEAVES_BY_REENTRY
        .balign 4
.ifdef THUMB
        .arm
place next_payload_a32
        load    ip, next_payload
        bx      ip
        .thumb
.else
place next_payload_a32
.endif
.endif

@ The next kernel: it was entered at HYP, so it can install its own stub and be left again.
function next_payload
        big_endian_data
        mov     r5, r0
        stack   hyp_stack
        bl      say_payload
.if STUB == 1
        b       power_off
.else
        bl      __hyp_stub_install
        bl      __hyp_stub_leave
        stack   svc_stack
        step_get
        step_undefined
        say     "soft restart\n"
        load    r0, last_payload
        bl      __hyp_soft_restart
        b       came_back
.endif
        end     next_payload

function last_payload
        mov     r5, r0
        stack   hyp_stack
        bl      say_payload
        b       power_off
        end     last_payload

place say_payload                          @ r5: what r0 was when the payload was entered
        mov     r6, lr
        say     "payload: mode "
        bl      mode
        bl      print_word
        say     ", r0 "
        mov     r0, r5
        bl      print_word
        say     ", HSCTLR.MACI "
        read_HSCTLR r0
        load    r1, (HSCTLR_M | HSCTLR_A | HSCTLR_C | HSCTLR_I)
        and     r0, r0, r1
        say_r0
        bx      r6

place came_back
        say     "came back\n"
function power_off
        load    r0, PSCI_SYSTEM_OFF
        smc     #0
        b       .
        end     power_off

@ The HYP function: its mode in bits 31:24, then its three arguments.
function probe
        mrs     r3, cpsr
        and     r3, r3, #MODE_MASK
        orr     r2, r2, r1, lsl #8
        orr     r2, r2, r0, lsl #16
        orr     r0, r2, r3, lsl #24
        bx      lr
        end     probe

.ifdef EARLY_CALL
place call_trapdoor
        load    r0, trapdoor
        b       kvm_call_hyp
@ A function that was never meant to be a table.  What stands at +0x14 stands there in every function
@ by chance; here it says that it was reached.
        .balign 32
function trapdoor
        .space  0x14, 0
        slot    1f
1:      stack   hyp_stack
        say     "entered the function at +0x14, mode "
        bl      mode
        say_r0
        b       power_off
        end     trapdoor
.endif

@ ------------------------------------------------------------------------------------ the second CPU

place start_secondary
        push    {r4, lr}
        load    r0, PSCI_CPU_ON
        mov     r1, #1
        load    r2, secondary
        mov     r3, #0
        smc     #0
        cmp     r0, #0
        bne     2f
        load    r4, joined
1:      ldr     r0, [r4]
        cmp     r0, #0
        beq     1b
        dmb
        say     "cpu1: booted in mode "
        ldr     r0, [r4, #4]
        say_r0
        say     "cpu1: now in mode "
        ldr     r0, [r4, #8]
        say_r0
.ifndef SECONDARY_IN_SVC
        say     "cpu1: "
.if STUB < 6
        say     "get: "
        ldr     r0, [r4, #12]
        bl      print_vectors
.endif
.if STUB == 6
        say     "reset: "
        ldr     r0, [r4, #12]
        say_r0
.endif
.if STUB == 7
        say     "undefined call: "
        ldr     r0, [r4, #12]
        say_r0
.endif
.endif
        pop     {r4, pc}
2:      say     "cpu1: absent\n"
        pop     {r4, pc}

function secondary
        big_endian_data
        load    r5, stray_word          @ for the variant that writes through r5 and r6
        mov     r6, #0
.ifdef SECONDARY_IN_SVC
        bl      __hyp_stub_leave
.endif
        bl      __hyp_stub_install_secondary
        mov     r4, r0
        bl      __hyp_stub_leave
        stack   secondary_stack
.ifndef SECONDARY_IN_SVC
.if STUB < 6
        bl      __hyp_get_vectors
.endif
.if STUB == 6
        bl      __hyp_reset_vectors
.endif
.if STUB == 7
        mov     r0, #0x77
        hvc     #0
.endif
.endif
        load    r1, joined
        str     r4, [r1, #4]
        str     r0, [r1, #12]
        bl      mode
        load    r1, joined
        str     r0, [r1, #8]
        dmb
        mov     r0, #1
        str     r0, [r1]
.ifdef WATCH
        b       watch
.else
1:      wfi
        b       1b
.endif
        end     secondary

.ifdef WATCH
place watch
        load    r4, said
1:      ldr     r5, [r4]
        read_CNTPCT r6, r7
        read_CNTFRQ r8
2:      ldr     r0, [r4]
        cmp     r0, r5
        bne     1b
        read_CNTPCT r0, r1
        sub     r0, r0, r6
        cmp     r0, r8, lsr #1
        blo     2b
        say     "\ncpu0 is silent\n"
        b       power_off
.endif

@ ---------------------------------------------------------------------------------- the serial port

place mode
        mrs     r0, cpsr
        and     r0, r0, #MODE_MASK
        bx      lr

place uart_on
        load    r0, UART
        load    r1, UARTCR_ON
.ifdef BIG
        rev     r1, r1                  @ a device's registers are little-endian
.endif
        str     r1, [r0, #UARTCR]
        bx      lr

place print_character                      @ r0; changes r1 and r2
        load    r1, UART
1:      ldrb    r2, [r1, #UARTFR]
        tst     r2, #UARTFR_TXFF
        bne     1b
        strb    r0, [r1]
        bx      lr

place print                                @ r0: the text
        push    {r4, lr}
        mov     r4, r0
        load    r1, said
        ldr     r0, [r1]
        add     r0, r0, #1
        str     r0, [r1]
1:      ldrb    r0, [r4], #1
        cmp     r0, #0
        beq     2f
        bl      print_character
        b       1b
2:      pop     {r4, pc}

place print_word                           @ r0, eight digits
        push    {r4, r5, r6, lr}
        mov     r4, r0
        mov     r5, #32
1:      sub     r5, r5, #4
        lsr     r0, r4, r5
        and     r0, r0, #15
        cmp     r0, #10
        blo     2f
        add     r0, r0, #('a' - '0' - 10)
2:      add     r0, r0, #'0'
        bl      print_character
        cmp     r5, #0
        bne     1b
        pop     {r4, r5, r6, pc}

        .macro  name_of table, text:vararg
        load    r0, \table
        cmp     r0, r4
        bne     1f
        say     \text
        pop     {r4, pc}
1:
        .endm

place print_vectors                        @ r0: whose they are, and the end of the line
        push    {r4, lr}
        mov     r4, r0
        name_of __hyp_stub_vectors, "stub\n"
.ifdef KVM
        name_of __kvm_hyp_init, "kvm-init\n"
        name_of __kvm_hyp_vector, "kvm-run\n"
.endif
.if STUB == 1
        name_of __hyp_reentry_vectors, "reentry\n"
.endif
        mov     r0, r4
        say_r0
        pop     {r4, pc}

        .bss
        .balign 8
place joined
        .space  16                      @ whether; the mode it booted in, its mode now, the answer it got
place said
        .space  4                       @ how often anything was printed
place stray_word
        .space  4
        .balign 8
        .space  256
place svc_stack
        .space  256
place hyp_stack
        .space  256
place secondary_stack
