    .arch armv7ve
    .arch_extension virt
    .syntax unified
    .arm
    .text
    .align 5
    .global hyp_vectors
hyp_vectors:
1:  b 1b
    b bad
    b bad
    b bad
    b bad
    b hyp_entry
    b bad
    b bad
bad: b bad
hyp_entry:
    push {r0-r12, lr}
    mov r0, sp
    bl hyp_trap
    pop {r0-r12, lr}
    eret
