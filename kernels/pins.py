"""Which kernels, documents, sources and hypervisors the project is held against, by hash."""

import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

PINS = Path(__file__).with_name("pins.toml")
DOCUMENTS = Path(__file__).with_name("documents.toml")
SOURCES = Path(__file__).with_name("sources.toml")
NEIGHBOURS = Path(__file__).with_name("neighbours.toml")
HYPERVISORS = Path(__file__).with_name("hypervisors.toml")
FILES = (PINS, DOCUMENTS, SOURCES, NEIGHBOURS, HYPERVISORS)

SMALL = 32 << 20
"""Largest package in bytes of a neighbour that is fetched without being named: what they show
stands in a table beside the tests, and a run need not bring half a gigabyte to read it again."""

KERNEL = r"\./(boot/vmlinuz-[^/]+|usr/lib/modules/[^/]+/vmlinuz)"
"""Where a package has its kernel."""

HEADERS = {
    PINS.name: """\
# The kernels that tests and demo read, as found in Debian's archive; `kernels/fetch --newest NAME`
# rewrites an entry.  `file` is the path within the archive, `newest` the packages that may follow.
""",
    DOCUMENTS.name: """\
# The kernel documents that tests read, as pins.toml has the kernels; `image_sha256` is the
# document's, `member` where the package has it.  They are under the GPL: never commit one.
""",
    NEIGHBOURS.name: """\
# The kernels of other architectures that tests read, with the modules that matter, as pins.toml
# has Arm's; `image_sha256` is that of the tar file of what `members` matches (kernels/cache.py).
# Of 5.10 Debian's archive has neither ppc64el nor s390x any more (looked up on 2026-11-30).
""",
    HYPERVISORS.name: """\
# The other hypervisors that tests read, with their symbols, as pins.toml has the kernels;
# `image_sha256` is that of the ELF file, `member` where the package has it.
""",
    SOURCES.name: """\
# The kernel sources that tests and evidence/defects edit and build, as pins.toml has the kernels;
# `image_sha256` is the archive's in the package.  They are under the GPL: never commit any of it.
""",
}


@dataclass(frozen=True, slots=True)
class Pin:
    """One package of one suite, and the kernel or document in it, by hash."""

    name: str
    suite: str
    architecture: str
    """As Debian spells it: arm64, armhf, amd64 ..."""
    package: str
    version: str
    file: str
    """Path of the package below the archive's root."""
    size: int
    """Of the package, in bytes."""
    package_sha256: str
    image_sha256: str
    """Of the ``vmlinuz`` or the document in the package."""
    newest: str
    """Regular expression over package names; what matches may replace this pin."""
    member: str = KERNEL
    """Regular expression over paths in the package: the file that is wanted."""
    members: str = ""
    """The same where several are; what is kept is a tar file of them."""


def read_pins(path: Path = PINS) -> dict[str, Pin]:
    """Return the pins by name, in the order of the file."""
    tables = tomllib.loads(path.read_text(encoding="utf-8"))
    return {name: Pin(name=name, **fields) for name, fields in tables.items()}


def fetched_unasked() -> list[str]:
    """Return the names of what is fetched where none is named."""
    small = (pin.name for pin in read_pins(NEIGHBOURS).values() if pin.size <= SMALL)
    always = (PINS, DOCUMENTS, SOURCES, HYPERVISORS)
    return [*(name for file in always for name in read_pins(file)), *small]


def write_pins(pins: Iterable[Pin], path: Path = PINS) -> None:
    """Replace the file of pins by these."""
    text = HEADERS[path.name] + "".join(_table(pin) for pin in pins)
    assert list(tomllib.loads(text)) == [pin.name for pin in pins]
    path.write_text(text, encoding="utf-8")


def _table(pin: Pin) -> str:
    member = "" if pin.member == KERNEL else f"member = '{pin.member}'\n"
    member += f"members = '{pin.members}'\n" if pin.members else ""
    return f"""
["{pin.name}"]
suite = '{pin.suite}'
architecture = '{pin.architecture}'
package = '{pin.package}'
version = '{pin.version}'
file = '{pin.file}'
size = {pin.size}
package_sha256 = '{pin.package_sha256}'
image_sha256 = '{pin.image_sha256}'
newest = '{pin.newest}'
{member}"""
