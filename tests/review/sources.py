"""The kernel's sources, and a folder in which they are prepared once for every run that reviews."""

from pathlib import Path

from evidence.edits import sources
from hypabi.kbuild.configurations import CONFIGURATIONS
from hypabi.kbuild.toolchain import find_toolchain
from hypabi.review.programs import prepared_layer
from hypabi.review.tree import find_base
from kernels import cache
from tests.inputs import find_tool, skip_for
from tests.kbuild.machine import need_layers


def prepared_sources() -> tuple[Path, Path]:
    """Return the kernel's sources and the folder, skipping the test where they are not there."""
    need_layers()
    find_tool("aarch64-linux-gnu-gcc")
    find_tool("arm-linux-gnueabihf-gcc")
    if not all(map(sources.is_prepared, CONFIGURATIONS)):
        skip_for(sources.SOURCE, "the kernel's sources are not prepared: evidence/defects does")
    tree, folder = sources.tree(), cache.folder() / "review"
    folder.mkdir(exist_ok=True)
    base = find_base(tree, None, folder)
    for each in CONFIGURATIONS:
        toolchain = find_toolchain(each.architecture)
        layer = prepared_layer(folder, base, each, toolchain)
        if not layer.exists():
            layer.symlink_to(sources.layer(each))
    return tree, folder
