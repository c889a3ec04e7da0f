"""A one-party contract built from types, and its judgement of an assembled handler."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from hypabi.arch.names import Architecture
from hypabi.behaviour.derive import derive_behaviour
from hypabi.contract.clause import Answer, Authority, Clause, Premise, Statement
from hypabi.contract.expression import (
    Bits,
    Capability,
    Comparison,
    Conjunction,
    Integer,
    Moment,
    Operation,
    Operator,
    Predicate,
    Read,
    Relation,
    Value,
)
from hypabi.contract.model import Program
from hypabi.contract.revision import LiveParty, Revision, Row, Service
from hypabi.contract.version import Version
from hypabi.judgement.verification.lowering import Surroundings
from hypabi.judgement.verification.obligations import HeldRow
from hypabi.judgement.verification.prover import judge_row
from hypabi.judgement.verification.verdict import Verdict
from hypabi.smt.bitwuzla import BitwuzlaSolver
from hypabi.smt.solver import Solver
from hypabi.symbolic.setup import explorer_for
from tests.inputs import Assemble
from tests.symbolic.handler import image_of

ERROR = 0xBADCA11
SUCCEEDS = Answer("success", 0)
FAILS = Answer("error", ERROR)
WHY = Authority(because="the test says so")
ALWAYS = Conjunction(())
NEVER = Comparison(Relation.BELOW, Integer(0, 64), Integer(0, 64))

PARTY = LiveParty(
    name="stub", title="a stub", vectors="vectors", program=Program.KERNEL, owner="PEOPLE",
    when=None, assumes=(), also_at=(),
)  # fmt: skip
REVISION = Revision(
    "test", None, Version((6, 1, 0), "6.1"), Architecture.ARM64, "hvc", 0, "x0", "x0", 64, 0, ERROR,
    (PARTY,), (), (), None, (),
)  # fmt: skip


def old(register: str, width: int = 64) -> Read:
    return Read(register, width, Moment.ENTRY)


def new(register: str, width: int = 64) -> Read:
    return Read(register, width, Moment.EXIT)


def number(value: int, width: int = 64) -> Integer:
    return Integer(value, width)


def equal(left: Value, right: Value) -> Comparison:
    return Comparison(Relation.EQUAL, left, right)


def aligned(register: str) -> Comparison:
    remainder = Operation(Operator.REMAINDER, old(register), number(2048))
    return equal(remainder, number(0))


def bits(of: Value, high: int, low: int) -> Bits:
    return Bits(of, high, low)


@dataclass(frozen=True)
class Promise:
    """A clause and what selects it."""

    statement: Statement
    selects: Predicate = ALWAYS
    requires: tuple[Predicate, ...] = ()
    when: Predicate | None = None
    answered: Answer | None = None
    party_when: Capability | None = None


def judged(
    source: str,
    promise: Promise,
    assemble: Assemble,
    solver: Callable[[], Solver] = BitwuzlaSolver,
    surroundings: Surroundings | None = None,
) -> Verdict:
    """Assemble a handler and return the verdict on one promise of it."""
    (verdict,) = all_judged(source, [promise], assemble, solver, surroundings)
    return verdict


def all_judged(
    source: str,
    promises: Sequence[Promise],
    assemble: Assemble,
    solver: Callable[[], Solver] = BitwuzlaSolver,
    surroundings: Surroundings | None = None,
) -> list[Verdict]:
    image = image_of(source, assemble)
    behaviour = derive_behaviour(explorer_for(image), image.entry)
    around = surroundings or Surroundings({}, lambda _: None, lambda _: False)
    verdicts = []
    for promise in promises:
        clause = Clause("it", "", promise.statement, WHY, promise.when, promise.answered)
        requires = tuple(Premise("needs", "", each, WHY) for each in promise.requires)
        row = Row("stub", None, Service.SERVED, promise.selects, (), requires, (clause,), None)
        party = replace(PARTY, when=promise.party_when)
        held = HeldRow(REVISION, party, row, behaviour, around)
        (finding,) = judge_row(held, solver())
        verdicts.append(finding.verdict)
    return verdicts
