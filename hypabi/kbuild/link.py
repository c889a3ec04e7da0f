"""Link some of a kernel's objects by the kernel's own linker script, with stand-ins for all others.

A stand-in is a piece of memory that no file fills and that anybody may write.  ``__kvm_nvhe_X``
that nothing defines is ``X``, as the kernel's own build has it for what EL2 may use of the kernel.
What the script asserts of something that none of the objects defines is not asked.
"""

import re
import subprocess
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Final

from hypabi.arch.names import Architecture
from hypabi.errors import HypabiError
from hypabi.kbuild.layers import Ran
from hypabi.kbuild.toolchain import Toolchain
from hypabi.records import frozen

STAND_IN: Final = 256
"""Bytes of memory that each stands for."""
SECTION: Final = ".standins"
NVHE: Final = "__kvm_nvhe_"
_ASSIGNED: Final = re.compile(r"(?:^|[;{(])\s*([A-Za-z_.][\w.]*)\s*=(?!=)", re.M)
_ALIAS: Final = re.compile(r"^\s*[A-Za-z_][\w.]*\s*=\s*([A-Za-z_]\w*)\s*(?:\+\s*[0-9]+\s*)?;", re.M)
"""``jiffies = jiffies_64;``; on a big-endian machine its lower half is further up."""
_ASSERT: Final = re.compile(r"\bASSERT\(")
_BRACKET: Final = re.compile(r'"[^"]*"|[()]')
_STRING: Final = re.compile(r'"[^"]*"')
_OF_SECTION: Final = re.compile(r"\b(?:SIZEOF|ADDR|LOADADDR|ALIGNOF)\s*\([^()]*\)")
_SYMBOL: Final = re.compile(r"(?<![\w.$])[A-Za-z_]\w*")
_FUNCTIONS: Final = frozenset(("ABSOLUTE", "ALIGN", "CONSTANT", "DEFINED", "MAX", "MIN"))
BIG_ENDIAN: Final = 2
"""ELF header, EI_DATA."""
_LINKS_BIG: Final[Mapping[Architecture, tuple[str, ...]]] = {
    Architecture.ARM: ("-EB", "--be8"),
    Architecture.ARM64: ("-EB", "-maarch64linuxb"),
}
"""What the kernel tells GNU's linker of a big-endian configuration."""


@frozen
class Linked:
    """A program of a few objects."""

    path: Path
    stand_ins: tuple[str, ...]
    """Symbols that none of the objects defines."""
    functions: Mapping[str, Path]
    """By name, the object that a function is in; not those whose name two objects have."""


def link_objects(
    toolchain: Toolchain,
    objects: Sequence[Path],
    script: Path,
    target: Path,
    always: Iterable[str] = (),
    sections: Iterable[str] = (),
) -> Linked:
    """Link objects to a program.

    :param target: what is written; its name with other endings is used on the way
    :param always: stand-ins that are there even where nothing asks for them
    :param sections: sections that the script insists on, each of which gets a word
    :raises HypabiError: the linker refuses
    """
    defined, wanted = _symbols(toolchain, objects)
    said = script.read_text(encoding="utf-8", errors="replace")
    assigned = frozenset(_ASSIGNED.findall(said))
    wanted |= frozenset(_ALIAS.findall(said)) | frozenset(always)
    missing = sorted(wanted - defined - assigned)
    aliases = {
        name: name.removeprefix(NVHE)
        for name in missing
        if name.startswith(NVHE) and name.removeprefix(NVHE) in defined | assigned
    }
    stand_ins = tuple(name for name in missing if name not in aliases)
    asked = _without_claims(said, defined | assigned | aliases.keys())
    if asked != said:
        script = target.with_suffix(".asked.lds")
        script.write_text(asked, encoding="utf-8")
    made = target.with_suffix(".standins.o")
    is_big = bool(objects) and _is_big_endian(objects[0])
    order = ("-mbig-endian",) if is_big else ()
    _run([*toolchain.assembles, *order, "-o", str(made)], _source(stand_ins, sections))
    as_named = [f"--defsym={name}={of}" for name, of in aliases.items()]
    _run(
        [
            toolchain.program("ld"), *_order(toolchain, is_big=is_big),
            "--build-id=none", "-z", "noexecstack", *as_named,
            "-T", str(script), "-o", str(target), *map(str, objects), str(made),
        ]
    )  # fmt: skip
    return Linked(target, stand_ins, _functions(toolchain, objects))


def _without_claims(script: str, known: frozenset[str]) -> str:
    """Return a script without what it asserts of symbols that are not known."""
    kept, at = [], 0
    for found in _ASSERT.finditer(script):
        end = _closed(script, found.end())
        claim = _OF_SECTION.sub("", _STRING.sub("", script[found.end() : end]))
        if found.start() >= at and not set(_SYMBOL.findall(claim)) <= known | _FUNCTIONS:
            kept.append(script[at : found.start()])
            at = end
    return "".join((*kept, script[at:]))


def _closed(script: str, start: int) -> int:
    """Return the place behind the bracket that closes the one before a place."""
    depth = 1
    for found in _BRACKET.finditer(script, start):
        depth += {"(": 1, ")": -1}.get(found[0], 0)
        if depth == 0:
            return found.end()
    return len(script)


def _is_big_endian(file: Path) -> bool:
    with file.open("rb") as opened:
        return opened.read(6)[5:] == bytes([BIG_ENDIAN])


def _order(toolchain: Toolchain, *, is_big: bool) -> tuple[str, ...]:
    """Return what the linker is told of the byte order; LLVM's sees it from the objects."""
    told = _LINKS_BIG[toolchain.architecture] if is_big else ()
    return told if toolchain.llvm is None else tuple(set(told) & {"--be8"})


def _symbols(
    toolchain: Toolchain, objects: Sequence[Path]
) -> tuple[frozenset[str], frozenset[str]]:
    """Return the global symbols that objects define, and those that they ask for."""
    listed = _run([toolchain.program("nm"), "-g", "--format=posix", *map(str, objects)])
    defined, wanted = set(), set()
    for line in listed.splitlines():
        match line.split():
            case [name, "U", *_]:
                wanted.add(name)
            case [name, kind, *_] if kind not in "wv" and not name.endswith(":"):
                defined.add(name)
            case _:
                continue
    return frozenset(defined), frozenset(wanted)


def _functions(toolchain: Toolchain, objects: Sequence[Path]) -> Mapping[str, Path]:
    """Return the functions of objects, those of one file alone as well."""
    listed = _run([toolchain.program("nm"), "-A", "--format=posix", *map(str, objects)])
    found: dict[str, set[Path]] = {}
    for line in listed.splitlines():
        place, _, rest = line.partition(": ")
        match rest.split():
            case [name, "T" | "t", *_]:
                found.setdefault(name, set()).add(Path(place))
            case _:
                continue
    return {name: of.pop() for name, of in found.items() if len(of) == 1}


def _source(stand_ins: Iterable[str], sections: Iterable[str]) -> str:
    lines = [f'.section {SECTION}, "aw", %nobits', ".balign 4096"]
    for name in stand_ins:
        lines += [f".globl {name}", f"{name}: .space {STAND_IN}"]
    for section in sections:
        lines += [f'.section {section}, "a"', ".word 0"]
    return "\n".join(lines) + "\n"


def _run(command: Sequence[str], text: str = "") -> str:
    ran = subprocess.run(command, input=text, capture_output=True, text=True, check=False)
    if ran.returncode:
        complaint = Ran(ran.returncode, ran.stderr).complaint()
        raise HypabiError(Path(command[0]).name, complaint)
    return ran.stdout
