"""From an image to its saved form: what every party does, in names instead of addresses."""

from collections.abc import Callable, Mapping
from typing import Final

from hypabi.analysis.callers import with_callers
from hypabi.analysis.check import judged
from hypabi.analysis.examination import Examination
from hypabi.analysis.findings.check import Check
from hypabi.analysis.own_promises import NOTHING_KEPT, OwnPromises, own_promises
from hypabi.analysis.party_detection import Found
from hypabi.behaviour.saved.symbolic_names import Landmarks, in_symbolic_names
from hypabi.behaviour.saved.writer import Saved, SavedParty
from hypabi.code.cpu_capabilities import DESCRIPTIONS, Capabilities
from hypabi.contract.revision import Revision
from hypabi.image.model import Image, Role

LOWEST: Final = 0x10_0000
"""Below it a constant is taken for a number, though a program may be linked there."""

FAR: Final = 0x10_0000
"""From here on a symbol says nothing of an address: the nearest one lies in another object.

Such an address is one of this build alone (:mod:`hypabi.analysis.difference`)."""

LIBRARY_COPY: Final = "__pi_"
"""Put before the names of code and data that run before relocation (arch/arm64/kernel/pi)."""


def save_image(examination: Examination) -> Saved:
    """Return what stands for an image in a comparison: what its parties do, and what it keeps."""
    return check_and_save(examination, ())[1]


def check_and_save(examination: Examination, command: tuple[str, ...]) -> tuple[Check, Saved]:
    """Return what was found of an image and its callers, and what stands for it in a comparison.

    :param command: what a reader types to repeat the check
    """
    found = with_callers(judged(examination, command), examination)
    return found, save_behaviours(examination, own_promises(found, examination))


def save_behaviours(examination: Examination, own: OwnPromises = NOTHING_KEPT) -> Saved:
    """Return what every party of an image does, in names.

    :param own: what the image keeps of its own contract
    """
    loaded, revision = examination.loaded, examination.revision
    found = examination.found
    tables = _tables(revision, found)
    capabilities = Capabilities(loaded.images[-1])
    numbers = {
        number: name for name in DESCRIPTIONS if (number := capabilities.number(name)) is not None
    }
    marks = {
        role: Landmarks(
            revision.architecture.bits,
            _place(program.image, _of(role, found, tables), revision.error),
            _of(role, found, tables),
            numbers,
        )
        for role, program in examination.programs.items()
    }
    parties = tuple(_parties(examination, found, marks))
    return Saved(
        loaded.sha256,
        loaded.images[-1].version,
        revision.architecture,
        revision.contract,
        str(revision.version),
        tables,
        tuple(sorted(numbers.values())),
        tuple(sorted(name for name in DESCRIPTIONS if capabilities.lacks(name))),
        parties,
        own.promises,
        own.askers,
    )


def _parties(
    examination: Examination, found: Found, marks: Mapping[Role, Landmarks]
) -> list[SavedParty]:
    """Return the parties in the order of the contract; those of one table share a behaviour."""
    made: dict[tuple[Role, int], SavedParty] = {}
    parties = []
    for party in examination.revision.parties:
        if party.name not in found:
            continue
        role, table = found[party.name]
        first = made.get((role, table.address))
        if first is None:
            behaviour = in_symbolic_names(examination.behaviours[party.name], marks[role])
        else:
            behaviour = first.behaviour
        where = (role.value, table.name, table.address, table.how.value)
        saved = SavedParty(party.name, *where, behaviour)
        made.setdefault((role, table.address), saved)
        parties.append(saved)
    return parties


def _tables(revision: Revision, found: Found) -> dict[str, str]:
    """Return what the table of each party is called: the same in every build."""
    called: dict[tuple[Role, int], str] = {}
    tables = {}
    for party in revision.parties:
        if party.name not in found:
            continue
        role, table = found[party.name]
        program = "" if role is Role.KERNEL else f" of the {role.value}"
        name = called.setdefault((role, table.address), f"{party.vectors}{program}")
        tables[party.name] = name
    return tables


def _of(role: Role, found: Found, tables: Mapping[str, str]) -> Mapping[int, str]:
    return {
        table.address: tables[party] for party, (where, table) in found.items() if where is role
    }


def _place(
    image: Image, tables: Mapping[int, str], error: int | None
) -> Callable[[int], tuple[str, int] | None]:
    """Return what names an address of a program by the symbol before it."""

    def place(address: int) -> tuple[str, int] | None:
        if address < LOWEST or address == error or image.segment(address) is None:
            return None
        if address in tables:
            return tables[address], 0
        symbol = image.symbols.around(address)
        if symbol is None or address - symbol.address >= FAR:
            return f"{address:#x}", 0
        return _canonical(image, symbol.name), address - symbol.address

    return place


def _canonical(image: Image, name: str) -> str:
    """Return a name without the mark of its early copy, where it has only that one address."""
    plain = name.removeprefix(LIBRARY_COPY)
    if plain != name:
        here = {symbol.address for symbol in image.symbols.find(name)}
        if any(symbol.address not in here for symbol in image.symbols.find(plain)):
            plain = name
    if not plain.isprintable() or set(plain) & set("|\\"):
        return "".join(c if c.isascii() and c.isalnum() else "_" for c in plain)
    return plain
