"""Read a saved form that anybody may have written: everything is bounded, or refused in a line.

Values are numbers of the file's own terms, so the shape of what uses them is made when the terms
are read; :func:`saved_schema` publishes the same shapes, of no terms.
"""

from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Final

from hypabi.arch.names import Architecture
from hypabi.behaviour.case import Behaviour, Case, Guard
from hypabi.behaviour.outcome import (
    Called,
    CalledBack,
    Condition,
    Effect,
    Faulted,
    Left,
    Requested,
    Returned,
    Store,
    Stuck,
    Undecided,
)
from hypabi.behaviour.saved.own_promises import (
    AnswerUse,
    Asker,
    OwnPromise,
    PromiseKind,
    PromiseWord,
)
from hypabi.behaviour.saved.terms import CONSTANT, MOST_WIDTH, REFERENCE, TERMS, SavedTerms, TermRow
from hypabi.behaviour.saved.writer import NAME, VERSION, Saved, SavedParty
from hypabi.decode.bounds import Bounds, read_bounded
from hypabi.decode.decoder import decode
from hypabi.decode.json import compose_json
from hypabi.decode.node import Node
from hypabi.decode.place import FileError, Place
from hypabi.decode.schema import Object, schema_of
from hypabi.decode.shape import (
    SHA256,
    Checked,
    Key,
    Later,
    ListOf,
    Nullable,
    Number,
    Row,
    Shape,
    TableOf,
    Tagged,
    Text,
    identity,
    record,
    tagged,
    words_of,
)
from hypabi.records import frozen
from hypabi.regular import read_regular
from hypabi.smt.terms import Term, Value

BOUNDS: Final = Bounds(bytes=16 << 20, parts=1 << 17, depth=16, key=4096)
"""Of a saved form; those of real kernels have some 30 kB in 5,000 parts."""
MOST_ITEMS: Final = 4096
"""In any one list or table of the file but ``terms``."""
MOST_TEXT: Final = 4096
MOST_STORED: Final = 16
"""Bytes of one store."""

HINT: Final = "save it again with `hypabi derive --save`"


def is_saved(path: Path) -> bool:
    """Tell whether a file is a saved form, by how it begins."""
    try:
        return read_regular(path, 256).lstrip().startswith(b"{")
    except OSError:
        return False


def read_saved(path: Path) -> Saved:
    """Read a saved form.

    :raises FileError: it cannot be read, or is none
    """
    return parse_saved(read_bounded(path, BOUNDS), str(path))


def parse_saved(content: bytes, file: str) -> Saved:
    """Read a saved form from its bytes.

    :param file: what refusals call it
    :raises FileError: it is none
    """
    try:
        return _saved(decode(compose_json(content, file, BOUNDS), _FILE, _File))
    except FileError as refused:
        raise FileError(refused.where, refused.what, HINT) from None


def saved_schema() -> Object:
    """Return the JSON Schema of a saved form."""
    return schema_of("hypabi derive --save", _FILE)


@frozen
class _Image:
    sha256: str
    version: str
    architecture: Architecture


@frozen
class _Contract:
    name: str
    version: str


@frozen
class _Capabilities:
    known: tuple[str, ...]
    lacks: tuple[str, ...]


@frozen
class _File:
    """A saved form whose terms are not read yet, and so nothing that is said by them."""

    image: _Image
    contract: _Contract
    tables: Mapping[str, str]
    capabilities: _Capabilities
    assumptions: tuple[str, ...]
    terms: tuple[TermRow, ...]
    behaviours: Node
    parties: Node
    promises: tuple[OwnPromise, ...]
    askers: tuple[Asker, ...]


def _saved(file: _File) -> Saved:
    values = _Values(SavedTerms(file.terms), file.image.architecture.bits, file.assumptions)
    behaviours = decode(file.behaviours, values.behaviours(), tuple)
    parties = decode(file.parties, values.parties(behaviours), tuple)
    return Saved(
        file.image.sha256,
        file.image.version,
        file.image.architecture,
        file.contract.name,
        file.contract.version,
        file.tables,
        file.capabilities.known,
        file.capabilities.lacks,
        parties,
        file.promises,
        file.askers,
    )


class _Values:
    """The shapes of what is said by terms."""

    def __init__(self, terms: SavedTerms, bits: int, assumptions: tuple[str, ...]) -> None:
        self.terms = terms
        self.bits = bits
        self.assumptions = assumptions

    def parties(self, behaviours: tuple[Behaviour, ...]) -> Shape:
        def chosen(at: int, place: Place) -> Behaviour:
            if at >= len(behaviours):
                raise place.refuse(f"there are {len(behaviours)} behaviours")
            return behaviours[at]

        party = record(
            SavedParty,
            ("name", _TEXT),
            ("program", _TEXT),
            ("symbol", _TEXT),
            ("address", self.constant()),
            ("how", _TEXT),
            ("behaviour", Checked(Number(0), chosen)),
        )
        return ListOf(party, MOST_ITEMS)

    def behaviours(self) -> Shape:
        behaviour = record(
            self.behaviour,
            ("at_entry", _names(self.value())),
            ("link", _REGISTER),
            ("status", _REGISTER),
            ("holds", ListOf(self.value(1), MOST_ITEMS)),
            ("widths", TableOf(Number(0, MOST_WIDTH), MOST_ITEMS, _REGISTER)),
            ("cases", Later(self.cases({}))),
        )
        return ListOf(behaviour, MOST_ITEMS)

    def behaviour(
        self,
        at_entry: Mapping[str, Value],
        link: str,
        status: str,
        holds: tuple[Value, ...],
        widths: Mapping[str, int],
        cases: Node,
    ) -> Behaviour:
        found = decode(cases, self.cases(widths), tuple)
        return Behaviour(0, at_entry, link, status, found, widths, holds)

    def cases(self, widths: Mapping[str, int]) -> Shape:
        condition = Checked(self.value(1), lambda of, _: Condition(0, of))
        case = record(
            partial(Case, trail=None),
            ("guard", Checked(ListOf(condition, MOST_ITEMS), lambda of, _: Guard(of))),
            ("registers", _names(Checked(REFERENCE, partial(self.register, widths)))),
            ("stores", ListOf(self.store(), MOST_ITEMS)),
            ("effects", ListOf(self.effect(), MOST_ITEMS)),
            ("outcome", self.outcome()),
            ("assumptions", ListOf(Checked(Number(0), self.assumption), MOST_ITEMS)),
        )
        return ListOf(case, MOST_ITEMS)

    def register(self, widths: Mapping[str, int], plain: object, place: Place) -> Value:
        if widths.get(place.name, 0) < 1:
            raise place.refuse("widths does not name it")
        return self.terms.value(plain, widths[place.name], place)

    def assumption(self, at: int, place: Place) -> str:
        if at >= len(self.assumptions):
            raise place.refuse(f"there are {len(self.assumptions)} assumptions")
        return self.assumptions[at]

    def store(self) -> Shape:
        base = Nullable(Checked(Number(0), partial(self.of_width, self.bits)))
        value = Checked(REFERENCE, lambda plain, place: (plain, place))
        parts = (base, self.constant(), Number(1, MOST_STORED), value)
        return Row(parts, self.stored, "Base, offset, size in bytes, value.")

    def stored(
        self, base: Term | None, offset: int, size: int, value: tuple[object, Place]
    ) -> Store:
        return Store(base, offset, size, self.terms.value(value[0], 8 * size, value[1]))

    def effect(self) -> Shape:
        operands = ListOf(Checked(REFERENCE, self.terms.loose), MOST_ITEMS)
        parts = (_TEXT, operands, self.value(1))
        return Row(parts, partial(Effect, 0), "Name, operands, guard.")

    def outcome(self) -> Tagged:
        target, mode = ("target", self.value()), ("mode", _TEXT)
        return tagged(
            "ends",
            {
                "returned": record(Returned),
                "left": record(Left, target, mode, ("status", Nullable(self.value()))),
                "called-back": record(CalledBack, target, mode),
                "stuck": record(partial(Stuck, 0)),
                "faulted": record(partial(Faulted, 0), ("what", _TEXT)),
                "called": record(partial(Called, address=0), ("name", _TEXT)),
                "requested": record(partial(Requested, 0), ("immediate", Number(0, 0xFFFF))),
                "undecided": record(partial(Undecided, 0), ("reason", _TEXT)),
            },
        )

    def value(self, bits: int | None = None) -> Shape:
        """Return the shape of a value of so many bits, of a register's where none are given."""
        return Checked(REFERENCE, partial(self.of_width, self.bits if bits is None else bits))

    def of_width(self, bits: int, plain: object, place: Place) -> Value:
        return self.terms.value(plain, bits, place)

    def constant(self) -> Text:
        """Return the shape of a constant as wide as a register."""
        wanted = f"a constant such as '0x1f' of at most {self.bits} bits"

        def read(text: str) -> int | None:
            number = int(text, 16)
            return None if number >> self.bits else number

        return Text(wanted, CONSTANT, read)


def _names(of: Shape) -> TableOf:
    return TableOf(of, MOST_ITEMS, _TEXT)


_TEXT: Final = Text(
    "a printable text", "", lambda text: text if text.isprintable() else None, MOST_TEXT
)
_TEXTS: Final = ListOf(_TEXT, MOST_ITEMS)
_REGISTER: Final = Text("the name of a register", "^[A-Za-z][A-Za-z0-9_.]{0,39}$")
_OF_NO_TERMS: Final = _Values(SavedTerms(()), Architecture.ARM64.bits, ())

_FILE: Final = record(
    _File,
    Key("schema", None, identity(NAME, VERSION)),
    (
        "image",
        record(
            _Image,
            ("sha256", SHA256),
            ("version", _TEXT),
            ("architecture", words_of(Architecture)),
        ),
    ),
    ("contract", record(_Contract, ("name", _TEXT), ("version", _TEXT))),
    (
        "tables",
        _names(_TEXT),
        "By party, the name of the symbol &NAME that stands for its table's address.",
    ),
    ("capabilities", record(_Capabilities, ("known", _TEXTS), ("lacks", _TEXTS))),
    ("parties", Later(_OF_NO_TERMS.parties(()))),
    ("behaviours", Later(_OF_NO_TERMS.behaviours())),
    ("assumptions", _TEXTS),
    (
        "terms",
        TERMS,
        (
            "Operation, width, arguments; a symbol has its name, an extract its lowest bit before"
            " the argument."
        ),
    ),
    (
        "promises",
        ListOf(
            Row(
                (words_of(PromiseKind), _TEXT, _TEXT, words_of(PromiseWord), _TEXT),
                OwnPromise,
                "What it is about, who keeps it, what of it, the word for it, how or what instead.",
            ),
            MOST_ITEMS,
        ),
        "What the image keeps of its own contract.",
    ),
    (
        "askers",
        ListOf(
            Row(
                (_TEXT, _TEXT, words_of(AnswerUse)),
                Asker,
                "A function, the call that it makes, what it makes of the answer.",
            ),
            MOST_ITEMS,
        ),
        "Who in the image makes which call.",
    ),
    says="What `hypabi derive --save` writes, and `hypabi diff` reads.",
)
