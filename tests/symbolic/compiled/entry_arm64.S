    .text
    .macro slot
    .align 7
    b bad
    .endm
    .align 11
    .global hyp_vectors
hyp_vectors:
    slot
    slot
    slot
    slot
    slot
    slot
    slot
    slot
    .align 7
    b lower_sync
    slot
    slot
    slot
    slot
    slot
    slot
    slot
bad: b bad
lower_sync:
    sub sp, sp, #256
    stp x0, x1, [sp, #0]
    stp x2, x3, [sp, #16]
    stp x4, x5, [sp, #32]
    stp x6, x7, [sp, #48]
    stp x8, x9, [sp, #64]
    stp x10, x11, [sp, #80]
    stp x12, x13, [sp, #96]
    stp x14, x15, [sp, #112]
    stp x16, x17, [sp, #128]
    stp x18, x19, [sp, #144]
    stp x29, x30, [sp, #160]
    mov x0, sp
    bl hyp_trap
    ldp x0, x1, [sp, #0]
    ldp x2, x3, [sp, #16]
    ldp x4, x5, [sp, #32]
    ldp x6, x7, [sp, #48]
    ldp x8, x9, [sp, #64]
    ldp x10, x11, [sp, #80]
    ldp x12, x13, [sp, #96]
    ldp x14, x15, [sp, #112]
    ldp x16, x17, [sp, #128]
    ldp x18, x19, [sp, #144]
    ldp x29, x30, [sp, #160]
    add sp, sp, #256
    eret
