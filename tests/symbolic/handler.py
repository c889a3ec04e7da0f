"""Little EL2 handlers, assembled in the test and explored."""

from collections.abc import Mapping
from dataclasses import replace

from hypabi.code.alternatives import PatchSite
from hypabi.image.load import load_image
from hypabi.image.model import Access, Image
from hypabi.smt import terms
from hypabi.smt.bitwuzla import BitwuzlaSolver
from hypabi.smt.solver import Unsatisfiable
from hypabi.smt.terms import Value
from hypabi.symbolic.entry import Entry, hvc_to_el2
from hypabi.symbolic.explore import Explorer, Limits, Merging
from hypabi.symbolic.path import Path
from hypabi.symbolic.setup import explorer_for
from tests.inputs import Assemble

TEXT = 0x80000000
DATA = 0x80010000
CAPABILITY = 7


def image_of(source: str, assemble: Assemble) -> Image:
    """Return the program of an assembly source whose first instruction is the handler's."""
    program = assemble(source, "arm64", text=TEXT, link=[f"-Tdata={DATA:#x}"])
    return load_image(program).images[0]


def entry_of(image: Image) -> Entry:
    return hvc_to_el2(image.entry)


class Sites:
    """Patch sites that a test lists, in place of a kernel's table."""

    def __init__(self, sites: tuple[PatchSite, ...]) -> None:
        self.sites = sites

    def __len__(self) -> int:
        return len(self.sites)

    def at(self, address: int) -> tuple[PatchSite, ...]:
        return tuple(s for s in self.sites if s.address <= address < s.address + s.size)


def explorer(image: Image, limits: Limits | None = None) -> Explorer:
    """Return an explorer; ``orig0``/``repl0``/``end0`` and so on are patch sites."""
    made = explorer_for(image, limits)
    sites: list[PatchSite] = []
    while image.symbols.find(f"orig{len(sites)}"):
        start, new, end = (
            image.symbols.find(f"{name}{len(sites)}")[0].address for name in ("orig", "repl", "end")
        )
        sites.append(PatchSite(start, end - start, CAPABILITY + len(sites), new, callback=False))
    if sites:
        made.patches = Sites(tuple(sites))  # type: ignore[assignment]
    return made


def paths(
    source: str,
    assemble: Assemble,
    merging: Merging = Merging.WHERE_PATHS_MEET,
    limits: Limits | None = None,
) -> tuple[Path, ...]:
    image = image_of(source, assemble)
    return explorer(image, limits).explore(entry_of(image), merging)


def guard(path: Path) -> Value:
    return terms.land(*(condition.term for condition in path.state.conditions))


def at_exit(path: Path, register: str) -> Value:
    """Return a register at the end of a path; one never touched is its own symbol."""
    found = path.state.registers.get(register)
    return terms.symbol(register, 64) if found is None else found


def impossible(*conditions: Value) -> bool:
    """Return whether the conditions cannot hold together, proved."""
    return isinstance(BitwuzlaSolver().check(*conditions), Unsatisfiable)


def always(condition: Value) -> bool:
    return impossible(terms.lnot(condition))


def disjoint_and_covering(found: tuple[Path, ...]) -> bool:
    """Prove that every input takes one of the paths, and no input takes two."""
    guards = [guard(path) for path in found]
    apart = all(impossible(one, other) for n, one in enumerate(guards) for other in guards[n + 1 :])
    return apart and always(terms.lor(*guards))


def same_value(path: Path, other: Path, register: str, entry: Mapping[str, Value]) -> Value:
    """Return the condition that two paths leave a register alike."""
    width = 1 if register in "NZCV" else 64
    one, two = (
        p.state.registers.get(register, entry.get(register, terms.symbol(register, width)))
        for p in (path, other)
    )
    return terms.eq(one, two, width)


def with_access(image: Image, access: Access) -> Image:
    """Return an image all of whose data may be used in one way only."""
    segments = tuple(
        segment if segment.access is Access.CODE else replace(segment, access=access)
        for segment in image.segments
    )
    return replace(image, segments=segments)


class Bytes(dict[int, int]):
    """Memory every byte of which has a value from the start."""

    def __init__(self, seed: int) -> None:
        super().__init__()
        self.seed = seed

    def initial(self, address: int) -> int:
        return (address * 2654435761 >> 7 ^ self.seed) & 0xFF

    def __contains__(self, address: object) -> bool:
        return True

    def get(self, address: int, default: object = None) -> int | None:  # type: ignore[override]
        return super().get(address, self.initial(address))
