"""The index of the reference images: what each file holds, and which contract its revisions have.

The index also says how the images are built and what tests expect of them; here that is checked
and left alone.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Final

from hypabi.arch.names import Architecture, ByteOrder, InstructionSet
from hypabi.decode.bounds import Bounds, read_bounded
from hypabi.decode.decoder import decode
from hypabi.decode.place import Place, known
from hypabi.decode.shape import (
    ANY_TEXT,
    NUMBER,
    TEXT,
    Checked,
    Either,
    Key,
    ListOf,
    TableOf,
    record,
    words_of,
)
from hypabi.decode.yaml import compose_yaml
from hypabi.home import REFERENCES
from hypabi.records import frozen

BOUNDS: Final = Bounds(bytes=1 << 17, parts=20_000, depth=8)


@frozen
class Form:
    """An instruction set and a byte order, and what the file's name says of them."""

    name: str
    instruction_set: InstructionSet
    byte_order: ByteOrder


@frozen
class ReferenceParty:
    """Whose vectors an image holds."""

    name: str
    vectors: str
    revision: str


@frozen
class ReferenceCaller:
    """A function that issues one ``hvc``, and the call that it means to make."""

    name: str
    call: str


@frozen
class Reference:
    """One image, in each of its forms."""

    name: str
    kind: str
    architecture: Architecture
    revision: str
    """That of its callers."""
    forms: tuple[Form, ...]
    parties: tuple[ReferenceParty, ...]
    callers: tuple[ReferenceCaller, ...]

    def file(self, form: Form) -> Path:
        """Return the file of a form."""
        return folder() / f"{self.name}-{form.name}.elf"


@frozen
class Promised:
    """Where a revision's contract stands: its file's name, and the kernel version to take it at."""

    contract: str
    version: str


@frozen
class Index:
    """All reference images, in the order of the index."""

    references: tuple[Reference, ...]
    revisions: Mapping[str, Promised]


def folder() -> Path:
    """Return where the images and their index are."""
    return REFERENCES


def read_index() -> Index:
    """Read the index that is shipped."""
    path = folder() / "index.yaml"
    return parse_index(read_bounded(path, BOUNDS), path.name)


def parse_index(text: bytes, file: str) -> Index:
    """Read an index from its text.

    :param file: what refusals call it
    :raises FileError: it is none
    """
    return decode(compose_yaml(text, file, BOUNDS), _INDEX, Index)


@frozen
class _Shape:
    """An instruction set and a byte order."""

    instruction_set: InstructionSet
    byte_order: ByteOrder


@frozen
class _Live:
    """What the index says under a party's name."""

    vectors: str
    revision: str


@frozen
class _Image:
    """An image as the index has it: its forms and its groups of callers by their names."""

    name: str
    kind: str
    architecture: Architecture
    revision: str
    forms: tuple[str, ...]
    parties: Mapping[str, _Live]
    callers: tuple[str, ...]
    place: Place


def _index(
    forms: Mapping[str, _Shape],
    callers: Mapping[str, Mapping[str, str]],
    revisions: Mapping[str, Promised],
    images: tuple[_Image, ...],
) -> Index:
    for image in images:
        for name in image.forms:
            known(name, forms, image.place.below("forms"))
        for name in image.callers:
            known(name, callers, image.place.below("callers"))
    named = {n: Form(n, each.instruction_set, each.byte_order) for n, each in forms.items()}
    return Index(tuple(_reference(each, named, callers) for each in images), revisions)


def _reference(
    image: _Image, forms: Mapping[str, Form], callers: Mapping[str, Mapping[str, str]]
) -> Reference:
    calls = {name: call for group in image.callers for name, call in callers[group].items()}
    return Reference(
        image.name,
        image.kind,
        image.architecture,
        image.revision,
        tuple(forms[name] for name in image.forms),
        tuple(ReferenceParty(n, each.vectors, each.revision) for n, each in image.parties.items()),
        tuple(ReferenceCaller(name, call) for name, call in calls.items()),
    )


def _call_of(sets: Mapping[str, object], place: Place) -> str:
    """Return the call that a caller means to make, of what it puts into which registers."""
    call = sets.get("call")
    if not isinstance(call, str):
        raise place.refuse("the key 'call' is missing")
    return call


_IMAGE: Final = record(
    _Image,
    ("name", TEXT),
    ("kind", TEXT),
    ("architecture", words_of(Architecture)),
    ("revision", ANY_TEXT),
    ("forms", ListOf(TEXT)),
    ("parties", TableOf(record(_Live, ("vectors", TEXT), ("revision", TEXT)))),
    ("callers", ListOf(TEXT)),
    Key("units", None, ListOf(TEXT)),
    Key("define", None, ListOf(TEXT)),
    optional=(
        Key("defect", None, TEXT),
        Key("expected", None, ListOf(TableOf(TEXT))),
        Key("ends", None, TEXT),
        Key("address", None, NUMBER),
    ),
    place="place",
)
_CALLER: Final = Checked(TableOf(Either("a text or a number", TEXT, NUMBER)), _call_of)
_FORM: Final = record(
    _Shape, ("instruction-set", words_of(InstructionSet)), ("byte-order", words_of(ByteOrder))
)
_INDEX: Final = record(
    _index,
    ("forms", TableOf(_FORM)),
    ("callers", TableOf(TableOf(_CALLER))),
    ("revisions", TableOf(record(Promised, ("contract", TEXT), ("version", TEXT)))),
    ("images", ListOf(_IMAGE)),
)
