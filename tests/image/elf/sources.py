"""Assembly with relocations of every kind that is resolved, in both architectures."""

A64 = """
.text
.globl f
.type f, %function
f:  bl g
    b f2
    adrp x0, d+8
    add x0, x0, :lo12:d+8
    ldr x1, [x0, :lo12:d]
    ldr w1, [x0, :lo12:d]
    ldrb w1, [x0, :lo12:d+3]
    ldrh w1, [x0, :lo12:d+2]
    ldr q1, [x0, :lo12:d+8]
    cbz x0, f2
    tbz x0, #3, f2
    ldr x5, d
    adr x6, d
    movz x3, #:abs_g3:d
    movk x3, #:abs_g2_nc:d
    movk x3, #:abs_g1_nc:d
    movk x3, #:abs_g0_nc:d
.section .text2, "ax"
.globl f2, g
f2: ret
g:  b f
.data
.balign 16
.globl d
    .quad 0
d:  .quad f, g+4, f-.
    .word f2-., d-.
    .hword 0
.section .rodata, "a"
    .quad d, f
.section .hyp.data..ro_after_init, "aw"
    .quad 0
.bss
room: .space 64
"""

A32 = """
.syntax unified
.arm
.text
.globl f
.type f, %function
f:  bl g
    b f2
    blx t
    bl t
    movw r0, #:lower16:d
    movt r0, #:upper16:d
    movw r0, #:lower16:(d-.)
    movt r0, #:upper16:(d-.)
    .word d, t, d-., t-.
.section .text2, "ax"
.globl f2, g, t
.type f2, %function
f2: bx lr
.type g, %function
g:  b f
.thumb
.type t, %function
.thumb_func
t:  bl f
    bl t2
    b.w t2
    bne.w t2
    ldr.w r0, inside
    movw r0, #:lower16:d
    movt r0, #:upper16:d
inside:
    bx lr
.section .text3, "ax"
.thumb
.globl t2
.type t2, %function
.thumb_func
t2: nop
    bl f
    bl t
    nop
.data
.globl d
    .word 0
d:  .word f, t, g+4, f-.
"""

PREFIX = {"arm64": "aarch64-linux-gnu-", "arm": "arm-linux-gnueabihf-"}
