"""Checks made by hand: every part of a report without an image, a lifter or a solver."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from hypothesis import strategies as st

from hypabi.analysis.findings.check import Check
from hypabi.analysis.provenance import Provenance
from hypabi.analysis.results.check import CheckResult
from hypabi.analysis.results.vector_table import Table
from hypabi.analysis.summaries.check import summarize_check
from hypabi.arch.names import Architecture, ByteOrder
from hypabi.contract.clause import Authority, Clause, Ensures, Premise
from hypabi.contract.expression import Conjunction
from hypabi.contract.file.load import shipped_contract
from hypabi.contract.model import Program
from hypabi.contract.revision import LiveCall, LiveParty, Revision, Row, Service
from hypabi.contract.version import Version
from hypabi.image.model import Access, Image, Loaded, Role, Segment, Symbol
from hypabi.judgement.verification.breach import HandedElsewhere, Lost
from hypabi.judgement.verification.prover import Judgement
from hypabi.judgement.verification.verdict import (
    Finding,
    Proved,
    Undecided,
    Unspecified,
    Vacuous,
    Verdict,
)
from tests.judgement.made_refutation import refuted

COLUMNS = 75
"""What the issue allows; not the number in the code, which a test must not trust."""

STUB = 0xFFFF_8000_0800_0000
ALWAYS = Conjunction(())
NO_AUTHORITY = Authority()
VERSIONS = (("hypabi", "0.1.0"), ("pypcode", "3.3.3"), ("bitwuzla", "0.9.1"))


@dataclass(frozen=True, slots=True)
class Named:
    """A symbol table of a few names."""

    symbols: Mapping[str, int]

    def find(self, name: str) -> tuple[Symbol, ...]:
        return (Symbol(name, self.symbols[name]),) if name in self.symbols else ()

    def around(self, address: int) -> Symbol | None:
        before = [(at, name) for name, at in self.symbols.items() if at <= address]
        return Symbol(max(before)[1], max(before)[0]) if before else None

    def __len__(self) -> int:
        return len(self.symbols)

    def __iter__(self) -> Iterator[Symbol]:
        return (Symbol(name, at) for name, at in self.symbols.items())


def loaded(path: str = "vmlinuz", version: str = "6.1.0-test", size: int = 0x2000) -> Loaded:
    """Return a kernel of one segment of code with the symbols ``vectors`` and ``sync``."""
    image = Image(
        Role.KERNEL,
        Architecture.ARM64,
        ByteOrder.LITTLE,
        (Segment(STUB, bytes(size), Access.CODE, ".text"),),
        STUB,
        Named({"vectors": STUB, "sync": STUB + 0x800}),
        "a" * 64,
        version,
        "made by hand",
    )
    return Loaded((path,), "b" * 64, ("arm64 Image",), (image,))


def party(name: str) -> LiveParty:
    return LiveParty(
        name=name,
        title=f"the {name}",
        vectors="vectors",
        also_at=(),
        program=Program.KERNEL,
        owner="ARM64 PORT",
        when=None,
        assumes=(),
    )


def premise(name: str, reason: str) -> Premise:
    return Premise(name, f"{name} holds", ALWAYS, Authority(because=reason))


def finding(
    verdict: Verdict,
    clause: str = "result",
    party_name: str = "stub",
    call: str | None = "HVC_SET_VECTORS",
    *,
    text: str = "result == success",
    authority: Authority = NO_AUTHORITY,
    assumptions: tuple[str, ...] = (),
) -> Finding:
    made = Clause(clause, text, Ensures(ALWAYS), authority)
    return Finding(party_name, call, None if call is None else 0, made, verdict, assumptions)


def proved(clause: str = "result", party_name: str = "stub") -> Finding:
    return finding(Proved(3), clause, party_name)


def revision(parties: tuple[str, ...], assumes: tuple[Premise, ...] = ()) -> Revision:
    call = LiveCall("HVC_SET_VECTORS", 0, (), parties, NO_AUTHORITY)
    rows = [
        Row(name, each, Service.SERVED, ALWAYS, assumes, (), (), None)
        for name in parties
        for each in ("HVC_SET_VECTORS", None)
    ]
    version = Version.parse("6.1")
    assert version is not None
    return Revision(
        "made-abi",
        "Documentation/made.rst",
        version,
        Architecture.ARM64,
        "hvc",
        0,
        "x0",
        "x0",
        64,
        0,
        0xBADCA11,
        tuple(map(party, parties)),
        (call,),
        tuple(rows),
        parties[0],
        (),
    )


def found(
    *findings: Finding,
    parties: tuple[str, ...] = ("stub",),
    missing: tuple[str, ...] = (),
    expected: tuple[str, ...] = (),
    assumes: tuple[Premise, ...] = (),
    unspecified: tuple[Unspecified, ...] = (),
    unclaimed: int = 0,
    command: tuple[str, ...] = ("hypabi", "check", "vmlinuz"),
    of: Loaded | None = None,
) -> Check:
    """Return what was found of one kernel, with the findings given."""
    tables = [Table(Role.KERNEL, STUB, "EL2", "vectors", "symbol", parties)]
    for number in range(unclaimed):
        tables.append(
            replace(
                tables[0], address=STUB + 0x800 * (number + 1), name="", how="shape", parties=()
            )
        )
    made = revision((*parties, *missing), assumes)
    return Check(
        of or loaded(),
        shipped_contract("linux-hyp-abi"),
        made,
        tuple(tables),
        tuple(map(party, missing)),
        (),
        (),
        (),
        Judgement(findings, unspecified),
        {"ARM64_KVM_PROTECTED_MODE": 40},
        lambda address: f"mov x{address // 4 % 8}, #0x1",
        Provenance(command, VERSIONS),
        dict.fromkeys(expected, "its program begins with it"),
    )


def check(
    *findings: Finding,
    parties: tuple[str, ...] = ("stub",),
    missing: tuple[str, ...] = (),
    expected: tuple[str, ...] = (),
    assumes: tuple[Premise, ...] = (),
    unspecified: tuple[Unspecified, ...] = (),
    unclaimed: int = 0,
    command: tuple[str, ...] = ("hypabi", "check", "vmlinuz"),
    of: Loaded | None = None,
) -> CheckResult:
    """Return the result of a check of one kernel, with the findings given."""
    return summarize_check(
        found(
            *findings,
            parties=parties,
            missing=missing,
            expected=expected,
            assumes=assumes,
            unspecified=unspecified,
            unclaimed=unclaimed,
            command=command,
            of=of,
        )
    )


PATH = tuple(STUB + 4 * step for step in range(4))

LOST = refuted(
    Lost("x19"),
    {"x10": 7, "x9": 0, "SCTLR_EL2": 0x30C5_0830, "cpucap.40": 1, "cpucap.3": 0, "mem[x1]": 5},
    (("x19", 0x10, 0x11),),
    PATH,
)

VACUOUS = Vacuous("no path meets the condition of the clause")

TEXT = st.text(max_size=200)

VERDICTS: st.SearchStrategy[Verdict] = st.one_of(
    st.builds(Proved, st.integers(1, 9)),
    st.builds(Undecided, TEXT),
    st.builds(Vacuous, TEXT),
    st.builds(
        refuted,
        st.builds(HandedElsewhere, TEXT),
        st.dictionaries(TEXT, st.integers(0, 2**64 - 1), max_size=4),
        st.lists(st.tuples(TEXT, st.integers(0), st.integers(0)), max_size=2).map(tuple),
        st.lists(st.integers(0, 2**64 - 1), max_size=60).map(tuple),
    ),
)


@st.composite
def checks(draw: st.DrawFn) -> CheckResult:
    """Draw checks whose every text is hostile."""
    findings: Sequence[Finding] = draw(
        st.lists(
            st.builds(
                finding,
                VERDICTS,
                TEXT,
                party_name=st.sampled_from(["stub", "kvm-run-protected"]),
                text=TEXT,
                authority=st.builds(Authority, TEXT, TEXT, TEXT),
                assumptions=st.lists(TEXT, max_size=3).map(tuple),
            ),
            max_size=5,
        )
    )
    return check(
        *findings,
        parties=("stub", "kvm-run-protected"),
        unspecified=tuple(draw(st.lists(st.builds(Unspecified, TEXT, TEXT, TEXT), max_size=2))),
        command=("hypabi", draw(TEXT.filter(lambda text: "\0" not in text))),
        of=loaded(draw(TEXT), draw(TEXT)),
    )
