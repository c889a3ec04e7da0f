"""KVM's host calls by number, read out of the image's own table of handlers at EL2."""

from collections.abc import Mapping
from typing import Final

from hypabi.arch.names import Architecture
from hypabi.image.model import Image, ImageError

HANDLER: Final = "__kvm_nvhe_handle_"
TABLE: Final = "__kvm_nvhe_host_hcall"
FIRST: Final = 0xC6000000
"""The identifier of place 0 in the table (``KVM_HOST_SMCCC_ID``)."""
MOST: Final = 256


def host_calls(image: Image) -> Mapping[int, str]:
    """Return the name of each call by its identifier; nothing where the image has no such table."""
    if image.architecture is not Architecture.ARM64 or not image.symbols.find(
        "__kvm_nvhe_handle_trap"
    ):
        return {}
    names = {
        symbol.address: symbol.name.removeprefix(HANDLER)
        for symbol in image.symbols
        if symbol.name.startswith(f"{HANDLER}_")
    }
    table = _table(image, names)
    if table is None:
        return {}
    found: dict[int, str] = {}
    for place in range(1, MOST):
        name = names.get(_pointer(image, table + 8 * place))
        if name is None:
            return found
        found[FIRST + place] = name
    return found


def _table(image: Image, names: Mapping[int, str]) -> int | None:
    """Return where the table is; where no symbol names it, one run of pointers to handlers must."""
    named = image.symbols.find(TABLE)
    if named:
        return named[0].address
    places = sorted(place for address in names for place in image.fixups.places_of(address))
    run = places and places == list(range(places[0], places[0] + 8 * len(places), 8))
    return places[0] - 8 if run else None


def _pointer(image: Image, address: int) -> int:
    try:
        return int.from_bytes(image.read(address, 8), "little")
    except ImageError:
        return 0
