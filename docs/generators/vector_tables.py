"""The vector tables of a real kernel as a picture: what is in each slot, and where it leads."""

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final

from docs.generators.pinned import pinned
from docs.generators.svg import Drawing

if TYPE_CHECKING:
    from hypabi.analysis.program import Program
    from hypabi.code.vector_tables import VectorTable

Opened = list[tuple[str, "Program", "VectorTable"]]

A64_ROWS: Final = (
    ("from EL2, on SP_EL0", 0x000),
    ("from EL2, on SP_EL2", 0x200),
    ("from EL1, AArch64", 0x400),
    ("from EL1, AArch32", 0x600),
)
A64_COLUMNS: Final = ("synchronous", "IRQ", "FIQ", "SError")
CELL: Final = (178, 40)
LONGEST: Final = 25
"""Characters of a name that fit a cell."""
ALIASES: Final = frozenset({"kvm-run-protected"})
"""Parties that share the vectors of another, and are told from it by the state alone."""


def page(name: str) -> str:
    """Return the picture of a pinned kernel's tables.

    :param name: in kernels/pins.toml
    """
    pin, image = pinned(name)
    tables = [each for each in _opened(image) if each[0] not in ALIASES]
    title = f"Vector tables of {pin.package} {pin.version}"
    hashed = f"vmlinuz SHA-256 {pin.image_sha256}"
    return (
        _aarch64(title, hashed, tables)
        if pin.architecture == "arm64"
        else _hyp(title, hashed, tables)
    )


def _opened(image: Path) -> Opened:
    from hypabi.analysis.session import open_image
    from hypabi.contract.file.load import shipped_contract

    examination = open_image(image).examine(shipped_contract("linux-hyp-abi"))
    return [
        (party, examination.programs[role], table)
        for party, (role, table) in examination.found.items()
    ]


def slot(bench: "Program", start: int, size: int) -> tuple[str, ...]:
    """Return where a slot leads: names of what is branched to outside of it, and how else it ends."""
    from hypabi.code.control_flow import successors
    from hypabi.lifter.instruction import Undecodable

    found: dict[str, None] = {}
    seen, waiting = {start}, [start]
    while waiting:
        address = waiting.pop(0)
        instruction = bench.explorer.instruction(address)
        if isinstance(instruction, Undecodable):
            found["not decoded"] = None
            continue
        following = list(successors(instruction))
        if following == [address]:
            found["loops" if address == start else _name(bench, address)] = None
        if not following:
            found[bench.explorer.disassembled(address).partition(" ")[0]] = None
        for target in following:
            if not start <= target < start + size:
                found[_name(bench, target)] = None
            elif target not in seen:
                seen.add(target)
                waiting.append(target)
    return tuple(found)


def _name(bench: "Program", address: int) -> str:
    symbol = bench.image.symbols.around(address)
    if symbol is None:
        return f"{address:#x}"
    offset = address - symbol.address
    return symbol.name.removeprefix("__kvm_nvhe_") + (f"+{offset:#x}" if offset else "")


def _aarch64(title: str, hashed: str, tables: Opened) -> str:
    width, height = CELL
    side, top, each = 150, 66, 52 + 4 * height + 18
    says = f"{hashed}. An hvc from the kernel enters at +0x400. "
    says += " ".join(
        f"{party}: +0x400 leads to {', '.join(slot(b, t.address + 0x400, 0x80))}."
        for party, b, t in tables
    )
    drawing = Drawing(side + 4 * width + 16, top + each * len(tables), title, says)
    _title(drawing, title, hashed)
    for number, (party, bench, table) in enumerate(tables):
        y = top + each * number
        drawing.text(16, y + 14, party, "name")
        drawing.text(side, y + 14, f"{table.name} at {table.address:#x}", "code muted")
        for column, text in enumerate(A64_COLUMNS):
            drawing.text(side + width * column + 6, y + 34, text, "muted")
        for row, (text, offset) in enumerate(A64_ROWS):
            drawing.text(16, y + 62 + height * row, text, "muted")
            for column in range(4):
                at = offset + 0x80 * column
                place = (side + width * column, y + 42 + height * row, width - 4, height - 4)
                drawing.box(*place, "hot" if at == 0x400 else "box")
                _cell(drawing, *place[:2], at, slot(bench, table.address + at, 0x80))
    return drawing.svg()


def _cell(drawing: Drawing, x: float, y: float, offset: int, leads: tuple[str, ...]) -> None:
    drawing.text(x + 6, y + 14, f"+{offset:#05x}", "code muted")
    first, more = leads[0] if leads else "", len(leads) - 1
    text = first if len(first) <= LONGEST else first[: LONGEST - 1] + "…"
    drawing.text(x + 6, y + 29, text, "code muted" if first == "loops" else "code")
    if more > 0:
        drawing.text(x + CELL[0] - 12, y + 14, f"and {more} more", "muted", "end")


def _hyp(title: str, hashed: str, tables: Opened) -> str:
    from hypabi.arch.aarch32_exceptions import HYP_TRAP_OFFSET, HYP_VECTORS

    width, height, side, top = 240, 30, 300, 66
    says = f"{hashed}. An hvc from the kernel enters at +0x14. "
    says += " ".join(
        f"{party}: +0x14 leads to {', '.join(slot(b, t.address + 0x14, 4))}."
        for party, b, t in tables
    )
    size = (side + width * len(tables) + 16, top + 56 + height * len(HYP_VECTORS) + 12)
    drawing = Drawing(*size, title, says)
    _title(drawing, title, hashed)
    for row, vector in enumerate(HYP_VECTORS):
        y = top + 56 + height * row
        drawing.text(16, y + 18, f"+{vector.offset:#04x}", "code")
        drawing.text(64, y + 18, vector.entered_by, "muted")
    for column, (party, bench, table) in enumerate(tables):
        x = side + width * column
        drawing.text(x, top + 14, party, "name")
        drawing.text(
            x, top + 32, f"{table.name or 'no symbol'} at {table.address:#x}"[:34], "code muted"
        )
        for row, vector in enumerate(HYP_VECTORS):
            y = top + 56 + height * row
            drawing.box(
                x, y, width - 6, height - 4, "hot" if vector.offset == HYP_TRAP_OFFSET else "box"
            )
            leads = ", ".join(slot(bench, table.address + vector.offset, 4))
            drawing.text(x + 8, y + 17, leads[:28], "code muted" if leads == "loops" else "code")
    return drawing.svg()


def _title(drawing: Drawing, title: str, hashed: str) -> None:
    drawing.text(16, 24, title, "name")
    drawing.text(16, 44, hashed, "code muted")


ARM = partial(page, "6.1-armmp")
ARM64 = partial(page, "6.1-arm64")
