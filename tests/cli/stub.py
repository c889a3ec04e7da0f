"""The kernel's stub as a small program, for tests that add something beside it."""

STUB64 = """
.text
.macro slot target
.balign 128
b \\target
.endm
.macro table name, handler
.global \\name
.type \\name, %function
\\name:
.rept 8
slot dead
.endr
slot \\handler
.rept 7
slot dead
.endr
.balign 128
.endm
dead: b .
.balign 2048
table __hyp_stub_vectors, sync
.type sync, %function
sync: cmp x0, #0
b.ne 1f
msr vbar_el2, x1
b ok
1: cmp x0, #1
b.ne 2f
mov x0, x2
mov x2, x4
mov x4, x1
mov x1, x3
br x4
2: cmp x0, #2
b.eq ok
movz x0, #0xca11
movk x0, #0xbad, lsl #16
eret
ok: mov x0, xzr
eret
.size sync, . - sync
"""
"""Proved against linux-hyp-abi of 5.10; what comes behind is the test's own."""

STUB64_6_1 = STUB64.replace(
    ".rept 8\nslot dead\n.endr\n",
    ".rept 4\nslot dead\n.endr\nslot \\handler\n.rept 3\nslot dead\n.endr\n",
)
"""From 6.1 on, which lets EL2 itself ask as well."""


def function(name: str, body: str) -> str:
    """Return a function in assembly."""
    return f".global {name}\n.type {name}, %function\n{name}: {body}\n.size {name}, . - {name}\n"
