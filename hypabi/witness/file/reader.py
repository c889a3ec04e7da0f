"""Read a witness file, strictly.

An unknown key, a missing one or a value of another type is refused with the key.
"""

import json
from collections.abc import Mapping, Sequence
from typing import Final, TypeVar

from hypabi.arch.names import Architecture, ByteOrder, InstructionSet
from hypabi.witness.expectation import Ends, Formula, Handed, Holds, Keeps, KeepsBytes, Promise
from hypabi.witness.file.node import Node
from hypabi.witness.file.writer import SCHEMA, VERSION
from hypabi.witness.model import (
    Arrival,
    Claim,
    Given,
    Page,
    Patched,
    Prediction,
    Source,
    Start,
    Witness,
    WitnessError,
)

MOST: Final = 1 << 20
"""Most characters of a file that is read; a witness has a few thousand."""
DEEPEST: Final = 64
"""Most operators inside each other."""
MOST_PIECES: Final = 4096
MOST_MEMORY: Final = 16 << 20
"""Most pieces of memory, and bytes of all together; a witness has some dozens of pages."""

T = TypeVar("T")


def read_witness_text(where: str, text: str) -> Witness:
    """Return the witness that a file holds.

    :raises WitnessError: it holds none, with the key where that shows
    """
    if len(text) > MOST:
        raise WitnessError(where, f"has more than {MOST} characters, so it is no witness")
    try:
        found: object = json.loads(text, object_pairs_hook=_unique)
    except (ValueError, RecursionError) as error:
        raise WitnessError(where, f"is no JSON: {error}") from None
    return _Reader(where).witness(found)


def _unique(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a key is given twice")
    return found


class _Reader:
    def __init__(self, file: str) -> None:
        self._file = file

    def witness(self, value: object) -> Witness:
        root = Node(self._file, "", value)
        names = ("schema", "claim", "image", "start", "promised", "predicted", "made_by")
        schema, claim, image, start, promised, predicted, made_by = root.keys(*names)
        name, version = schema.keys("name", "version")
        if (name.value, version.value) != (SCHEMA, VERSION):
            raise schema.refuse(f"this is no {SCHEMA} of version {VERSION}")
        contract_sha256, counterexample, said = _claim(claim)
        source, pages, patched = _image(image)
        begins, back = _start(start)
        return Witness(
            said,
            source,
            contract_sha256,
            counterexample,
            pages,
            patched,
            begins,
            back,
            _promised(promised),
            _predicted(predicted),
            {name: node.text() for name, node in made_by.items().items()},
        )


def _claim(node: Node) -> tuple[str, Mapping[str, int], Claim]:
    contract, sha256, version, party, call, number, clause, statement, instead, model = node.keys(
        "contract", "contract_sha256", "version", "party", "call", "number", "clause", "statement",
        "instead", "counterexample",
    )  # fmt: skip
    claim = Claim(
        contract.text(),
        version.text(),
        party.text(),
        call.maybe(Node.text),
        number.maybe(Node.number),
        clause.text(),
        statement.text(),
        instead.text(),
    )
    return sha256.text(), _registers(model), claim


def _registers(node: Node) -> dict[str, int]:
    return {name: each.number() for name, each in node.items().items()}


def _image(node: Node) -> tuple[Source, tuple[Page, ...], tuple[Patched, ...]]:
    name, sha256, program, program_sha256, version, displacement, pages, patched = node.keys(
        "name", "sha256", "program", "program_sha256", "version", "displacement", "pages", "patched"
    )
    source = Source(
        name.text(),
        sha256.text(),
        program.text(),
        program_sha256.text(),
        version.text(),
        displacement.number(),
    )
    read = tuple(map(_read_page, _parts(pages)))
    new = tuple(map(_read_patch, _parts(patched)))
    _together(pages, [page.size for page in read])
    _together(patched, [patch.size for patch in new])
    return source, read, new


def _parts(node: Node) -> tuple[Node, ...]:
    """Return the parts of a list of pieces of memory."""
    parts = node.list()
    if len(parts) > MOST_PIECES:
        raise node.refuse(f"has {len(parts)} parts, at most {MOST_PIECES} are read")
    return parts


def _together(node: Node, sizes: Sequence[int]) -> None:
    """Refuse pieces that are more than a witness needs, though each by itself is not."""
    if sum(sizes) > MOST_MEMORY:
        raise node.refuse(f"gives {sum(sizes)} bytes of memory, at most {MOST_MEMORY} are taken")


def _read_page(node: Node) -> Page:
    address, size, sha256, offset = node.keys("address", "size", "sha256", "offset")
    return Page(_place(address), _extent(size), sha256.text(), offset.maybe(Node.number))


def _read_patch(node: Node) -> Patched:
    address, size, new, capability = node.keys("address", "size", "replacement", "capability")
    if _extent(size) % 4:
        raise size.refuse("is no multiple of 4")
    return Patched(_place(address), _extent(size), _place(new), capability.small())


def _place(node: Node) -> int:
    number = node.number()
    if number >> 64:
        raise node.refuse("is no address")
    return number


def _extent(node: Node) -> int:
    """Return a size: at most 1 MiB, which is more than any witness needs in one piece."""
    number = node.number()
    if not 0 < number <= 1 << 20:
        raise node.refuse("is no size of memory that a witness gives")
    return number


def _read_given(node: Node) -> Given:
    address, content, size = node.keys("address", "bytes", "size")
    given = Given(_place(address), content.bytes(), _extent(size))
    if len(given.content) > given.size:
        raise node.refuse("has more bytes than its size")
    return given


def _memory(node: Node) -> tuple[Given, ...]:
    found = tuple(map(_read_given, _parts(node)))
    _together(node, [given.size for given in found])
    return found


def _start(node: Node) -> tuple[Start, int]:
    architecture, vectors, order, registers, memory, back = node.keys(
        "architecture", "vectors", "byte_order", "registers", "memory", "back"
    )
    start = Start(
        _one_of(architecture, Architecture),
        _one_of(vectors, InstructionSet),
        _one_of(order, ByteOrder),
        _registers(registers),
        _memory(memory),
    )
    return start, _place(back)


E = TypeVar("E", Architecture, InstructionSet, ByteOrder)


def _one_of(node: Node, kind: type[E]) -> E:
    for each in kind:
        if each.value == node.text():
            return each
    raise node.refuse(f"{node.text()[:20]!r} is none of {', '.join(each.value for each in kind)}")


def _predicted(node: Node) -> Prediction:
    control, registers, opened, memory = node.keys("control", "registers", "open", "memory")
    ends, address, mode = control.keys("ends", "address", "mode")
    if ends.value not in ("returned", "reached", "stuck", "faulted"):
        raise ends.refuse("is no end of a run")
    arrival = Arrival(ends.text(), address.maybe(_place), mode.maybe(Node.text))
    return Prediction(
        arrival,
        _registers(registers),
        tuple(each.text() for each in opened.list()),
        _memory(memory),
    )


def _promised(node: Node) -> Promise:
    kind = node.items().get("kind")
    match None if kind is None else kind.value:
        case "ends":
            _, address, mode, status = node.keys("kind", "address", "mode", "status")
            return Ends(_place(address), mode.maybe(Node.text), status.maybe(Node.number))
        case "handed":
            _, symbol, address = node.keys("kind", "symbol", "address")
            return Handed(symbol.text(), address.maybe(_place))
        case "holds":
            _, formula = node.keys("kind", "formula")
            return Holds(_read_formula(formula, DEEPEST))
        case "keeps":
            _, register, value = node.keys("kind", "register", "value")
            return Keeps(register.text(), value.number())
        case "keeps-bytes":
            _, address, content = node.keys("kind", "address", "bytes")
            return KeepsBytes(_place(address), content.bytes())
        case _:
            raise node.refuse("is no promise that hypabi knows")


ARITY: Final[Mapping[str, int | None]] = {
    "all": None, "any": None, "not": 1, "==": 2, "!=": 2, "<": 2, "<=": 2, "bits": 3,
    "+": 3, "-": 3, "%": 3, "&": 3, "|": 3, "<<": 3, ">>": 3,
}  # fmt: skip
"""How many operands each operator has, ``None`` for any number."""


def _read_formula(node: Node, deep: int) -> Formula:
    if isinstance(node.value, str):
        return node.number() if node.value[:1].isdigit() else node.text()
    parts = node.list()
    if not parts or parts[0].value not in ARITY or deep == 0:
        raise node.refuse("is no formula")
    operator = parts[0].text()
    if ARITY[operator] not in (None, len(parts) - 1):
        raise node.refuse(f"{operator} has {len(parts) - 1} operands")
    operands = tuple(_read_formula(each, deep - 1) for each in parts[1:])
    sizes = operands[1:] if operator == "bits" else operands[:1] if ARITY[operator] == 3 else ()
    if not all(isinstance(each, int) and each <= 64 for each in sizes):
        raise node.refuse(f"{operator} lacks the numbers of bits that it is about")
    return (operator, *operands)
