"""A list of call sites told as plain values says what the terms say."""

from hypabi.analysis.findings.callers import Callers, NamedCaller, NamedSite, NamedWay
from hypabi.analysis.provenance import Provenance
from hypabi.analysis.results.callers import (
    ContractCall,
    ListedCallSite,
    NamedCall,
    NoCall,
    SharedNumber,
    UninitialisedIdentifier,
    UnlistedCall,
    UnresolvedIdentifier,
)
from hypabi.analysis.summaries.callers import summarize_callers
from hypabi.arch.names import InstructionSet
from hypabi.behaviour.outcome import Condition
from hypabi.behaviour.request import Request
from hypabi.callsites.model import (
    Answer,
    Caller,
    CallPath,
    CallSite,
    Function,
    Liveness,
    MayRead,
    Reached,
    Read,
    ResultUse,
    Start,
    Test,
    Why,
    after,
)
from hypabi.callsites.value_origin import Origin, Source
from hypabi.contract.registry import Named
from hypabi.image.model import Role
from hypabi.judgement.callers.identification import (
    NotACall,
    OneOf,
    Uninitialised,
    Unlisted,
    Unresolved,
)
from hypabi.smt import terms
from tests.analysis.results.walk import assert_is_data
from tests.report import made

SITE = made.STUB + 0x20
SYNC = made.STUB + 0x800
FUNCTION = Function("vectors", made.STUB, SYNC)
X1, X2, X9 = (terms.symbol(f"x{number}", 64) for number in (1, 2, 9))
NAMED = Named(0, "linux-hyp-abi", "HVC_SET_VECTORS")
NAMES = (
    NAMED,
    OneOf(5, (NAMED, Named(5, "other", "B"))),
    Unlisted(0xC6000000, "somebody"),
    NotACall(9),
    Unresolved(f"x0 depends on what the call at {SYNC:#x} returns"),
    Uninitialised("x0", "nobody sets it", ("stub",)),
)
PATH = CallPath(
    Request(
        SITE,
        0,
        {"x0": 0, "x1": X1, "x2": X1, "x3": SYNC, "x9": X2},
        (Condition(made.STUB, terms.eq(X9, SYNC, 64)),),
        (),
    ),
    Start.INSIDE,
    (made.STUB + 0x18, SITE),
    {
        "x1": Source("x1", Origin.ARGUMENT, "x1", made.STUB),
        "x9": Source("x9", Origin.MEMORY, "", made.STUB),
    },
    (made.STUB + 0x1C,),
)


def summary() -> ListedCallSite:
    of = CallSite(
        SITE,
        InstructionSet.A64,
        0x4,
        FUNCTION,
        Reached.REPLACEMENT,
        (PATH,),
        (f"the branch at {SYNC:#x}",),
        (Caller(SYNC, FUNCTION, (PATH,)),),
        Liveness((Read("x30", SITE + 4),), (MayRead("x19", Why.KEPT, SITE + 8),), ("lost",)),
        (
            Answer(
                "x0",
                (ResultUse.USED,),
                (Test(SITE + 4, terms.eq(terms.symbol(after("x0"), 64), 0, 64), FUNCTION),),
            ),
        ),
        "x0",
    )
    through = (NamedCaller(of.callers[0], (NamedWay(PATH, (NAMED,)),)),)
    named = NamedSite(Role.KERNEL, of, (NamedWay(PATH, NAMES),), through)
    found = Callers(
        made.loaded(),
        (named,),
        "linux-hyp-abi",
        ("linux-hyp-abi",),
        None,
        Provenance(("hypabi", "callers", "vmlinuz"), made.VERSIONS),
    )
    result = summarize_callers(found)
    assert_is_data(result)
    assert result.symbols == {f"{SYNC:#x}": "sync"}
    (site,) = result.sites
    return site


def test_each_name_says_what_it_is() -> None:
    (way,) = summary().paths
    assert way.asks_for == (
        NamedCall("0x0", "linux-hyp-abi", "HVC_SET_VECTORS"),
        SharedNumber(
            "0x5", (ContractCall("linux-hyp-abi", "HVC_SET_VECTORS"), ContractCall("other", "B"))
        ),
        UnlistedCall("0xc6000000", "somebody"),
        NoCall("0x9"),
        UnresolvedIdentifier(f"x0 depends on what the call at {SYNC:#x} returns"),
        UninitialisedIdentifier("x0", "nobody sets it", ("stub",)),
    )
    assert [each.kind.value for each in way.asks_for] == [
        "named",
        "named",
        "not in any contract",
        "no call",
        "unresolved",
        "uninitialised",
    ]


def test_a_way_says_what_it_brings_and_which_of_it_are_arguments() -> None:
    (way,) = summary().paths
    assert way.registers["x3"] == f"{SYNC:#x}" and way.registers["x2"] == "x1"
    assert way.arguments == ("x2", "x3")  # x1 is as it came, and x9 passes nothing
    assert way.where == (f"x9 == {SYNC:#x}",)
    assert (way.start_place, way.path[-1]) == ("vectors+0x18", f"{SITE:#x}")
    assert way.sources["x9"].register is None
    assert way.reason is None


def test_a_site_says_where_it_is_and_what_counts_on_it() -> None:
    site = summary()
    assert (site.place, site.immediate, site.function.name) == ("vectors+0x20", "0x4", "vectors")
    assert site.behind.reads == {"x30": f"{SITE + 4:#x}"}
    assert [(may.register, may.why) for may in site.behind.may_read] == [("x19", Why.KEPT)]
    ((test,),) = (each.tests for each in site.answers)
    assert (test.condition, test.function) == ("x0 after the call == 0", "vectors")
    (caller,) = site.callers
    assert (caller.place, caller.function) == ("sync", "vectors")
    assert caller.paths[0].asks_for == (NamedCall("0x0", "linux-hyp-abi", "HVC_SET_VECTORS"),)
