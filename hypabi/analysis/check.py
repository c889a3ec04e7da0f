"""From a file to judged behaviours: the steps that every command about an image shares.

``cli`` may import every package, so the order of the steps stands here and nowhere else: load, find
the tables, tell the parties, derive, judge.
"""

import os
from collections.abc import Callable, Mapping

from hypabi.analysis.party_detection import table_names, tell_parties
from hypabi.analysis.program import Workbench
from hypabi.behaviour.case import Behaviour
from hypabi.code.cpu_capabilities import Capabilities
from hypabi.code.vector_tables import VectorTable
from hypabi.contract.model import Contract
from hypabi.contract.resolve import revision_of
from hypabi.contract.revision import LiveParty, Revision
from hypabi.contract.version import Version
from hypabi.errors import HypabiError
from hypabi.image.load import load_image
from hypabi.image.model import Loaded, Role
from hypabi.judgement.verification.lowering import Surroundings
from hypabi.judgement.verification.prover import Judgement, judge_contract
from hypabi.records import frozen, replace
from hypabi.smt.bitwuzla import BitwuzlaSolver


@frozen
class Provider:
    """A vector table of one program, and which party's it is."""

    role: Role
    table: VectorTable
    parties: tuple[str, ...]
    """Names of the contract's parties that take calls through it; empty for one it does not
    know."""


@frozen
class Examination:
    """What was found in a file and what was proved of it."""

    loaded: Loaded
    contract: Contract
    revision: Revision
    providers: tuple[Provider, ...]
    behaviours: Mapping[str, Behaviour]
    """By name of the party."""
    judgement: Judgement
    missing: tuple[LiveParty, ...]
    """Parties of the revision that the file does not hold."""
    capabilities: Mapping[str, int]
    """Number of each capability that the contract asked for and the kernel describes."""
    texts: Callable[[int], str]
    """Disassembly of the instruction at an address, with its symbol."""
    benches: Mapping[Role, Workbench]
    """Each program, for those who want to derive more."""
    surroundings: Surroundings


def examine(
    path: str | os.PathLike[str], contract: Contract, version: Version | None = None
) -> Examination:
    """Load a file and judge it against a contract.

    :param version: of the kernel; where ``None``, the one that the image says it is
    :raises HypabiError: the file cannot be read, or the contract does not speak of its version
    """
    loaded = load_image(path)
    revision = revision_for(loaded, contract, version)
    names = table_names(revision)
    benches = {image.role: Workbench(image, names) for image in loaded.images}
    found = tell_parties(revision, benches)
    behaviours = {
        name: benches[role].behaviour(table, revision.immediate)
        for name, (role, table) in found.items()
    }
    capabilities = Capabilities(loaded.images[-1])
    surroundings = Surroundings(
        {name: table.address for name, (_, table) in found.items()},
        capabilities.number,
        capabilities.lacks,
    )
    judgement = judge_contract(revision, behaviours, surroundings, BitwuzlaSolver)
    return Examination(
        loaded,
        contract,
        revision,
        _providers(benches, found),
        behaviours,
        judgement,
        tuple(party for party in revision.parties if party.name not in found),
        capabilities.known(),
        _disassembler(benches),
        benches,
        surroundings,
    )


def revision_for(loaded: Loaded, contract: Contract, version: Version | None = None) -> Revision:
    """Return the contract of the kernel that a file holds.

    :param version: of the kernel; where ``None``, the one that the image says it is
    :raises HypabiError: the kernel does not say its version, or the contract does not speak of it
    """
    kernel = loaded.images[-1]
    version = version or Version.parse(kernel.version)
    if version is None:
        raise HypabiError(
            loaded.path,
            "the image does not say which kernel version it is",
            "name it with --kernel-version",
        )
    return revision_of(contract, version, kernel.architecture)


def _providers(
    benches: Mapping[Role, Workbench], found: Mapping[str, tuple[Role, VectorTable]]
) -> tuple[Provider, ...]:
    providers = []
    for role, bench in benches.items():
        for address, table in sorted(bench.tables.items()):
            parties = [n for n, (r, t) in found.items() if (r, t.address) == (role, address)]
            how = next((found[name][1].how for name in parties), table.how)
            providers.append(Provider(role, replace(table, how=how), tuple(parties)))
    return tuple(providers)


def _disassembler(benches: Mapping[Role, Workbench]) -> Callable[[int], str]:
    def text(address: int) -> str:
        for bench in benches.values():
            segment = bench.image.segment(address)
            if segment is not None:
                return bench.explorer.disassembled(address)
        return ""

    return text
