"""Run again the commands that made what depends on changed files, without asking ``make``.

The kernel's makefiles keep beside each file that they make how they made it, and of a compiler also
what it read (``.NAME.cmd``, scripts/basic/fixdep.c).  That says what a change touches, as long as
nothing else than such a file is changed; to read the makefiles takes ten times as long as to
compile a file of assembly.
"""

import re
from collections.abc import Iterator, Sequence
from posixpath import normpath, split
from typing import Final

from hypabi.errors import HypabiError
from hypabi.kbuild.layers import Layers
from hypabi.records import frozen

_COMMAND: Final = re.compile(r"^(?:saved)?cmd_\S+ := (.*)$", re.M)
_SOURCE: Final = re.compile(r"^source_\S+ := (\S+)$", re.M)
_READ: Final = re.compile(r"^ {2}([^\s$\\]+)", re.M)
_FILE: Final = re.compile(r"(?<=\s)[\w./-]+\.(?:o|S|lds)\b")
ELSEWHERE: Final = ("kernel/bounds.s", "arch/{}/kernel/asm-offsets.s")
"""What headers are made from that everything includes: its makers keep no such file."""


@frozen
class Made:
    """A file, and how it was made."""

    name: str
    command: str
    inputs: frozenset[str]


def commands_for(
    layers: Layers, targets: Sequence[str], architecture: str, changed: frozenset[str]
) -> tuple[str, ...] | None:
    """Return the commands that make some files again, in their order, where others changed.

    :param targets: files that were made before
    :return: ``None`` where only ``make`` can tell
    """
    made: dict[str, Made] = {}
    for target in targets:
        _note(layers, target, made)
    known = frozenset(name for each in made.values() for name in each.inputs)
    headers = [_read(layers, name.format(architecture)) for name in ELSEWHERE]
    if not changed <= known or any(each is None or changed & each.inputs for each in headers):
        return None
    stale: set[str] = set()
    for each in made.values():
        if each.inputs & (changed | stale):
            stale.add(each.name)
    return tuple(made[name].command for name in made if name in stale)


def _note(layers: Layers, target: str, made: dict[str, Made]) -> None:
    """Note a file, behind all that it is made from."""
    if target in made:
        return
    found = _read(layers, target)
    if found is not None:
        for name in sorted(found.inputs):
            if name.endswith((".o", ".S", ".lds")):
                _note(layers, name, made)
        made[target] = found


def _read(layers: Layers, target: str) -> Made | None:
    folder, name = split(target)
    try:
        text = layers.file(f"{folder}/.{name}.cmd").read_text(encoding="utf-8", errors="replace")
    except HypabiError:
        return None
    command = _COMMAND.search(text)
    if command is None:
        return None
    said = command[1].replace("$(pound)", "#").replace("$$", "$")
    inputs = {normpath(each) for each in _inputs(text, said)} - {target}
    return Made(target, said, frozenset(inputs))


def _inputs(text: str, command: str) -> Iterator[str]:
    source = _SOURCE.search(text)
    if source is None:
        yield from _FILE.findall(command)
    else:
        yield source[1]
        yield from _READ.findall(text)
