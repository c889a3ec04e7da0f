"""Vectors whose calls are told apart by the immediate, and by w8 with the answer in w5."""

TABLE = """
        .text
        .balign 0x800
        .global vectors
vectors:
        .rept   8
        .balign 0x80
        b       park
        .endr
        .balign 0x80
        b       sync
        .rept   7
        .balign 0x80
        b       park
        .endr
        .balign 0x80
park:   b       park
"""
BY_IMMEDIATE = """
sync:   mrs     x9, esr_el2
        and     x9, x9, #0xffff
        cmp     x9, #1
        b.eq    1f
        cmp     x9, #2
        b.eq    2f
        mov     x0, #-38
        eret
1:      mov     x0, #0
        eret
2:      mov     x0, #-12
        eret
        .global caller
        .type   caller, %function
caller: hvc     #1
        cbnz    x0, 3f
        mov     x0, xzr
3:      ret
        .size   caller, . - caller
"""
BY_W8 = """
sync:   cmn     w8, #5
        b.eq    1f
        cmp     w8, #7
        b.eq    2f
        mov     w5, #-38
        eret
1:      mov     w5, #0
        eret
2:      mov     w5, #-12
        eret
        .global caller
        .type   caller, %function
caller: mov     w8, #-5
        hvc     #0
        cmp     w5, #0
        ret
        .size   caller, . - caller
"""
