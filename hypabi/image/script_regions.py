"""Where what lies that the kernel's linker script puts between two symbols of its own.

A linked kernel has the symbols.  Objects have not, but the sections that the script gathers there
(arch/*/kernel/vmlinux.lds.S, include/asm-generic/vmlinux.lds.h), of which each is a segment.
"""

from collections.abc import Mapping
from typing import Final

from hypabi.image.model import Image
from hypabi.records import frozen

Bounds = tuple[str, str]
"""The symbols at the start and at the end of a region."""


@frozen
class _Gathered:
    """Sections of objects: what they, or the first parts of them, are called."""

    inside: tuple[str, ...]
    outside: tuple[str, ...] = ()
    """Where others may lie in the region too, sections that do not."""


_INIT: Final = (".init.", ".exit.")
_GATHERED: Final[Mapping[Bounds, _Gathered]] = {
    ("__idmap_text_start", "__idmap_text_end"): _Gathered((".idmap.text",)),
    ("__hyp_idmap_text_start", "__hyp_idmap_text_end"): _Gathered((".hyp.idmap.text",)),
    ("__hyp_text_start", "__hyp_text_end"): _Gathered((".hyp.text",)),
    ("__noinstr_text_start", "__noinstr_text_end"): _Gathered((".noinstr.text",)),
    ("__hibernate_exit_text_start", "__hibernate_exit_text_end"): _Gathered(
        (".hibernate_exit.text",)
    ),
    ("__relocate_new_kernel_start", "__relocate_new_kernel_end"): _Gathered(
        (".kexec_relocate.text",)
    ),
    ("_sinittext", "_einittext"): _Gathered((".init.text",)),
    ("_stext", "_etext"): _Gathered(
        (".text", ".hyp.text", ".noinstr.text"), (*_INIT, ".head.", ".data", ".rodata", ".bss")
    ),
    ("_sdata", "_edata"): _Gathered((".data",), (*_INIT, ".text", ".bss")),
}


def script_region(image: Image, bounds: Bounds) -> tuple[tuple[int, int], ...]:
    """Return where a region lies, each part as its start and end; nothing where nobody tells.

    A region in which nothing lies has a part that is empty.
    """
    first, last = (image.symbols.find(name) for name in bounds)
    if len(first) == len(last) == 1:
        start, end = first[0].address, last[0].address
        return ((start, end),) if start <= end else ()
    gathered = _GATHERED.get(bounds)
    if image.is_linked or gathered is None:
        return ()
    return tuple(
        (segment.address, segment.end)
        for segment in image.segments
        if _is_of(segment.name, gathered.inside)
    )


def is_told(image: Image, bounds: Bounds, address: int) -> bool:
    """Tell whether it is known of an address if a region holds it."""
    gathered, segment = _GATHERED.get(bounds), image.segment(address)
    if image.is_linked or gathered is None or segment is None:
        return True
    if not gathered.outside or _is_of(segment.name, gathered.inside):
        return True
    return segment.name.startswith(gathered.outside)


def _is_of(name: str, sections: tuple[str, ...]) -> bool:
    """Tell whether a section has one of some names, or one with more behind a point."""
    return any(name == each or name.startswith(f"{each}.") for each in sections)
