"""A contract resolved for one kernel: which rows there are, what selects them, what moves."""

import pytest

from hypabi.arch.names import Architecture
from hypabi.contract.expression import write_predicate
from hypabi.contract.file.load import read_text
from hypabi.contract.file.validation import check_meaning
from hypabi.contract.model import Contract, RunsAt
from hypabi.contract.resolve import revision_of
from hypabi.contract.revision import Passed, Revision, Service
from hypabi.contract.version import Version
from hypabi.decode.place import FileError
from tests.contract.contract_example import EXAMPLE, changed

ARM, ARM64 = Architecture.ARM, Architecture.ARM64


def at(
    version: str, architecture: Architecture = ARM64, text: bytes = EXAMPLE.encode()
) -> Revision:
    contract = read_text(text, "example.yaml")  # whose meaning nobody has checked
    assert isinstance(contract, Contract)
    parsed = Version.parse(version)
    assert parsed is not None
    return revision_of(contract, parsed, architecture)


@pytest.mark.parametrize("version", ["4.20", "9.0", "10.1"])
def test_a_kernel_that_the_contract_does_not_speak_of_is_refused(version: str) -> None:
    with pytest.raises(FileError, match=r"from 5\.0 and before 9\.0, not of"):
        at(version)
    assert at("8.9").version == Version.parse("8.9")


def test_parties_and_calls_are_those_in_force() -> None:
    def names(of: Revision) -> tuple[list[str], list[str]]:
        return [each.name for each in of.parties], [each.name for each in of.calls]

    assert names(at("5.0")) == (["stub"], ["SET"])
    assert names(at("6.1")) == (["stub", "big"], ["SET", "UPGRADE"])
    assert names(at("8.0")) == (["stub", "big"], ["SET"])
    assert names(at("6.1", ARM)) == (["stub", "sink"], ["SET"])


def test_a_row_is_served_where_the_call_names_the_party_and_refused_elsewhere() -> None:
    of = at("6.1")
    services = {(row.party, row.call): row.service for row in of.rows}
    assert services == {
        ("stub", "SET"): Service.SERVED,
        ("stub", "UPGRADE"): Service.SERVED,
        ("stub", None): Service.OTHER,
        ("big", "SET"): Service.SERVED,
        ("big", "UPGRADE"): Service.REFUSED,
        ("big", None): Service.OTHER,
    }
    assert [call.served_by for call in of.calls] == [("stub", "big"), ("stub",)]


def test_a_row_is_selected_by_its_number_and_the_rest_by_none_of_them() -> None:
    of = at("6.1")
    assert write_predicate(of.row("stub", "UPGRADE").selects) == "old(x0) == 3"
    assert write_predicate(of.row("stub", None).selects) == "old(x0) != 0 and old(x0) != 3"
    assert write_predicate(at("8.0").row("stub", None).selects) == "old(x0) != 0"


def test_a_refusal_is_the_party_s_own_or_else_the_contract_s() -> None:
    of = at("6.1")
    assert [each.name for each in of.row("big", "UPGRADE").clauses] == ["dispatched"]
    plain = at("6.1", ARM)
    assert plain.row("sink", "SET").clauses[0].name == "entered"


def test_what_the_document_leaves_open_has_a_row_without_clauses() -> None:
    open_ = at("6.1").row("big", None)
    assert open_.clauses == () and open_.unspecified is not None
    assert at("6.1").row("stub", None).unspecified is None


def test_premises_of_the_party_come_before_those_of_the_call() -> None:
    row = at("6.1").row("stub", "SET")
    assert [each.name for each in row.assumes] == ["own", "quiet"]
    assert [each.name for each in row.requires] == ["aligned"]
    assert [each.name for each in at("6.1").row("stub", None).assumes] == ["own"]


def test_a_move_is_there_where_both_ends_and_its_call_are() -> None:
    def moves(of: Revision) -> list[tuple[str, str, str]]:
        return [(each.source, each.call, each.to) for each in of.moves]

    assert moves(at("6.1")) == [("stub", "SET", "big"), ("big", "any-other", "payload")]
    assert moves(at("5.0")) == []
    assert at("6.1").boot == "stub"


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("owner: people\n    cite: a stub", "owner: peopel\n    cite: a stub", "no owner 'peopel'"),
        ("served-by: [stub]", "served-by: [stup]", "no party 'stup'"),
        ("from: stub, call: SET", "from: stup, call: SET", "stup"),
        ("from: stub, call: SET", "from: stub, call: SETT", "SETT"),
        ("boot: stub", "boot: stup", "stup"),
    ],
)
def test_a_name_that_nothing_has_is_refused(old: str, new: str, says: str) -> None:
    with pytest.raises(FileError, match=says):
        at("6.1", text=changed(old, new))


BOOT = "life-cycle:\n  boot: stub\n"
CALLER = """  passes-on: [wrapper]
  callers:
    sets:
      functions: [f]
      calls: [SET]
      while: [stub]
      passes: {vectors: x0}
      only-if: x0 != 0
    relays: {functions: [g], calls: [SET], while: [stub], enters: f, passes: {x0: "[x2]"}}
"""


def test_what_a_function_passes_on_is_told_by_registers() -> None:
    revision = at("6.1", text=changed(BOOT, BOOT + CALLER))
    assert revision.passes_on == ("wrapper",)
    (sets,), (relays,) = revision.contexts, revision.relays
    assert sets.passes == (Passed("SET", "x1", "x0", read=False),)
    assert sets.only_if is not None and sets.only_if.text == "x0 != 0"
    assert (relays.enters, relays.passes) == ("f", (Passed(None, "x0", "x2", read=True),))


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("vectors: x0", "vector: x0", "no call that it makes has an argument 'vector'"),
        ("vectors: x0", "vectors: x40", "x40"),
        ("only-if: x0 != 0", "only-if: x0 !", "only-if"),
        ('x0: "[x2]"', 'y0: "[x2]"', "y0"),
    ],
)
def test_what_a_function_cannot_pass_on_is_refused(old: str, new: str, says: str) -> None:
    with pytest.raises(FileError, match=says):
        at("6.1", text=changed(BOOT, BOOT + CALLER.replace(old, new)))


def test_a_move_is_made_when_registers_hold_what_it_says() -> None:
    move = "{from: stub, call: SET, to: big, by: somebody,"
    given = f"{move} made-by: [f], given: {{f: {{x1: [2, 3]}}}}, stays: [f],"
    revision = at("6.1", text=changed(move, given))
    assert revision.moves[0].given == {"f": ({"x1": 2}, {"x1": 3})}
    assert revision.moves[0].stays == ("f",)
    with pytest.raises(FileError, match="'h'"):
        at("6.1", text=changed(move, given.replace("stays: [f]", "stays: [h]")))
    with pytest.raises(FileError, match="'g'"):
        at("6.1", text=changed(move, given.replace("{f: {x1", "{g: {x1")))
    with pytest.raises(FileError, match="y1"):
        at("6.1", text=changed(move, given.replace("x1: [", "y1: [")))


KEPT = "  returns: {because: it is a call}\n"
PROMISED = (
    KEPT + "  promises: {x18: {ensures: x18 == old(x18), architecture: arm64, because: why}}\n"
)


def test_promise_of_the_frame_is_in_each_row_that_comes_back_and_in_no_other() -> None:
    of = at("6.1", text=changed(KEPT, PROMISED))
    having = {
        (row.party, row.call)
        for row in of.rows
        if any(clause.name == "x18" for clause in row.clauses)
    }
    # big hands UPGRADE to C, and nothing is promised of what else it is asked.
    assert having == {("stub", "SET"), ("stub", "UPGRADE"), ("stub", None), ("big", "SET")}
    plain = at("6.1", ARM, changed(KEPT, PROMISED))
    assert not [c for row in plain.rows for c in row.clauses if c.name == "x18"]


def test_parties_that_treat_every_call_alike_do_so_with_promises_of_the_frame() -> None:
    """The rows share their clauses, by which callers are not asked for an identifier."""
    for text in (EXAMPLE.encode(), changed(KEPT, PROMISED)):
        set_, other = at("6.1", ARM, text).rows_of("sink")
        assert set_.clauses is other.clauses


SERVED = "    served-by: [stub]\n    because: no sentence\n"
ELSEWHERE = (
    "    elsewhere: {kept: {parties: [big], ensures: VBAR_EL2 == old(VBAR_EL2), because: b}}\n"
)


def test_promise_of_elsewhere_is_of_the_parties_that_turn_the_call_down() -> None:
    of = at("6.1", text=changed(SERVED, SERVED + ELSEWHERE))
    assert [each.name for each in of.row("big", "UPGRADE").clauses] == ["dispatched", "kept"]
    for row in of.rows:
        if (row.party, row.call) != ("big", "UPGRADE"):
            assert "kept" not in [each.name for each in row.clauses]


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("parties: [big], ", "", "the key is missing"),
        ("parties: [big]", "parties: [bigg]", "no party 'bigg'"),
        ("parties: [big]", "parties: [stub]", "'stub' serves the call"),
        ("kept:", "dispatched:", "another clause of this name"),
    ],
)
def test_promise_of_elsewhere_that_cannot_be_meant_is_refused(
    old: str, new: str, says: str
) -> None:
    assert ELSEWHERE.count(old) == 1
    text = changed(SERVED, SERVED + ELSEWHERE.replace(old, new))
    contract = read_text(text, "example.yaml")
    assert isinstance(contract, Contract)
    with pytest.raises(FileError, match=says):
        check_meaning(contract)
    right = read_text(changed(SERVED, SERVED + ELSEWHERE), "example.yaml")
    assert isinstance(right, Contract)
    check_meaning(right)


ENTERS = """  callers:
    enters:
      functions: [g]
      while: [stub]
      enters: f
      entered-at: physical
      always: x0 != 0
      sometimes: x1 == 3
    asks: {functions: [f], calls: [SET], while: [stub], asks-for: EL1, addresses: [x1]}
"""


def test_what_a_function_is_entered_with_and_at_which_level_is_told() -> None:
    revision = at("6.1", text=changed(BOOT, BOOT + ENTERS))
    (asks,), (enters,) = revision.contexts, revision.relays
    assert enters.physically and enters.always is not None and enters.sometimes is not None
    assert (enters.always.text, enters.sometimes.text) == ("x0 != 0", "x1 == 3")
    assert asks.asks_level and asks.addresses == ("x1",)
    assert not asks.physically and not enters.asks_level


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("      enters: f\n", "", "it speaks of a function that is entered"),
        ("addresses: [x1]", "addresses: [x40]", "x40"),
        ("entered-at: physical", "entered-at: home", "physical"),
        ("asks-for: EL1", "asks-for: EL3", "EL1"),
    ],
)
def test_what_speaks_of_no_function_or_level_is_refused(old: str, new: str, says: str) -> None:
    with pytest.raises(FileError, match=says):
        at("6.1", text=changed(BOOT, BOOT + ENTERS.replace(old, new)))


WORLDS = """  worlds:
    with-hyp: {level: EL1, words: {mode: [2, 2]}}
    at-el2: {level: EL2}
    without: {words: {mode: [1]}}
    elsewhere: {architecture: arm, words: {mode: [3]}}
  callers:
    enters:
      functions: [g]
      while: [stub]
      enters: by-pointer
      passes: {x3: "0", x1: x2}
      in: [with-hyp]
      only-in: [with-hyp, at-el2]
      always: x0 != 0
"""


def test_in_which_worlds_a_function_is_entered_is_told() -> None:
    (enters,) = at("6.1", text=changed(BOOT, BOOT + WORLDS)).relays
    assert [each.name for each in enters.within] == ["with-hyp"]
    assert [each.name for each in enters.never_in] == ["without"]
    (world,) = enters.within
    assert world.level is RunsAt.EL1 and world.words == {"mode": (2, 2)}
    zero, other = enters.passes
    assert (zero.register, zero.number, zero.text) == ("x3", 0, "0x0")
    assert (other.register, other.number, other.of) == ("x1", None, "x2")


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("in: [with-hyp]\n", "in: [nowhere]\n", "nowhere"),
        ("only-in: [with-hyp, at-el2]", "only-in: [somewhere]", "somewhere"),
        ("level: EL2", "level: EL3", "EL3"),
        ('      enters: by-pointer\n      passes: {x3: "0", x1: x2}\n', "", "is entered"),
    ],
)
def test_what_names_no_world_is_refused(old: str, new: str, says: str) -> None:
    assert old in WORLDS
    with pytest.raises(FileError, match=says):
        at("6.1", text=changed(BOOT, BOOT + WORLDS.replace(old, new)))
