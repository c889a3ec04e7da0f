"""A hypercall in the log of QEMU: the lines that QEMU 7.2 wrote of one and of its end."""

from tests.tracing.events import SET_VECTORS, STUB

LINK = 0xFFFF_8000_0000_0000 + SET_VECTORS + 4
HVC = f"""Taking exception 11 [Hypervisor Call] on CPU 2
...from EL1 to EL2
...with ESR 0x16/0x5a000000
...with ELR {LINK:#x}
...to EL2 PC {STUB + 0x20000400:#x} PSTATE 0x3c9
"""
BACK = f"Exception return from AArch64 EL2 to AArch64 EL1 PC {LINK:#x}\n"
