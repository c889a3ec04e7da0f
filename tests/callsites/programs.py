"""Programs of small functions, and their call sites."""

from hypabi.callsites.finder import CallSites
from hypabi.image.load import load_image
from hypabi.symbolic.setup import explorer_for
from tests.callsites.sources import FUNCTION
from tests.inputs import Assemble


def call_sites(assemble: Assemble, **functions: str) -> CallSites:
    """Return the call sites of functions in A64."""
    source = "".join(FUNCTION.format(name=name, body=body) for name, body in functions.items())
    return CallSites(explorer_for(load_image(assemble(source, "arm64", text=0x10000)).images[-1]))


def call_sites_a32(assemble: Assemble, **functions: str) -> CallSites:
    """Return the call sites of functions in A32."""
    source = "".join(FUNCTION.format(name=name, body=body) for name, body in functions.items())
    source = f".arch_extension virt\n.arm\n{source}"
    path = assemble(source, "arm", flags=["-march=armv7ve"], text=0x10000)
    return CallSites(explorer_for(load_image(path).images[-1]))


def call_sites_t32(assemble: Assemble, **functions: str) -> CallSites:
    """Return the call sites of functions in T32."""
    thumb = FUNCTION.replace("{name}:", ".thumb_func; {name}:")
    source = "".join(thumb.format(name=name, body=body) for name, body in functions.items())
    source = f".arch_extension virt\n.syntax unified\n.thumb\n{source}"
    path = assemble(source, "arm", flags=["-march=armv7ve"], text=0x10000)
    return CallSites(explorer_for(load_image(path).images[-1]))


def address_of(sites: CallSites, name: str) -> int:
    """Return the address of a function."""
    (symbol,) = sites.image.symbols.find(name)
    return symbol.address


class Everything:
    """Wants every call site."""

    def by_conduit(self, immediate: int) -> bool:
        return immediate == 0

    def by_number(self, *_: object) -> bool:
        return True

    by_way = by_number

    def by_doubt(self, *_: object) -> bool:
        return False
