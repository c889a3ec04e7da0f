"""QEMU as a machine, driven through its GDB stub."""
