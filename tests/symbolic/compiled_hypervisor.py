"""A hypervisor in C, built as compilers make it."""

import subprocess
from pathlib import Path

from tests.inputs import find_tool

FOLDER = Path(__file__).parent / "compiled"
PREFIX = {"arm64": "aarch64-linux-gnu-", "arm": "arm-linux-gnueabihf-"}
ALIKE = ["-ffreestanding", "-fno-pic", "-nostdlib", "-fno-stack-protector"]
OF = {"arm64": ["-mgeneral-regs-only"], "arm": ["-march=armv7ve+nofp", "-mfloat-abi=soft"]}


def built(folder: Path, architecture: str, *options: str) -> Path:
    """Compile and link the hypervisor."""
    tool = PREFIX[architecture]
    gcc, linked = find_tool(f"{tool}gcc"), folder / "hypervisor.elf"
    sources = [str(FOLDER / f"entry_{architecture}.S"), str(FOLDER / "hypervisor.c")]
    command = [gcc, *ALIKE, *OF[architecture], *options, "-static", "-Wl,-Ttext=0x40080000"]
    command += ["-Wl,-e,hyp_vectors", "-Wl,--build-id=none", "-o", str(linked), *sources]
    subprocess.run([*command, "-lgcc"], check=True, capture_output=True, timeout=60)
    return linked
