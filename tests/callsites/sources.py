"""Assembly of small functions that a call site is looked for in."""

FUNCTION = """
    .globl {name}
    .type {name}, %function
{name}:
    {body}
    .size {name}, . - {name}
"""
