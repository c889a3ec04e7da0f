"""Derivations made by hand."""

from collections.abc import Mapping

from hypabi.analysis.results.derivation import (
    AgreeingCases,
    DerivedCall,
    DerivedCase,
    DerivedEntry,
    DeriveReproduction,
    DeriveResult,
    Ending,
    MemoryRegion,
    MemoryWrite,
    SystemEffect,
)
from hypabi.analysis.results.shared import VectorTable
from hypabi.analysis.summaries.shared import identify_image
from hypabi.image.model import Role
from tests.report import made

GENERAL = (*(f"x{number}" for number in range(31)), *(f"SP_EL{level}" for level in range(4)))


def case(
    *where: str,
    registers: Mapping[str, str] | None = None,
    system: Mapping[str, str] | None = None,
    memory: tuple[MemoryWrite, ...] = (),
    regions: tuple[MemoryRegion, ...] = (),
    effects: tuple[SystemEffect, ...] = (),
    ends: tuple[Ending, str] = (Ending.RETURNS, "to the caller"),
    last_place: str | None = None,
    assumptions: tuple[str, ...] = (),
) -> DerivedCase:
    changed = registers or {}
    return DerivedCase(
        where,
        " && ".join(where) or "1",
        changed,
        system or {},
        tuple(name for name in GENERAL if name not in changed),
        memory,
        regions,
        effects,
        *ends,
        None if last_place is None else f"{made.STUB:#x}",
        last_place,
        assumptions,
    )


def call(
    number: str | None,
    *cases: DerivedCase,
    name: str | None = None,
    agreeing: tuple[AgreeingCases, ...] | None = None,
) -> DerivedCall:
    """Return what is done for one number.

    :param agreeing: by default every case does something else
    """
    alone = tuple(AgreeingCases((at,), each.when == "1") for at, each in enumerate(cases))
    return DerivedCall(number, name, cases, alone if agreeing is None else agreeing)


def entry(*calls: DerivedCall, parties: tuple[str, ...] = ("stub",)) -> DerivedEntry:
    table = VectorTable(f"{made.STUB:#x}", "symbol", "EL2", Role.KERNEL, "vectors")
    return DerivedEntry(f"{made.STUB + 0x400:#x}", "vectors+0x400", parties, table, calls)


def derivation(
    *entries: DerivedEntry, symbols: Mapping[str, str] | None = None, version: str = "6.1.0-test"
) -> DeriveResult:
    return DeriveResult(
        identify_image(made.loaded(version=version)),
        "x0",
        "x0",
        entries,
        {"ARM64_KVM_PROTECTED_MODE": 40},
        symbols or {},
        DeriveReproduction(
            command=("hypabi", "derive", "vmlinuz"),
            versions=dict(made.VERSIONS),
            image_sha256="b" * 64,
            contract_sha256=None,
        ),
    )


def of_calls(*calls: DerivedCall) -> DeriveResult:
    """Return a derivation of one entry."""
    return derivation(entry(*calls))
