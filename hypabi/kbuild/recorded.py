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
from hypabi.kbuild.preprocessed import unchanged
from hypabi.records import frozen

_COMMAND: Final = re.compile(r"^(?:saved)?cmd_\S+ := (.*)$", re.M)
_SOURCE: Final = re.compile(r"^source_\S+ := (\S+)$", re.M)
_READ: Final = re.compile(r"^ {2}([^\s$\\]+)", re.M)
_FILE: Final = re.compile(r"(?<=\s)[\w./-]+\.(?:o|S|lds)\b")
ELSEWHERE: Final = ("kernel/bounds.s", "arch/{}/kernel/asm-offsets.s")
"""What headers are made from that everything includes: its makers keep no such file."""


FEW: Final = 4
"""Files that are made again sooner than it is asked whether they have to be."""


@frozen
class Made:
    """A file, and how it was made."""

    name: str
    command: str
    inputs: frozenset[str]
    source: str
    """What a compiler was given; empty where it was none."""


def commands_for(
    layers: Layers,
    targets: Sequence[str],
    architecture: str,
    changed: frozenset[str],
    below: Layers | None = None,
) -> tuple[str, ...] | None:
    """Return the commands that make some files again, in their order, where others changed.

    :param targets: files that were made before
    :param below: the tree without the change, to tell what it means nothing to; all that reads what
        changed is made again where ``None``
    :return: ``None`` where only ``make`` can tell
    """
    made: dict[str, Made] = {}
    for target in targets:
        _note(layers, target, made)
    if not made.keys() >= {each for each in targets if each.endswith(".o")}:
        return None
    known = frozenset(name for each in made.values() for name in each.inputs)
    headers = [_read(layers, name.format(architecture)) for name in ELSEWHERE]
    if not changed <= known or None in headers:
        return None
    of_headers = {each.name: each for each in headers if each is not None}
    stale = {name for name, of in {**made, **of_headers}.items() if of.inputs & changed}
    if below is not None and len(stale) > FEW:
        asked = {name: {**made, **of_headers}[name].command for name in sorted(stale)}
        stale -= unchanged(below, layers, asked)
    if stale & of_headers.keys():
        return None
    for each in made.values():
        if each.inputs & stale:
            stale.add(each.name)
    return tuple(made[name].command for name in made if name in stale)


def source_that_is_gone(layers: Layers, targets: Sequence[str]) -> str | None:
    """Return a source that something was made of and that is there no longer; ``make`` takes what
    was made of it for made.
    """
    made: dict[str, Made] = {}
    for target in targets:
        _note(layers, target, made)
    sources = (each.source for each in made.values() if each.source)
    return next((each for each in sources if not layers.has(each)), None)


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
    source = _SOURCE.search(text)
    return Made(target, said, frozenset(inputs), "" if source is None else normpath(source[1]))


def _inputs(text: str, command: str) -> Iterator[str]:
    source = _SOURCE.search(text)
    if source is None:
        yield from _FILE.findall(command)
    else:
        yield source[1]
        yield from _READ.findall(text)
