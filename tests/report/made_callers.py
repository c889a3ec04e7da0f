"""Lists of call sites made by hand."""

from hypabi.analysis.results.callers import (
    AnswerTest,
    AnswerUse,
    AskedFor,
    CallersReproduction,
    CallersResult,
    FunctionExtent,
    Kind,
    ListedCaller,
    ListedCallSite,
    ListedPath,
    LiveBehind,
    NamedCall,
    PossibleRead,
    SiteVerdict,
    UninitialisedIdentifier,
    UnresolvedIdentifier,
    ValueSource,
)
from hypabi.analysis.summaries.shared import identify_image
from hypabi.arch.names import Conduit, InstructionSet
from hypabi.callsites.model import Reached, ResultUse, Start, Why
from hypabi.callsites.value_origin import Origin
from hypabi.image.model import Role
from tests.report import made

SET_VECTORS = NamedCall("0x0", "linux-hyp-abi", "HVC_SET_VECTORS")
CHANCE = UninitialisedIdentifier("x0", "nobody sets it", ())
PASSED_ON = UnresolvedIdentifier(f"x0 depends on what the call at {made.STUB + 0x800:#x} returns")
SYMBOLS = {f"{made.STUB:#x}": "vectors", f"{made.STUB + 0x800:#x}": "sync"}


def way(*asks_for: AskedFor, start: Start = Start.ENTRY, where: tuple[str, ...] = ()) -> ListedPath:
    return ListedPath(
        asks_for,
        {"x0": "0x0", "x1": f"{made.STUB:#x}", "x2": "x2"},
        ("x1",),
        where,
        start,
        "vectors+0x10",
        (f"{made.STUB + 0x10:#x}", f"{made.STUB + 0x14:#x}"),
        (),
        {"x2": ValueSource(Origin.ARGUMENT, "x2", f"{made.STUB + 0x10:#x}")},
        None,
        None,
    )


def site(
    *asks_for: AskedFor,
    kind: Kind = Kind.NAMED,
    verdict: SiteVerdict = SiteVerdict.NAMED,
    paths: tuple[ListedPath, ...] | None = None,
    callers: tuple[ListedCaller, ...] = (),
    program: Role = Role.KERNEL,
    name: str = "f",
    place: str = "f+0x4",
) -> ListedCallSite:
    """Return a call site at which some of everything is known."""
    return ListedCallSite(
        program,
        f"{made.STUB + 0x14:#x}",
        place,
        InstructionSet.A64,
        Conduit.HVC,
        "0x0",
        "x0",
        FunctionExtent(name, f"{made.STUB + 0x10:#x}", f"{made.STUB + 0x20:#x}"),
        Reached.FLOW,
        asks_for,
        kind,
        verdict is SiteVerdict.UNINITIALISED,
        verdict,
        (way(*asks_for),) if paths is None else paths,
        (),
        callers,
        LiveBehind(
            {"x30": f"{made.STUB + 0x18:#x}"},
            (
                PossibleRead("x19", Why.KEPT, f"{made.STUB + 0x18:#x}"),
                PossibleRead("x20", Why.KEPT, f"{made.STUB + 0x18:#x}"),
                PossibleRead("x0", Why.RETURNED, f"{made.STUB + 0x18:#x}"),
            ),
            (),
        ),
        (
            AnswerUse(
                "x0",
                (ResultUse.RETURNED, ResultUse.OVERWRITTEN),
                (AnswerTest(f"{made.STUB + 0x18:#x}", "x0 after the call == 0", None),),
            ),
        ),
    )


def callers(
    *sites: ListedCallSite, version: str = "6.1.0-test", function: str | None = None
) -> CallersResult:
    return CallersResult(
        identify_image(made.loaded(version=version)),
        ("linux-hyp-abi", "arm-smccc"),
        "linux-hyp-abi",
        function,
        sites,
        SYMBOLS,
        CallersReproduction(
            command=("hypabi", "callers", "vmlinuz"),
            versions=dict(made.VERSIONS),
            image_sha256="b" * 64,
        ),
        None,
        None,
    )


def of_every_kind() -> CallersResult:
    """Return a list with a site of each kind that text tells apart."""
    passing = ListedCaller(f"{made.STUB + 0x100:#x}", "g+0x8", "g", (way(SET_VECTORS),))
    return callers(
        site(SET_VECTORS),
        site(CHANCE, kind=Kind.UNINITIALISED, verdict=SiteVerdict.UNINITIALISED, name="lost"),
        site(
            PASSED_ON,
            SET_VECTORS,
            kind=Kind.UNRESOLVED,
            verdict=SiteVerdict.UNRESOLVED,
            paths=(way(PASSED_ON),),
            callers=(passing,),
            program=Role.DECOMPRESSOR,
        ),
    )
