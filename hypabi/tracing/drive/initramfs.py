"""The initramfs of a driven kernel: its first process, and the steps that it shall do."""

import stat
from collections.abc import Iterator
from importlib.resources import files
from typing import Final

from hypabi.arch.names import Architecture

STEPS: Final = ("cpu-hotplug", "kvm", "hibernate", "kexec", "reboot", "off")
"""What ``reference/drive/init.c`` can do."""
APPEND: Final = "printk.devkmsg=on"
"""The kernel prints all that it is given to print: the process tells its steps there."""
INITS: Final = {Architecture.ARM64: "init-arm64", Architecture.ARM: "init-arm"}
_CONSOLE: Final = (5, 1)
"""Major and minor number of /dev/console (Documentation/admin-guide/devices.txt)."""


MOST_MODULES: Final = 10


def initramfs(
    architecture: Architecture, steps: tuple[str, ...], modules: tuple[bytes, ...] = ()
) -> bytes:
    """Return the archive that QEMU's ``-initrd`` takes.

    :param modules: of the kernel, which are loaded first in this order
    """
    init = (files("hypabi.tracing.drive") / INITS[architecture]).read_bytes()
    script = "".join(f"{step}\n" for step in steps).encode("ascii")
    parts = (
        _entry("dev", stat.S_IFDIR | 0o755),
        _entry("dev/console", stat.S_IFCHR | 0o600, device=_CONSOLE),
        _entry("init", stat.S_IFREG | 0o755, init),
        _entry("drive", stat.S_IFREG | 0o644, script),
        *(
            _entry(f"module{number}", stat.S_IFREG | 0o644, module)
            for number, module in enumerate(modules[:MOST_MODULES])
        ),
        _entry("TRAILER!!!", 0),
    )
    return b"".join(part for entry in parts for part in entry)


def _entry(
    name: str, mode: int, content: bytes = b"", device: tuple[int, int] = (0, 0)
) -> Iterator[bytes]:
    """Yield a file as ``newc`` has it (Documentation/driver-api/early-userspace/buffer-format)."""
    ino, uid, gid, nlink, mtime = 0, 0, 0, 1, 0
    told = name.encode("ascii") + b"\0"
    fields = (
        ino, mode, uid, gid, nlink, mtime, len(content), 0, 0, *device, len(told), 0,
    )  # fmt: skip
    header = b"070701" + b"".join(b"%08X" % field for field in fields) + told
    for part in (header, content):
        yield part + bytes(-len(part) % 4)
