"""Put objects together as one program: what ``make`` leaves before anything is linked.

The sections get addresses from :data:`OBJECT_BASE` on, in the order of the files, each on a page of
its own.  References among them are resolved; a symbol that no file defines has an unknown address.
"""

from collections.abc import Iterator, Mapping, Sequence
from functools import cache

from hypabi.arch.names import Architecture, ByteOrder
from hypabi.image.elf.headers import (
    SHN_ABS,
    SHN_COMMON,
    SHN_UNDEF,
    Elf,
    Section,
)
from hypabi.image.elf.relocations import Elsewhere, Linking, Placed, relocate
from hypabi.image.elf.sections import MAX_MEMORY, is_placed, section_access
from hypabi.image.elf.symbols import (
    STB_LOCAL,
    STB_WEAK,
    STT_FUNC,
    ElfSymbols,
    JoinedSymbols,
    read_symbol_table,
    swap_instructions,
)
from hypabi.image.model import Access, Image, ImageError, NoFixups, Role, Segment, Symbols
from hypabi.image.version import version_in

OBJECT_BASE = 0x10000
OBJECT_ALIGNMENT = 0x1000
"""Where the first section of an object is placed, and to what each is aligned at least."""
MAX_COPIED = 64 << 20
"""Most bytes of sections, which are copied and may share their place in a file."""
MAX_OBJECTS = 1 << 14
"""Most objects of one program; a whole arm64 kernel has about four thousand."""
GLOBAL_OFFSET_TABLE = "_GLOBAL_OFFSET_TABLE_"
NVHE = "__kvm_nvhe_"
"""What the names of KVM's EL2 code begin with (arch/arm64/kvm/hyp/nvhe/Makefile)."""
INTERMEDIATE = ".gnu.lto_"
"""What the sections begin with in which GCC leaves its intermediate language."""


def read_objects(elves: Sequence[Elf], sha256: str, role: Role | None = None) -> Image:
    """Put objects together.

    :param elves: at least one, in the order in which they are placed
    :param sha256: of all of them
    :param role: of the program; where ``None``, what its symbols tell
    :raises ImageError: they are not of one machine, define a symbol twice, or hold no code
    """
    _check_alike(elves)
    positions = _Positions()
    placed = [_placed(elf, positions) for elf in elves]
    linking = Linking(positions.aligned(OBJECT_ALIGNMENT), elves[0].order, elves[0].bits // 8)
    find = _Finder(placed, linking.table.base)
    for each in placed:
        relocate(each, find, linking)
        if _is_big_arm(each.elf):
            # Only the linker makes BE8 of an object's big-endian instructions (AAELF32, 4.3.2).
            swap_instructions(each.table, each.contents)
    segments = tuple(segment for each in placed for segment in _segments(each))
    table = linking.table
    if table.content:
        made = Segment(table.base, bytes(table.content), Access.READ_ONLY, ".got")
        segments = (*segments, made)
    unresolved = linking.unresolved()
    count = "object file" if len(elves) == 1 else f"{len(elves)} object files"
    alias = f"; {NVHE}X that nothing defines is X, as the kernel links" if find.aliased else ""
    return Image(
        role=role or _role(placed),
        architecture=elves[0].architecture,
        byte_order=elves[0].order,
        segments=segments,
        entry=segments[0].address if segments else OBJECT_BASE,
        symbols=_symbols(placed, [segment.address for segment in segments]),
        sha256=sha256,
        version=version_in(e.part(s) for e in elves for s in e.sections if _may_tell(s)),
        base=f"{count}: the sections are placed from {OBJECT_BASE:#x} on{alias}",
        fixups=unresolved if unresolved.places else NoFixups(),
        references=linking.references,
        stand_ins=linking.stand_ins.names(),
        is_linked=False,
    )


def _check_alike(elves: Sequence[Elf]) -> None:
    first = elves[0]
    if len(elves) > MAX_OBJECTS:
        raise ImageError(first.where, f"more than {MAX_OBJECTS} objects in one program")
    for elf in elves:
        if (elf.architecture, elf.order) != (first.architecture, first.order):
            kind = f"{elf.architecture.value}, {elf.order.value}-endian"
            other = f"{first.architecture.value}, {first.order.value}-endian"
            raise ImageError(elf.where, f"object for {kind}, beside {first.where} for {other}")
        _check_code(elf)


def _check_code(elf: Elf) -> None:
    """Refuse an object that holds intermediate language instead of code."""
    lto = any(section.name.startswith(INTERMEDIATE) for section in elf.sections)
    code = any(section_access(s) is Access.CODE and s.size for s in elf.sections if is_placed(s))
    if lto and not code:
        raise ImageError(
            elf.where,
            "object of GCC's link-time optimisation: intermediate language, no code",
            "compile with -ffat-lto-objects, or give what the link made of it",
        )


def _may_tell(section: Section) -> bool:
    """Tell whether a section may say which kernel it is of."""
    return is_placed(section) and section_access(section) is not Access.CODE


def _is_big_arm(elf: Elf) -> bool:
    return elf.architecture is Architecture.ARM and elf.order is ByteOrder.BIG


class _Positions:
    """Where the next section goes, and how much was copied."""

    def __init__(self) -> None:
        self.next = OBJECT_BASE
        self.copied = 0

    def aligned(self, alignment: int) -> int:
        """Return the next address of an alignment."""
        return (self.next + alignment - 1) & -alignment

    def place(self, where: str, section: Section) -> int:
        """Return the address of a section.

        :raises ImageError: it is too large
        """
        alignment = max(section.alignment, OBJECT_ALIGNMENT)
        if alignment & alignment - 1 or alignment > MAX_MEMORY or section.size > MAX_MEMORY:
            raise ImageError(where, f"{section.size:#x} bytes aligned to {alignment:#x}")
        address = self.aligned(alignment)
        self.next = address + section.size
        self.copied += section.held
        if self.copied > MAX_COPIED:
            raise ImageError(
                where, f"ELF object of more than {MAX_COPIED >> 20} MiB of code and data"
            )
        if self.next > OBJECT_BASE + MAX_MEMORY:
            raise ImageError(where, "the sections are too large")
        return address


def _placed(elf: Elf, positions: _Positions) -> Placed:
    """Give every section of an object an address, and copy what the file holds of it."""
    bases = {
        section.index: positions.place(f"{elf.where}: section {section.name}", section)
        for section in elf.sections
        if is_placed(section)
    }
    contents = {
        section.index: bytearray(elf.part(section).view())
        for section in elf.sections
        if section.index in bases and section.held
    }
    return Placed(elf, read_symbol_table(elf), bases, contents)


def _segments(placed: Placed) -> Iterator[Segment]:
    for section in placed.elf.sections:
        if section.index in placed.bases and section.size:
            yield Segment(
                placed.bases[section.index],
                bytes(placed.contents.get(section.index, b"")),
                section_access(section),
                section.name,
                section.size - section.held,
            )


def _symbols(placed: Sequence[Placed], starts: Sequence[int]) -> Symbols:
    placed = [each for each in placed if each.bases] or placed[:1]
    parts = [ElfSymbols(each.elf, each.table, each.bases, starts) for each in placed]
    if len(parts) == 1:
        return parts[0]
    firsts = [min(each.bases.values(), default=0) for each in placed]
    return JoinedSymbols(tuple(zip(firsts, parts, strict=True)))


class _Finder:
    """Finds the symbols that an object leaves to others, and to the linker.

    What EL2 may use of the kernel has a name of its own there, which only the kernel's linker
    script defines: as what has the name without it (image-vars.h: KVM_NVHE_ALIAS), or as the
    position-independent function of EL2's own that serves for it (KVM_NVHE_ALIAS_HYP).
    """

    def __init__(self, placed: Sequence[Placed], table: int) -> None:
        """Prepare to find.

        :param table: where the global offset table starts
        :raises ImageError: two objects define the same
        """
        self._known = cache(lambda: _defined(placed))
        self._single = len(placed) == 1
        self._table = table
        self.aliased = False
        if not self._single:
            self._known()

    def __call__(self, name: str) -> Elsewhere | None:
        """Return where a symbol is that the object does not define."""
        if name == GLOBAL_OFFSET_TABLE:
            return Elsewhere(self._table, thumb=False)
        # One object has none for itself.
        found = None if self._single else self._known().get(name)
        if found is not None or not name.startswith(NVHE):
            return found
        plain = name.removeprefix(NVHE)
        found = self._known().get(f"{NVHE}__pi_{plain}") or self._known().get(plain)
        self.aliased |= found is not None
        return found


def _defined(placed: Sequence[Placed]) -> Mapping[str, Elsewhere]:
    """Return what the objects define for each other.

    :raises ImageError: two define the same
    """
    found: dict[str, Elsewhere] = {}
    strong: dict[str, str] = {}
    for each in placed:
        for name, weak, where in _exported(each):
            if weak:
                found.setdefault(name, where)
                continue
            if name in strong:
                what = f"{name} is defined here and in {strong[name]}"
                raise ImageError(each.elf.where, what, "give each object once")
            strong[name] = each.elf.where
            found[name] = where
    return found


def _exported(placed: Placed) -> Iterator[tuple[str, bool, Elsewhere]]:
    """Yield the symbols that an object defines for others, with whether others may replace them."""
    for row in placed.table.rows():
        if row.binding == STB_LOCAL or row.section in (SHN_UNDEF, SHN_COMMON):
            continue
        base = 0 if row.section == SHN_ABS else placed.bases.get(row.section)
        if base is None:
            continue
        thumb = row.type == STT_FUNC and bool(row.value & 1)
        value = row.value & -2 if row.type == STT_FUNC else row.value
        name = placed.table.name(row)
        yield name, row.binding == STB_WEAK, Elsewhere(base + value, thumb)


def _role(placed: Sequence[Placed]) -> Role:
    """Tell a decompressor's object: arch/arm/boot/compressed has what the kernel proper has not."""
    tables = [each.table for each in placed if each.elf.architecture is Architecture.ARM]

    def names(name: str) -> bool:
        return any(table.named(name) for table in tables)

    # misc.c and head.S; head.S; piggy.S; hyp-stub.S, which outside a zImage records the boot mode.
    if names("decompress_kernel") or names("__hyp_reentry_vectors") or names("input_data"):
        return Role.DECOMPRESSOR
    stub = names("__hyp_stub_install") and names("__hyp_stub_vectors")
    return Role.DECOMPRESSOR if stub and not names("__boot_cpu_mode") else Role.KERNEL
