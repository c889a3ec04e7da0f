"""Where the code and tables of a file lie, held against where its contract has them."""

from collections.abc import Iterator, Mapping
from typing import Final

from hypabi.analysis.party_detection import ROLES, find_once
from hypabi.analysis.program import Program
from hypabi.callsites.level import reached
from hypabi.code.a64_words import word_at
from hypabi.code.function_body import Kind
from hypabi.code.references import is_landing, references_out
from hypabi.code.system_writes import instruction_word, is_of_el2
from hypabi.contract.revision import Place, Revision
from hypabi.image.model import Image, ImageError, Role
from hypabi.image.script_regions import is_told, script_region
from hypabi.records import frozen
from hypabi.unknowns import undefined_text

MOST_SHOWN: Final = 3
"""References out of a copy that are named."""


@frozen
class Placed:
    """What a contract says of a place, and what in the file does not lie there."""

    place: Place
    role: Role
    judged: tuple[str, ...]
    """The symbols that the file has, or the bounds of copied code; empty where it has none."""
    wrong: tuple[str, ...]
    """In a line each, what is not as promised."""
    untold: str
    """Why nothing was judged; empty where something was."""


def judge_places(revision: Revision, programs: Mapping[Role, Program]) -> tuple[Placed, ...]:
    """Return what comes of each place of a contract, of programs that the file has."""
    return tuple(
        _judged(place, programs[ROLES[place.program]])
        for place in revision.places
        if ROLES[place.program] in programs
    )


def _judged(place: Place, program: Program) -> Placed:
    image = program.image
    judged: list[str] = []
    wrong: list[str] = []
    there = {name: at for name in place.symbols for at in _address(image, name)}
    if place.within:
        regions = [region for each in place.within for region in script_region(image, each)]
        if regions:
            told = {
                name: address
                for name, address in there.items()
                if all(is_told(image, each, address) for each in place.within)
            }
            judged += told
            wrong += _outside(told, regions, image)
    if place.landing is not None and _lands(image, place.landing):
        judged += (name for name in there if name not in judged)
        wrong += _without_landing(there, image)
    if place.aligned is not None:
        judged += (name for name in there if name not in judged)
        wrong += _misaligned(there, place.aligned)
    if place.below_el2:
        judged += (name for name in there if name not in judged)
        wrong += _of_el2(there, program)
    if place.words:
        judged += (name for name in there if name not in judged)
        wrong += _not_holding(there, place.words, image)
    if place.closed is not None:
        for start, end in script_region(image, place.closed):
            if not _refers_to_unknown(image, start, end):
                judged += place.closed
                wrong += _of_copy(image, start, end, place.at_most)
    untold = "" if judged else "; ".join(_unknown(place, image, there))
    return Placed(place, image.role, tuple(judged), tuple(wrong), untold)


def _unknown(place: Place, image: Image, there: Mapping[str, int]) -> Iterator[str]:
    """Yield why nothing of a place can be judged."""
    bounds = [*place.within, *([place.closed] if place.closed else [])]
    without = [name for pair in bounds for name in pair if not _address(image, name)]
    if without and not any(script_region(image, pair) for pair in bounds):
        yield f"the image has no symbol {' or '.join(dict.fromkeys(without))}"
    for start, end in () if place.closed is None else script_region(image, place.closed):
        for name in _refers_to_unknown(image, start, end):
            yield f"it refers to {undefined_text(name)}"
    if place.symbols and not there:
        yield f"it has none of {', '.join(place.symbols)}"
    if place.landing is not None and not _lands(image, place.landing):
        yield f"it has no {place.landing} that starts with a landing word"


def _address(image: Image, name: str) -> tuple[int, ...]:
    """Return where a symbol is, if it is there once."""
    return tuple(symbol.address for symbol in find_once(image, name))[:1]


def _outside(
    there: Mapping[str, int], regions: list[tuple[int, int]], image: Image
) -> Iterator[str]:
    for name, address in there.items():
        if not any(start <= address < end for start, end in regions):
            segment = image.segment(address)
            where = f", in {segment.name}" if segment is not None and segment.name else ""
            yield f"{name} is at {address:#x}{where}"


def _lands(image: Image, name: str) -> bool:
    return any(is_landing(word_at(image, at) or 0) for at in _address(image, name))


def _without_landing(there: Mapping[str, int], image: Image) -> Iterator[str]:
    for name, address in there.items():
        if not is_landing(word_at(image, address) or 0):
            yield f"{name} at {address:#x} starts with no landing word"


def _misaligned(there: Mapping[str, int], alignment: int) -> Iterator[str]:
    for name, address in there.items():
        if address % alignment:
            yield f"{name} at {address:#x} is not aligned to {alignment:#x}"


def _refers_to_unknown(image: Image, start: int, end: int) -> list[str]:
    """Return the symbols that no file defines and code of a region refers to."""
    return sorted(
        {
            image.stand_ins[target]
            for _, target in references_out(image, start, end)
            if target in image.stand_ins
        }
        | {image.references[place].symbol for place in image.references if start <= place < end}
    )


def _of_el2(there: Mapping[str, int], program: Program) -> Iterator[str]:
    """Yield the instructions of functions that are UNDEFINED below EL2 or HYP."""
    for name, address in there.items():
        state = program.state_at(address)
        body = program.call_sites.functions.callee(address, state)
        # Behind a BUG() stand the variants of other instructions.
        run = reached(body, lambda step, _: step.kind is not Kind.TRAP) if body is not None else ()
        for at in sorted(run):
            if is_of_el2(instruction_word(program.image, at, state), state):
                yield f"the instruction at {at:#x}, of {name}, names a register of EL2"


def _not_holding(there: Mapping[str, int], words: tuple[int, ...], image: Image) -> Iterator[str]:
    wanted = b"".join(word.to_bytes(4, image.byte_order.value) for word in words)
    for name, address in there.items():
        try:
            held = image.read(address, len(wanted))
        except ImageError:
            held = b""
        if held != wanted:
            yield f"{name} at {address:#x} holds {held.hex(' ', 4) or 'nothing'}"


def _of_copy(image: Image, start: int, end: int, at_most: int | None) -> Iterator[str]:
    if at_most is not None and end - start > at_most:
        yield f"it has {end - start:#x} bytes, and room is for {at_most:#x}"
    out = list(references_out(image, start, end))
    for place, target in out[:MOST_SHOWN]:
        yield f"the instruction at {place:#x} refers to {target:#x}, which is not copied with it"
    if len(out) > MOST_SHOWN:
        yield f"{len(out) - MOST_SHOWN} more refer out"
