"""Witness files, and the images that they name."""

import hashlib
import re
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from hypabi.decode.bounds import read_bounded
from hypabi.errors import HypabiError
from hypabi.home import REFERENCES
from hypabi.regular import read_regular
from hypabi.unknowns import with_fixed_words_moved
from hypabi.witness.file.reader import read_witness_text
from hypabi.witness.file.shape import BOUNDS
from hypabi.witness.file.writer import write_witness_text
from hypabi.witness.model import Page, Witness
from hypabi.witness.pages import Pages

if TYPE_CHECKING:
    from hypabi.image.model import Image


def read_witness(where: str) -> tuple[Witness, str]:
    """Return a witness, and the SHA-256 of its file.

    :raises HypabiError: the file cannot be read, or holds no witness
    """
    content = read_bounded(Path(where), BOUNDS)
    return read_witness_text(where, content), hashlib.sha256(content).hexdigest()


def write_witness(witness: Witness, folder: str) -> str:
    """Write a witness into a folder, under the name of what it refutes, and return the path.

    :raises HypabiError: it cannot be written
    """
    from hypabi.atomic_file import write_output

    claim = witness.claim
    words = (claim.party, claim.call or "any-other", claim.clause)
    name = ".".join(re.sub(r"[^\w-]+", "-", word) for word in words)
    path = Path(folder, f"{name}.json")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as failed:
        raise HypabiError(folder, failed.strerror or str(failed)) from None
    write_output(write_witness_text(witness), str(path))
    return str(path)


def needed_of(witness: Witness) -> Mapping[str, int]:
    """Return what a refutation needs of the state at entry, words of memory at link addresses."""
    limit = 1 << witness.start.architecture.bits

    def linked(address: int) -> int:
        return (address - witness.image.displacement) % limit

    needed = witness.claim.counterexample
    return {with_fixed_words_moved(name, linked): needed[name] for name in needed}


def pages_of(witness: Witness, image: str | None) -> Pages:
    """Return the code that a witness runs, each page held against its SHA-256.

    Where the file holds the pages as they are, nothing else of it is read; else it is opened as
    any image is.

    :param image: the file; ``None`` for one of our references
    :raises HypabiError: it is not the image that the witness names
    """
    where = _reference(witness) if image is None else image
    pages = Pages()
    if _take_from_file(witness, where, pages):
        return pages
    _take_from_image(witness, where, pages)
    return pages


def _reference(witness: Witness) -> str:
    likely = REFERENCES / Path(witness.image.name).name
    for path in (likely, *sorted(REFERENCES.glob("*.elf"))):
        if path.is_file() and hashlib.sha256(path.read_bytes()).hexdigest() == witness.image.sha256:
            return str(path)
    raise HypabiError(
        witness.image.name,
        "the witness was made of this image, which is none of those that come with hypabi",
        "name the image: hypabi replay WITNESS IMAGE",
    )


def _take_from_file(witness: Witness, where: str, pages: Pages) -> bool:
    """Read the pages at their offsets, and say whether all of them are what they shall be."""
    if any(page.offset is None for page in witness.image.pages):
        return False
    try:

        def at(page: Page) -> bytes:
            return read_regular(where, page.size, page.offset or 0)

        return pages.take(witness.image.pages, at) is None
    except (OSError, OverflowError):
        return False


def _take_from_image(witness: Witness, where: str, pages: Pages) -> None:
    from hypabi.image.load import load_image
    from hypabi.witness.program import content_of

    loaded = load_image(where)
    limit = 1 << witness.start.architecture.bits

    def linked(image: "Image", page: Page) -> bytes:
        address = (page.address - witness.image.displacement) % limit
        return content_of(image, address, page.size) or b""

    for image in loaded.images:
        right = image.role.value == witness.image.program
        if right and pages.take(witness.image.pages, partial(linked, image)) is None:
            return
    raise HypabiError(
        where,
        f"this is not the image of the witness: its SHA-256 is {loaded.sha256}, and not "
        f"{witness.image.sha256}",
        f"the witness was made of {witness.image.name} {witness.image.version}".rstrip(),
    )
