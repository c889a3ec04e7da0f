"""The shipped contracts that a kernel's call sites are named by: one registry, read by need.

Any file in ``hypabi/contracts`` takes part that speaks of the kernel's architecture and version; a
new one needs no line here.
"""

import re
from pathlib import Path
from typing import Final

import hypabi
from hypabi.arch.names import Architecture
from hypabi.judgement.contract import Contract
from hypabi.judgement.load import shipped
from hypabi.judgement.naming import Interfaces
from hypabi.judgement.revision import Revision
from hypabi.judgement.stated import StatedContract
from hypabi.judgement.version import Version

ARCHITECTURES: Final = re.compile(rb"^architectures: \[([^]]*)\]", re.MULTILINE)
UNTIL: Final = re.compile(rb"^until: \"?([0-9.]+)", re.MULTILINE)
"""Keys at the top of a contract file, as `hypabi contract format` writes them."""


def interfaces(
    architecture: Architecture, version: Version | None, revision: Revision | None
) -> tuple[Interfaces, tuple[str, ...]]:
    """Return the interfaces of a kernel, and which contracts they are.

    :param revision: of the contract that was named; its stub calls are those that count
    """
    revisions = [] if revision is None else [revision]
    stated: list[StatedContract] = []
    for path in sorted((Path(hypabi.__file__).parent / "contracts").glob("*.yaml")):
        if not _may_speak(path.read_bytes(), architecture, version):
            continue
        if revision is not None and path.stem == revision.contract:
            continue
        contract = shipped(path.stem)
        if isinstance(contract, StatedContract):
            stated.append(contract)
        elif revision is None and version is not None and _speaks(contract, architecture, version):
            revisions.append(contract.at(version, architecture))
    names = [each.contract for each in revisions] + [each.name for each in stated]
    return Interfaces(architecture, version, revisions, stated), tuple(names)


def _may_speak(text: bytes, architecture: Architecture, version: Version | None) -> bool:
    """Tell by the keys at its top whether a contract is worth reading."""
    found = ARCHITECTURES.search(text)
    if found and architecture.value not in found.group(1).decode("ascii", "replace").split(", "):
        return False
    until = UNTIL.search(text)
    last = Version.exact(until.group(1).decode("ascii")) if until else None
    return last is None or version is None or version < last


def _speaks(contract: Contract, architecture: Architecture, version: Version) -> bool:
    if architecture not in contract.architectures or version < contract.since:
        return False
    return contract.until is None or version < contract.until
