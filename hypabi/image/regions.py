"""Tell what the running kernel may write from what it may not.

Only what can be shown to be code or read-only is called so; everything else is writable.  What
shows it is the kernel's linker script (arch/*/kernel/vmlinux.lds.S,
include/asm-generic/vmlinux.lds.h), whose boundary symbols kallsyms holds in part: all of them with
KALLSYMS_ALL, otherwise only those of code.  Without them the place of the kallsyms tables helps:
they come from ``.rodata`` of the object linked last, and ``RO_DATA`` puts ``*(.rodata)`` first, so
nothing between ``_etext`` and their end is ever written.
"""

from collections.abc import Iterable

from hypabi.image.kallsyms.tables import Tables
from hypabi.image.model import Access, Segment, Symbols
from hypabi.records import frozen, replace


@frozen
class Region:
    """Addresses ``start`` to ``end`` and what may happen to them."""

    start: int
    end: int
    access: Access
    name: str


def cut(
    address: int, content: memoryview, size: int, regions: Iterable[Region]
) -> tuple[Segment, ...]:
    """Cut an image of ``size`` bytes into segments; what no region covers is writable.

    :param content: the bytes that the file holds, which may be fewer
    """
    held = address + len(content)
    segments: list[Segment] = []
    position = address
    for region in sorted(regions, key=lambda region: (region.start, region.end)):
        start, end = max(region.start, position), min(region.end, held)
        if start < end:
            if position < start:
                gap = content[position - address : start - address]
                segments.append(Segment(position, gap, Access.WRITABLE, "data"))
            part = content[start - address : end - address]
            segments.append(Segment(start, part, region.access, region.name))
            position = end
    if position < held:
        rest = content[position - address :]
        segments.append(Segment(position, rest, Access.WRITABLE, "data"))
    if size > len(content):
        segments.append(Segment(held, b"", Access.WRITABLE, ".bss", size - len(content)))
    return tuple(segments)


@frozen
class _Boundary:
    """A region between two symbols of the linker script."""

    first: str
    last: str
    access: Access
    name: str


_HYP_RODATA = "__kvm_nvhe___hyp_section_.hyp.rodata"
_BOUNDARIES = (
    _Boundary("_text", "_stext", Access.CODE, ".head.text"),
    _Boundary("_stext", "_etext", Access.CODE, ".text"),
    _Boundary("__start_rodata", "__start_ro_after_init", Access.READ_ONLY, ".rodata"),
    _Boundary(
        "__start_ro_after_init", "__end_ro_after_init", Access.INITIAL, ".data..ro_after_init"
    ),
    _Boundary("__end_ro_after_init", "__end_rodata", Access.READ_ONLY, ".rodata, second part"),
    _Boundary("__hyp_rodata_start", _HYP_RODATA, Access.INITIAL, ".hyp.data..ro_after_init"),
    _Boundary(_HYP_RODATA, "__hyp_rodata_end", Access.READ_ONLY, ".hyp.rodata"),
    _Boundary("__entry_tramp_text_start", "__idmap_text_end", Access.CODE, ".rodata.text"),
    _Boundary("_sinittext", "_einittext", Access.CODE, ".init.text"),
)


def linker_script_regions(symbols: Symbols) -> list[Region]:
    """Return the regions whose both boundary symbols the image has."""
    return _regions(_boundaries(symbols))


def kernel_regions(tables: Tables, address: int, symbols: Symbols) -> list[Region]:
    """Return what the linker script's symbols show, and else what the place of kallsyms shows.

    :param address: where the image starts
    """
    boundaries = _boundaries(symbols)
    boundaries.setdefault("_text", address)
    regions = _regions(boundaries)
    if "__start_rodata" not in boundaries and "_etext" in boundaries:
        start, end = boundaries["_etext"], address + tables.end
        if start < address + tables.start:
            regions.append(Region(start, end, Access.READ_ONLY, ".rodata up to kallsyms"))
    return regions


def _boundaries(symbols: Symbols) -> dict[str, int]:
    names = sorted({name for boundary in _BOUNDARIES for name in (boundary.first, boundary.last)})
    found = {name: symbols.find(name) for name in names}
    return {name: at[0].address for name, at in found.items() if len(at) == 1}


def _regions(addresses: dict[str, int]) -> list[Region]:
    return [
        Region(addresses[boundary.first], addresses[boundary.last], boundary.access, boundary.name)
        for boundary in _BOUNDARIES
        if addresses.keys() >= {boundary.first, boundary.last}
        and addresses[boundary.first] < addresses[boundary.last]
    ]


def split(segment: Segment, regions: Iterable[Region]) -> list[Segment]:
    """Cut a segment of an ELF file where the linker script's regions say more than its flags."""
    pieces: list[Segment] = []
    rest = segment
    for region in sorted(regions, key=lambda region: region.start):
        start, end = max(region.start, rest.address), min(region.end, rest.end)
        if start < end:
            pieces += [_piece(rest, rest.address, start)] if rest.address < start else []
            inside = _piece(rest, start, end)
            pieces.append(replace(inside, access=region.access, name=region.name))
            rest = _piece(rest, end, rest.end)
    return [*pieces, rest] if rest.address < rest.end else pieces


def _piece(segment: Segment, start: int, end: int) -> Segment:
    content = segment.content[start - segment.address : end - segment.address]
    return replace(segment, address=start, content=content, unheld=end - start - len(content))
