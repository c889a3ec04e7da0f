"""What stands in a witness file: its reader, its writer and its published schema are made of it.

Numbers are hexadecimal texts; every key is there.
"""

import re
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Final

from hypabi.arch.names import Architecture, ByteOrder, InstructionSet
from hypabi.decode.bounds import Bounds
from hypabi.decode.place import Place
from hypabi.decode.shape import (
    ANY_TEXT,
    SHA256,
    Checked,
    Either,
    Key,
    ListOf,
    Named,
    Nullable,
    Number,
    Shape,
    TableOf,
    Text,
    Word,
    identity,
    number_text,
    record,
    tagged,
    words_of,
)
from hypabi.witness.expectation import Ends, Formula, Handed, Holds, Keeps, KeepsBytes
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
)

SCHEMA: Final = "hypabi-witness"
VERSION: Final = 1

BOUNDS: Final = Bounds(bytes=1 << 20, parts=1 << 16, depth=80, key=4096)
"""Of a witness file; a witness has a few thousand characters."""
MOST_PIECES: Final = 4096
MOST_MEMORY: Final = 16 << 20
"""Most pieces of memory, and bytes of all together; a witness has some dozens of pages."""

ARITY: Final[Mapping[str, int | None]] = {
    "all": None, "any": None, "not": 1, "==": 2, "!=": 2, "<": 2, "<=": 2, "bits": 3,
    "+": 3, "-": 3, "%": 3, "&": 3, "|": 3, "<<": 3, ">>": 3,
}  # fmt: skip
"""How many operands each operator has, ``None`` for any number."""


def _in_sum(pieces: Sequence[Page | Patched | Given], place: Place) -> object:
    """Refuse pieces that are more than a witness needs, though each by itself is not."""
    size = sum(piece.size for piece in pieces)
    if size > MOST_MEMORY:
        raise place.refuse(f"gives {size} bytes of memory, at most {MOST_MEMORY} are taken")
    return pieces


def _pieces(of: Shape) -> Shape:
    """Return the shape of a list of pieces of memory."""
    return Checked(ListOf(of, MOST_PIECES), _in_sum)


def _size(unit: int) -> Text:
    """Return the shape of a size: at most 1 MiB, which is more than any witness needs at once."""
    wanted = "a size of memory such as '0x1000', at most 0x100000"
    if unit > 1:
        wanted += f", a multiple of {unit}"

    def read(text: str) -> int | None:
        size = int(text, 16)
        return size if 0 < size <= 1 << 20 and size % unit == 0 else None

    return Text(wanted, _NUMBER.pattern, read, write=hex)


def _as_given(given: Given, place: Place) -> Given:
    if len(given.content) > given.size:
        raise place.refuse("has more bytes than its size")
    return given


def _operand(text: str) -> str | int | None:
    """Return a number, or the name of a register."""
    if not text[:1].isdigit():
        return text
    return int(text, 16) if re.fullmatch("0x[0-9a-f]{1,64}", text) else None


def _spelled(operand: str | int) -> str:
    return hex(operand) if isinstance(operand, int) else operand


def _applied(parts: "tuple[Formula, ...]", place: Place) -> "Formula":
    """Refuse an operator with other operands than it takes."""
    operator, *operands = parts
    arity = ARITY[str(operator)]
    if arity not in (None, len(operands)):
        raise place.refuse(f"{operator} takes {arity} operands, has {len(operands)}")
    sizes = operands[1:] if operator == "bits" else operands[:1] if arity == 3 else ()
    if not all(isinstance(each, int) and each <= 64 for each in sizes):
        raise place.refuse(f"{operator} lacks the numbers of bits that it is about")
    return parts


@cache
def _formula() -> Shape:
    """Return the shape of a formula, which holds formulas."""
    operator = Word({name: name for name in ARITY})
    applied = Checked(ListOf(_FORMULA, first=(operator,)), _applied)
    operand = Text("a register or a number such as '0x1f'", parse=_operand, write=_spelled)
    return Either("a register, a number such as '0x1f', or a list", operand, listed=applied)


_TEXTS: Final = ListOf(ANY_TEXT)
_NUMBER: Final = number_text(256)
_ADDRESS: Final = number_text(64)
_BYTES: Final = Text(
    "bytes in hexadecimal digits", "^([0-9a-f]{2})*$", bytes.fromhex, write=bytes.hex
)
_REGISTERS: Final = TableOf(_NUMBER)
_MODE: Final = Nullable(ANY_TEXT)
_FORMULA: Final = Named(
    "formula",
    (
        "An operator before its operands; bits takes a value, the high and the low bit; arithmetic "
        "takes its width in bits first."
    ),
    _formula,
)

_CLAIM: Final = record(
    Claim,
    ("contract", ANY_TEXT),
    ("contract_sha256", SHA256),
    ("version", ANY_TEXT, "Of the kernel at which the contract was taken."),
    ("party", ANY_TEXT),
    ("call", Nullable(ANY_TEXT), "null is any identifier that is no call's number."),
    ("number", Nullable(_NUMBER)),
    ("clause", ANY_TEXT),
    ("statement", ANY_TEXT, "As the contract has it."),
    ("instead", ANY_TEXT, "What the derivation says happens."),
    (
        "counterexample",
        _REGISTERS,
        (
            "What the refutation needs of the state at entry, after shrinking: registers, words of "
            "memory (mem[...]), capabilities (cpucap.N)."
        ),
    ),
)
_PAGE: Final = record(
    Page,
    ("address", _ADDRESS),
    ("size", _size(1)),
    ("sha256", SHA256),
    (
        "offset",
        Nullable(_NUMBER),
        "Where the bytes stand in the file; null where it is compressed or relocates itself.",
    ),
)
_PATCHED: Final = record(
    Patched,
    ("address", _ADDRESS),
    ("size", _size(4)),
    ("replacement", _ADDRESS),
    ("capability", Number(0)),
)
_IMAGE: Final = record(
    Source,
    ("name", ANY_TEXT, "Of the file, without its folder."),
    ("sha256", SHA256),
    ("program", Word({name: name for name in ("kernel", "decompressor")})),
    ("program_sha256", SHA256),
    ("version", ANY_TEXT),
    (
        "displacement",
        _NUMBER,
        (
            "Added to every link address, modulo the width of an address, where the code runs; "
            "every address in this file is displaced alike."
        ),
    ),
    ("pages", _pieces(_PAGE), "All that the machine holds of the image."),
    (
        "patched",
        _pieces(_PATCHED),
        "Code that the kernel replaces on a CPU with a capability; its branches are aimed anew.",
    ),
)
_GIVEN: Final = record(
    Given,
    ("address", _ADDRESS),
    Key("bytes", "content", _BYTES),
    ("size", _size(1)),
    name="memory",
    says="Bytes, then zeros up to the size.",
)
_MEMORY: Final = _pieces(Checked(_GIVEN, _as_given))
_START: Final = record(
    Start,
    ("architecture", words_of(Architecture)),
    Key("vectors", "instruction_set", words_of(InstructionSet)),
    ("byte_order", words_of(ByteOrder)),
    (
        "registers",
        _REGISTERS,
        (
            "A general register or status field that is not given is 0; a system register that is "
            "not given is not read."
        ),
    ),
    ("memory", _MEMORY, "Besides the image; where two overlap, the later holds."),
    ("back", _ADDRESS, "Where the caller goes on, behind its hvc."),
)
_PROMISED: Final = tagged(
    "kind",
    {
        "ends": record(
            Ends,
            ("address", _ADDRESS),
            ("mode", _MODE),
            ("status", Nullable(_NUMBER)),
            says="Control arrives there, in that mode, with that program status.",
        ),
        "handed": record(
            Handed,
            ("symbol", ANY_TEXT),
            ("address", Nullable(_ADDRESS)),
            says="Control goes to that function.",
        ),
        "holds": record(
            Holds, ("formula", _FORMULA), says="A condition over registers at the end."
        ),
        "keeps": record(
            Keeps,
            ("register", ANY_TEXT),
            ("value", _NUMBER),
            says="The register has that value, as at the start.",
        ),
        "keeps-bytes": record(
            KeepsBytes,
            ("address", _ADDRESS),
            Key("bytes", "content", _BYTES),
            says="Memory holds these bytes, as at the start.",
        ),
    },
)
_ARRIVAL: Final = record(
    Arrival,
    Key("ends", "kind", Word({w: w for w in ("returned", "reached", "stuck", "faulted")})),
    ("address", Nullable(_ADDRESS)),
    ("mode", _MODE),
)
_PREDICTED: Final = record(
    Prediction,
    Key("control", "arrival", _ARRIVAL),
    (
        "registers",
        _REGISTERS,
        (
            "General registers that change, and what the promise is about; every other general "
            "register keeps its value."
        ),
    ),
    ("open", _TEXTS, "General registers of which nothing is predicted."),
    ("memory", _MEMORY, "What is written."),
)
WITNESS: Final = record(
    Witness,
    Key("schema", None, identity(SCHEMA, VERSION)),
    ("claim", _CLAIM, "What is said to be broken, and by whom."),
    ("image", _IMAGE),
    ("start", _START, "The machine at the caller's hvc."),
    (
        "promised",
        _PROMISED,
        (
            "What the contract promises, in numbers; a machine that shows the contrary confirms "
            "the refutation."
        ),
    ),
    ("predicted", _PREDICTED, "What the derivation says a machine shows at the end."),
    ("made_by", TableOf(ANY_TEXT), "Version of each tool."),
)
