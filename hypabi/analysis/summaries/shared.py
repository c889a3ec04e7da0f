"""What several summaries tell alike: inputs, tables, counterexamples, replays, suppressions."""

import re
from collections.abc import Callable, Iterable, Mapping
from pathlib import PurePath
from typing import TYPE_CHECKING, Final

from hypabi.analysis.results.shared import (
    CallNumber,
    ContractIdentity,
    Evidence,
    ImageIdentity,
    Observation,
    ProgramIdentity,
    VectorTable,
)
from hypabi.analysis.results.vector_table import Table
from hypabi.analysis.summaries.listing import instructions_of
from hypabi.image.model import Image, Loaded
from hypabi.image.symbolizer import ADDRESS, Places

if TYPE_CHECKING:
    from hypabi.contract.revision import Revision
    from hypabi.judgement.verification.verdict import Refuted

_NAME: Final = re.compile(r"[A-Za-z]\w*")


def identify_image(loaded: Loaded) -> ImageIdentity:
    """Return which file it is, and the programs in it."""
    kernel = loaded.images[-1]
    return ImageIdentity(
        loaded.path,
        loaded.sha256,
        " ".join(PurePath(path).name for path in loaded.paths),
        tuple(loaded.formats),
        kernel.architecture,
        kernel.byte_order,
        kernel.version or None,
        tuple(map(_program, loaded.images)),
    )


def _program(image: Image) -> ProgramIdentity:
    return ProgramIdentity(image.role, image.sha256, f"{image.entry:#x}", image.base)


def identify_contract(revision: "Revision", sha256: str) -> ContractIdentity:
    """Return which contract it is, and as of which kernel.

    :param sha256: of the contract's file
    """
    return ContractIdentity(
        revision.contract,
        revision.document,
        sha256,
        str(revision.version),
        revision.architecture,
        revision.identifier,
        revision.result,
        tuple(CallNumber(call.name, call.number) for call in revision.calls),
    )


def vector_table(table: Table) -> VectorTable:
    """Return where a vector table is and how it was found."""
    symbol = table.name or None
    return VectorTable(f"{table.address:#x}", table.how, table.kind, table.role, symbol)


def values_of(model: Mapping[str, int]) -> Mapping[str, str]:
    """Return a model in hexadecimal, by name."""
    return {name: f"{model[name]:#x}" for name in sorted(model)}


def observations(refuted: "Refuted") -> tuple[Observation, ...]:
    """Return what was seen to differ."""
    return tuple(
        Observation(name, f"{before:#x}", f"{after:#x}") for name, before, after in refuted.observed
    )


def evidence_of(refuted: "Refuted", texts: Callable[[int], str], places: Places) -> Evidence:
    """Return why a clause is refuted: a state, what was observed, and the path by instruction.

    :param texts: disassembly of the instruction at an address
    """
    return Evidence(
        counterexample=values_of(entered(refuted)),
        observed=observations(refuted),
        path=tuple(f"{address:#x}" for address in refuted.trail),
        disassembly=tuple(instructions_of(refuted.trail, texts, places)),
    )


def no_evidence() -> Evidence:
    """Return the evidence of what is not refuted."""
    return Evidence(counterexample={}, observed=(), path=(), disassembly=())


def entered(refuted: "Refuted") -> Mapping[str, int]:
    """Return the state at entry of a counterexample, the registers that were observed included.

    A solver leaves out what any value would do for; an observation says which value was taken.
    """
    observed = {name: entry for name, entry, _ in refuted.observed if _NAME.fullmatch(name)}
    return {**refuted.model, **observed}


def symbols_in(texts: Iterable[str], places: Places) -> Mapping[str, str]:
    """Return the addresses that stand in texts and have a symbol, each with its spelling."""
    found = {match[0]: match for text in texts for match in ADDRESS.finditer(text)}
    spelled = {written: places.named(found[written]) for written in sorted(found)}
    return {written: name for written, name in spelled.items() if name != written}
