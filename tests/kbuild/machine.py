"""What tests of building need from the machine, and a tree that builds as a kernel does."""

import functools
import tempfile
from pathlib import Path
from typing import Final

from hypabi.arch.names import Architecture
from hypabi.errors import HypabiError
from hypabi.kbuild.configurations import Configuration, Program
from hypabi.kbuild.layers import Layers
from hypabi.kbuild.toolchain import Toolchain
from tests.inputs import ROOT, find_tool, skip_for

TOOLCHAIN: Final = Toolchain(Architecture.ARM64, "aarch64-linux-gnu-")
STUB: Final = Configuration(
    "stub",
    Architecture.ARM64,
    "defconfig",
    {"EXTRA": "y"},
    (Program("kernel", "stub/image.lds", ("stub/stub.o",)),),
)
_MAKEFILE: Final = r"""VERSION = 6
PATCHLEVEL = 1
SUBLEVEL = 192
INCLUDED = stub/machine.inc stub/numbers.inc
defconfig:
	echo CONFIG_BASE=y > .config
olddefconfig:
prepare:
	mkdir -p kernel arch/arm64/kernel
	echo 'cmd_a := cc kernel/bounds.c' > kernel/.bounds.s.cmd
	echo 'cmd_a := cc arch/arm64/kernel/asm-offsets.c' > arch/arm64/kernel/.asm-offsets.s.cmd
stub/%.o: stub/%.s $(INCLUDED) | prepare
	$(CROSS_COMPILE)as --defsym STUB=7 -Istub -o $@ $<
	printf 'cmd_$@ := %s\n\n' '$(CROSS_COMPILE)as --defsym STUB=7 -Istub -o $@ $<' > stub/.$*.o.cmd
	printf 'source_$@ := $<\n\ndeps_$@ :=' >> stub/.$*.o.cmd
	printf ' \\\n  %s' $(INCLUDED) >> stub/.$*.o.cmd
	echo $< >> built
stub/%.lds: stub/%.ld
	cp $< $@
"""
_MERGE: Final = 'cat "$3" >> "$2"\n'


@functools.cache
def _shows_layers() -> str:
    """Return why the machine shows no tree in layers, empty where it does."""
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "tree").mkdir()
        try:
            ran = Layers(Path(folder) / "tree", ()).over(Path(folder) / "layer").run(("true",))
        except HypabiError as refused:
            return str(refused)
        return "" if ran.status == 0 else ran.output


def need_layers() -> None:
    """Skip where the machine shows no tree in layers."""
    why = _shows_layers()
    if why:
        skip_for("layers", why)


def need_builder() -> None:
    """Skip where a tree that builds as a kernel does cannot be built."""
    need_layers()
    find_tool("make")
    find_tool("aarch64-linux-gnu-ld")


def made_tree(folder: Path) -> Path:
    """Return a source tree whose one object is our reference stub, as of 6.0 to 6.18."""
    tree = folder / "tree"
    (tree / "stub").mkdir(parents=True)
    (tree / "scripts" / "kconfig").mkdir(parents=True)
    (tree / "Makefile").write_text(_MAKEFILE)
    (tree / "scripts" / "kconfig" / "merge_config.sh").write_text(_MERGE)
    for name in ("stub.s", "machine.inc", "numbers.inc", "image.ld"):
        content = (ROOT / "reference" / "arm64" / name).read_text()
        (tree / "stub" / name).write_text(content)
    return tree
