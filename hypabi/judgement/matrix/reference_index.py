"""The index of the reference images: what each file holds, and which contract its revisions have.

The images are ours and are shipped with hypabi, so what is wrong with the index is a defect of
hypabi and not an input that is refused.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from hypabi.arch.names import Architecture, ByteOrder, InstructionSet
from hypabi.home import REFERENCES
from hypabi.records import frozen


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
    import yaml  # noqa: PLC0415 - few commands pay for it

    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    content = (folder() / "index.yaml").read_bytes()
    plain: dict[str, Any] = yaml.load(content, loader)
    forms = {
        name: Form(name, InstructionSet(form["instruction-set"]), ByteOrder(form["byte-order"]))
        for name, form in plain["forms"].items()
    }
    references = tuple(_reference(each, forms) for each in plain["images"])
    revisions = {
        name: Promised(each["contract"], each["version"])
        for name, each in plain["revisions"].items()
    }
    return Index(references, revisions)


def _reference(plain: Mapping[str, Any], forms: Mapping[str, Form]) -> Reference:
    return Reference(
        plain["name"],
        plain["kind"],
        Architecture(plain["architecture"]),
        plain["revision"],
        tuple(forms[name] for name in plain["forms"]),
        tuple(
            ReferenceParty(name, party["vectors"], party["revision"])
            for name, party in plain["parties"].items()
        ),
        tuple(ReferenceCaller(name, call["call"]) for name, call in plain["callers"].items()),
    )
