"""The reference images as the index lists them, one for each file."""

import functools
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from tests.inputs import ROOT

FOLDER = ROOT / "hypabi" / "reference"


@dataclass(frozen=True, slots=True)
class Reference:
    """One file: its image, its form, and what the index says of it."""

    image: str
    form: str
    kind: str
    architecture: str
    instruction_set: str
    byte_order: str
    tables: tuple[str, ...]
    callers: tuple[str, ...]
    ends: str

    @property
    def name(self) -> str:
        """The file's name without its ending."""
        return f"{self.image}-{self.form}"

    @property
    def file(self) -> Path:
        """The file."""
        return FOLDER / f"{self.name}.elf"


@functools.cache
def read_index() -> dict[str, Any]:
    """Read the index by an ordinary YAML reader, with its groups of callers in the images."""
    index: dict[str, Any] = yaml.load((FOLDER / "index.yaml").read_bytes(), yaml.CSafeLoader)
    for image in index["images"]:
        groups = [index["callers"][name] for name in image["callers"]]
        image["callers"] = {name: sets for group in groups for name, sets in group.items()}
    return index


@functools.cache
def references() -> list[Reference]:
    """Return every image in each of its forms, in the order of the index."""
    index = read_index()
    return [
        Reference(
            image["name"],
            form,
            image["kind"],
            image["architecture"],
            index["forms"][form]["instruction-set"],
            index["forms"][form]["byte-order"],
            tuple(party["vectors"] for party in image["parties"].values()),
            tuple(image["callers"]),
            image.get("ends", ""),
        )
        for image in index["images"]
        for form in image["forms"]
    ]


CALLERS = [
    (image["name"], form, function, registers)
    for image in read_index()["images"]
    for form in image["forms"]
    for function, registers in image["callers"].items()
    if image["kind"] in ("stub", "kvm")
]
"""Each caller of a reference party: image, form, function, and the registers that it sets."""
