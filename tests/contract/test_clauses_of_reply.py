"""A reply becomes clauses: its promises, how the call ends, and the frame that is the default."""

from typing import Any

import pytest

from hypabi.arch.names import Architecture
from hypabi.contract.clause import (
    Answer,
    Calls,
    Clause,
    Ensures,
    HandedTo,
    KeepsMemory,
    KeepsRegisters,
    KeepsSystemRegisters,
    Leaves,
    Returns,
)
from hypabi.contract.clauses_of_reply import RESERVED, clauses_of
from hypabi.contract.file.load import parse_contract, read_text
from hypabi.contract.model import ByArchitecture, Contract, Promise, Reply
from hypabi.contract.resolution import Context
from hypabi.contract.version import Version
from hypabi.decode.place import FileError
from hypabi.records import replace
from tests.contract.contract_example import EXAMPLE, changed

ARM, ARM64 = Architecture.ARM, Architecture.ARM64
FRAME = ["registers", "system-registers", "memory"]


@pytest.fixture(scope="module")
def example() -> Contract:
    return parse_contract(EXAMPLE.encode(), "example.yaml")


def clauses(
    of: Contract, party: str, reply: Reply, architecture: Architecture = ARM64, version: str = "6.1"
) -> dict[str, Clause]:
    context = Context.of(of, architecture, Version.parse(version)).called({"vectors": "x1"})
    found = clauses_of(context, party, of.parties[party], reply)
    assert len({each.name for each in found}) == len(found)
    return {each.name: each for each in found}


SAID = {
    "ensures": ("x0 == 0", Ensures),
    "returns": ("EL2h", Returns),
    "leaves-to": ("x1", Leaves),
    "calls": ("x1", Calls),
    "handed-to": ("f", HandedTo),
}


def test_each_key_of_a_promise_makes_a_statement_of_its_own(example: Contract) -> None:
    assert set(SAID) == set(Promise.EXACTLY_ONE)
    for key, (text, kind) in SAID.items():
        at = ByArchitecture("EL2h", "EL2h") if key in ("leaves-to", "calls") else None
        said: dict[str, Any] = {key.replace("-", "_"): text, "at": at}
        reply = replace(example.calls["SET"], promises={"one": Promise(**said)})
        assert isinstance(clauses(example, "stub", reply)["one"].statement, kind)


def test_a_promise_that_says_nothing_is_never_taken_for_a_return(example: Contract) -> None:
    reply = replace(example.calls["SET"], promises={"one": Promise()})
    with pytest.raises(AssertionError):
        clauses(example, "stub", reply)


def test_a_reply_that_does_not_say_how_it_ends_returns(example: Contract) -> None:
    found = clauses(example, "stub", example.calls["SET"])
    assert list(found) == ["set", "success", "returns", *FRAME]
    assert found["returns"].statement == Returns(None)
    assert found["returns"].authority.because == "it is a call"


def test_a_reply_that_says_how_it_ends_has_no_other_end(example: Contract) -> None:
    upgrade = clauses(example, "stub", example.calls["UPGRADE"])
    assert list(upgrade) == ["refused", "stays", "rises", *FRAME]
    assert upgrade["stays"].statement == Returns(None)
    assert upgrade["rises"].statement == Returns("EL2h")
    assert upgrade["rises"].answered == Answer("success", 0)
    sink = example.parties["sink"].any_call
    assert sink is not None
    entered = clauses(example, "sink", sink, ARM)
    assert list(entered) == ["entered", *FRAME]
    assert isinstance(entered["entered"].statement, Leaves)


def test_a_promise_is_there_where_it_is_in_force(example: Contract) -> None:
    assert "rises" in clauses(example, "stub", example.calls["UPGRADE"], version="6.1")
    assert "rises" not in clauses(example, "stub", example.calls["UPGRADE"], version="6.0")


def test_what_is_handed_on_has_no_frame(example: Contract) -> None:
    unserved = example.parties["big"].unserved
    assert unserved is not None
    found = clauses(example, "big", unserved)
    assert [each.statement for each in found.values()] == [HandedTo("f")]


def test_what_is_left_open_promises_nothing(example: Contract) -> None:
    other = example.parties["big"].any_other
    assert other is not None
    assert clauses(example, "big", other) == {}


def test_the_frame_lets_go_what_the_contract_and_the_reply_let_go(example: Contract) -> None:
    setting = clauses(example, "stub", example.calls["SET"])
    keeps, system = setting["registers"].statement, setting["system-registers"].statement
    assert keeps == KeepsRegisters(tuple(f"x{number}" for number in range(19)))
    assert system == KeepsSystemRegisters(("SPSR_EL2", "VBAR_EL2"))
    assert example.unserved is not None
    refusal = clauses(example, "stub", example.unserved)
    assert refusal["system-registers"].statement == KeepsSystemRegisters(("SPSR_EL2",))


def test_memory_is_let_go_to_the_party_and_to_the_call_that_name_it(example: Contract) -> None:
    def regions(party: str, call: str) -> list[int]:
        statement = clauses(example, party, example.calls[call])["memory"].statement
        assert isinstance(statement, KeepsMemory)
        return [each.size for each in statement.may_write]

    assert regions("stub", "SET") == []
    assert regions("stub", "UPGRADE") == [8]
    assert regions("big", "SET") == [16]


@pytest.mark.parametrize("name", RESERVED)
def test_a_promise_may_not_be_called_as_a_clause_of_every_row(name: str) -> None:
    old = "      set: {ensures: base == vectors, cite: set}"
    other = read_text(changed(old, old.replace(" set:", f" {name}:")), "x")
    assert isinstance(other, Contract)
    with pytest.raises(FileError, match="every row has a clause of this name"):
        clauses(other, "stub", other.calls["SET"])


INSTALLERS = """\
    installers:
      first:
        function: begin
        promises:
          on: {ensures: base == 0, since: "6.0", because: it is}
          off: {ensures: base == 8, because: it is}
      second:
        function: begin_again
        promises:
          more: {ensures: base == 16, because: it is}
        as-for: {%s}
"""
AT = "    any-other:\n"


def installers(as_for: str) -> Contract:
    text = EXAMPLE.replace(AT, INSTALLERS % as_for + AT, 1)
    assert text != EXAMPLE
    return parse_contract(text.encode(), "example.yaml")


def test_an_installer_shares_promises_that_are_written_down_at_another() -> None:
    of = installers("stub: {first: [on, off]}")
    first, second = of.parties["stub"].installers.values()
    shared, own = clauses(of, "stub", second), clauses(of, "stub", first)
    assert [name for name in shared if name in ("on", "off", "more")] == ["on", "off", "more"]
    assert all(shared[name] == own[name] for name in ("on", "off"))
    before = clauses(of, "stub", second, version="5.0")
    assert "on" not in before and "off" in before


@pytest.mark.parametrize(
    ("as_for", "says"),
    [
        ("stump: {first: [on]}", "there is no 'stump'"),
        ("stub: {frist: [on]}", "there is no 'frist'"),
        ("stub: {first: [no]}", "there is no 'no'"),
        ("stub: {second: [more]}", "'more' is a promise of its own"),
    ],
)
def test_what_is_shared_has_to_be_there_and_once(as_for: str, says: str) -> None:
    with pytest.raises(FileError, match=says):
        installers(as_for)


def test_of_what_is_handed_to_c_system_registers_are_kept_where_it_is_said_what_is_written() -> (
    None
):
    said = 'on: {ensures: base == 0, since: "6.0", because: it is}'
    handed = "on: {handed-to: f, because: C goes on}"
    writes = "        writes: {own: {registers: [base], because: it is its own}}\n"
    text = EXAMPLE.replace(AT, INSTALLERS % "" + AT, 1).replace(said, handed)
    assert handed in text
    second = "      second:\n"
    for more, frame in (("", []), (writes, ["system-registers"])):
        of = parse_contract(text.replace(second, more + second, 1).encode(), "example.yaml")
        found = clauses(of, "stub", of.parties["stub"].installers["first"])
        assert [name for name in found if name in FRAME] == frame
