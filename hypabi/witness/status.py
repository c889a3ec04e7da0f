"""The program status as a witness knows it."""

from typing import Final

STATUS_64: Final = 0xF000_03DF
"""Bits of SPSR_EL2 that a witness can give: N, Z, C, V, D, A, I, F, M (DDI 0487, C5.2.19)."""
STATUS_32: Final = 0xF80F_03FF
"""Of SPSR_hyp: N, Z, C, V, Q, GE, E, A, I, F, T, M (DDI 0406C, B1.3.3)."""
FLAGS: Final = ("N", "Z", "C", "V")
NAMES: Final = ("PSTATE", "CPSR")
"""What contracts call it."""
