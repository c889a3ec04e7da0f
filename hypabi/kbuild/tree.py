"""Configure a source tree, build the objects that the contract is about, and link them.

Everything that is made lies in layers over the tree.  A tree is prepared once: configured, with all
objects built; whatever is changed in a layer above builds again what the change touches.
"""

import re
import shlex
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from hypabi.errors import HypabiError
from hypabi.kbuild.configurations import WHOLE, Configuration, Program, Unit
from hypabi.kbuild.layers import Layers
from hypabi.kbuild.link import Linked, link_objects
from hypabi.kbuild.makefiles import is_dropped, is_left_out
from hypabi.kbuild.recorded import commands_for, source_that_is_gone
from hypabi.kbuild.toolchain import Toolchain
from hypabi.records import frozen

DONE: Final = ".hypabi-prepared"
"""Written into a layer when everything in it has been built."""
_FRAGMENT: Final = ".hypabi-fragment"
_IDENTITY: Final = {
    "KBUILD_BUILD_TIMESTAMP": "1970-01-01",
    "KBUILD_BUILD_USER": "hypabi",
    "KBUILD_BUILD_HOST": "hypabi",
}
"""What a kernel says of who built it, so that the same sources give the same bytes."""


_FOR_LESS: Final = ("HOSTCFLAGS=-O0", "CONFIG_DTC=", "CONFIG_ASN1=", "CONFIG_BUILDTIME_TABLE_SORT=")
"""What spares programs for the host that no object is made by, and the time to optimise others.

A makefile's option on the command line changes no header that an object includes.
"""
_ALL_OF_INPUT: Final = ("sh", "-ec", 'eval "$(cat)"')
"""Runs commands that are more than a command line holds, and nothing where one fails before."""


@frozen
class Prepared:
    """A tree that is configured, with every object of a configuration built."""

    layers: Layers
    configuration: Configuration
    toolchain: Toolchain

    def over(self, layer: Path) -> "Prepared":
        """Return the same with another layer on top, in which something may be changed."""
        return Prepared(self.layers.over(layer), self.configuration, self.toolchain)


def prepare(
    tree: Layers, layer: Path, configuration: Configuration, toolchain: Toolchain, jobs: int = 1
) -> Prepared:
    """Configure a tree and build its objects, unless the layer says that this was done.

    :param tree: with what else lies over it already
    :param layer: folder for what is made
    :raises HypabiError: it does not configure, or does not build
    """
    found = Prepared(tree.over(layer), configuration, toolchain)
    if not (layer / DONE).is_file():
        _configure(found)
        _make(found, (WHOLE,))
        _make(found, _targets(configuration, found.layers), jobs)
        (layer / DONE).touch()
    return found


def build(
    prepared: Prepared, target: Path, uppermost: int = 1
) -> tuple[tuple[Program, Linked], ...]:
    """Build what the uppermost layer touches, and link each program.

    :param target: folder for the programs
    :param uppermost: how many layers no build has seen
    :raises HypabiError: it does not build, or does not link
    """
    configuration, layers = prepared.configuration, prepared.layers
    targets, architecture = _targets(configuration, layers), configuration.architecture.value
    units = {unit.source for program in configuration.programs for unit in program.units}
    changed = layers.changed(uppermost) - units
    gone = source_that_is_gone(layers, targets)
    if gone is not None:
        raise HypabiError(configuration.name, f"{gone} is gone, and an object is made of it")
    below = Layers(layers.tree, layers.layers[uppermost:])
    commands = commands_for(layers, targets, architecture, changed, below)
    if commands is None:
        _make(prepared, targets)
    elif commands:
        _run(prepared, _ALL_OF_INPUT, "\n".join(commands))
    return tuple(
        (program, _linked(prepared, program, target)) for program in prepared.configuration.programs
    )


def _configure(prepared: Prepared) -> None:
    """Write what a kernel is configured by; the kernel's own script takes long for thousands."""
    configuration = prepared.configuration
    said = "".join(f"CONFIG_{name}={value}\n" for name, value in configuration.options.items())
    if configuration.base == WHOLE:
        prepared.layers.write(".config", said)
        return
    prepared.layers.write(_FRAGMENT, said)
    merge = ("scripts/kconfig/merge_config.sh", "-m", _base(prepared), _FRAGMENT)
    _run(prepared, ("sh", *merge))


def _base(prepared: Prepared) -> str:
    """Return the file that a configuration starts from, made where it is none of the tree's."""
    configuration = prepared.configuration
    name = f"arch/{configuration.architecture.value}/configs/{configuration.base}"
    if prepared.layers.has(name):
        return name
    _make(prepared, (configuration.base,))
    return ".config"


def kernel_version(layers: Layers) -> str:
    """Return the version of a tree, as ``6.1.192``.

    :raises HypabiError: it does not say one
    """
    said = layers.file("Makefile").read_text(encoding="utf-8", errors="replace")
    names = ("VERSION", "PATCHLEVEL", "SUBLEVEL")
    found = [re.search(rf"^{name} = (\d+)$", said, re.M) for name in names]
    numbers = [each[1] for each in found if each is not None]
    if len(numbers) != len(names):
        raise HypabiError(str(layers.tree), "it is no kernel's source tree")
    return ".".join(numbers)


def _targets(configuration: Configuration, layers: Layers) -> tuple[str, ...]:
    made = [program for program in configuration.programs if program.objects]
    own = (name for program in made for name in (*_objects(program, layers), program.script))
    touched = (name for program in made for name in program.touched if _is_wanted(layers, name))
    return (*own, *touched)


def _objects(program: Program, layers: Layers) -> tuple[str, ...]:
    """Return the objects that a kernel has, or had when it was prepared and ought to have."""
    there = (
        each
        for each in program.objects
        if _has_source(layers, each) or (layers.has(each) and not is_dropped(layers, each))
    )
    return tuple(e for e in (*there, *program.composed) if not is_left_out(layers, e))


def _has_source(layers: Layers, name: str) -> bool:
    return any(layers.has(f"{name[:-2]}.{ending}") for ending in ("c", "S", "s"))


def _is_wanted(layers: Layers, name: str) -> bool:
    """Tell whether an object besides has a source, and the configuration does not leave it out.

    One of the architecture that no makefile lists yet is wanted: a later patch may list it.
    """
    if not _has_source(layers, name) or is_left_out(layers, name):
        return False
    return name.startswith("arch/") or not is_dropped(layers, name)


def _make(prepared: Prepared, targets: Sequence[str], jobs: int = 1) -> None:
    toolchain = prepared.toolchain
    _run(
        prepared,
        (
            "make", "-s", f"-j{jobs}", f"ARCH={toolchain.architecture.value}",
            *toolchain.makes, *_FOR_LESS, *targets,
        ),
    )  # fmt: skip


def _run(prepared: Prepared, command: Sequence[str], text: str = "") -> None:
    ran = prepared.layers.run(command, _IDENTITY, text)
    if ran.status:
        raise HypabiError(prepared.configuration.name, ran.complaint())


def _linked(prepared: Prepared, program: Program, target: Path) -> Linked:
    layers = prepared.layers
    objects = [layers.file(name) for name in _objects(program, layers)]
    objects += [layers.file(name) for name in program.touched if _is_made(layers, name)]
    objects += [_compiled(prepared, unit, target) for unit in program.units]
    if program.script_options is None:
        script = layers.file(program.script)
    else:
        script = _preprocessed(prepared, program, program.script_options, target)
    return link_objects(
        prepared.toolchain,
        objects,
        script,
        target / f"{program.name}.elf",
        program.stand_ins,
        program.sections,
    )


def _is_made(layers: Layers, name: str) -> bool:
    """Tell whether an object is there, and not left over from a source that is gone."""
    return layers.has(name) and _is_wanted(layers, name)


def _compiled(prepared: Prepared, unit: Unit, target: Path) -> Path:
    made = target / f"{Path(unit.source).stem}.unit.o"
    command = [*_command(prepared.layers, unit.like), *unit.options, "-c", "-o", str(made)]
    _run(prepared, (*command, unit.source))
    return made


def _preprocessed(
    prepared: Prepared, program: Program, options: Sequence[str], target: Path
) -> Path:
    made = target / f"{program.name}.lds"
    compiled = list(_command(prepared.layers, program.units[0].like))
    flags = [word for word in compiled if word.startswith(("-I", "-D", "-nostdinc"))]
    about = ("-E", "-P", "-Uarm", "-DLINKER_SCRIPT", "-include", "include/linux/kconfig.h")
    source = ("-x", "assembler-with-cpp", program.script, "-o", str(made))
    _run(prepared, (compiled[0], *flags, *about, *options, *source))
    return made


def _command(layers: Layers, like: str) -> Iterator[str]:
    """Yield the words that compiled an object, without what it was compiled from and to."""
    folder, _, name = like.rpartition("/")
    line = layers.file(f"{folder}/.{name}.cmd").read_text(encoding="utf-8").partition("\n")[0]
    words = iter(shlex.split(line.partition(":=")[2]))
    for word in words:
        if word == "-o":
            next(words)
        elif word != "-c" and not word.startswith("-Wp,") and not word.endswith((".S", ".c")):
            yield word
