"""What is called equal is the same in states drawn at random, by evaluation and nothing else."""

import random
from collections.abc import Iterator

import pytest

from hypabi.analysis.difference import sides
from hypabi.behaviour.case import Behaviour, Case
from hypabi.behaviour.outcome import CalledBack, Left, Returned, Stuck
from hypabi.contract.clause import KeepsRegisters, KeepsSystemRegisters
from hypabi.contract.registers import STATE, is_general
from hypabi.contract.revision import Row
from hypabi.judgement.difference.model import Equal, Incompatible, Stronger
from hypabi.judgement.difference.side import Side
from hypabi.smt import terms
from hypabi.smt.evaluate import evaluate
from hypabi.smt.term import Term
from tests.cli.compared import cells, reference

PAIRS = [
    ("arm-stub-a6", "arm-stub-a7"),
    ("arm64-stub-b3", "arm64-stub-b5"),
    ("arm64-stub-b5", "arm64-stub-b7"),
    ("arm64-stub-b7", "arm64-stub-b8"),
    ("arm64-kvm-b7", "arm64-kvm-b8"),
    ("arm64-copied-b7", "arm64-copied-b8"),
    ("arm64-stub-b7", "arm64-reset-answers-2"),
    ("arm64-kvm-b7", "arm64-restart-zeroes-x0"),
]
STATES = 40


class Entry(dict[str, int]):
    """A state at entry: every unknown that is not named yet is drawn when it is asked for."""

    def __init__(self, seed: int) -> None:
        super().__init__()
        self.draw = random.Random(seed)

    def __missing__(self, name: str) -> int:
        self[name] = self.draw.choice((0, 1, 7, 0x800, 1 << 34, self.draw.getrandbits(64)))
        return self[name]


def taken(behaviour: Behaviour, entry: Entry) -> Case:
    return next(
        case
        for case in behaviour.cases
        if all(_value(condition.term, entry) for condition in case.guard)
    )


def _value(value: int | Term, entry: Entry) -> int:
    for symbol in terms.symbols_of(value):
        entry[symbol.name] = entry[symbol.name] & (1 << symbol.width) - 1
    return evaluate(value, entry)


def lost(behaviour: Behaviour, case: Case, row: Row, entry: Entry) -> set[str]:
    """Return the registers that the row protects and the case loses in a state."""
    may_change: set[str] = set()
    for clause in row.clauses:
        if isinstance(clause.statement, KeepsRegisters | KeepsSystemRegisters):
            may_change |= set(clause.statement.may_change)
    found = set()
    for name, value in case.registers.items():
        if name in may_change or name in STATE or name.startswith("CPSR") or name == "pc":
            continue
        before = behaviour.at_entry.get(name, terms.symbol(name, behaviour.widths[name]))
        if _value(value, entry) != _value(before, entry):
            found.add(name)
    return found


def result(side: Side, behaviour: Behaviour, case: Case, entry: Entry) -> object:
    """Return how a call ends, and its answer where it returns."""
    match case.outcome:
        case Returned():
            name, bits = side.revision.result, side.revision.architecture.bits
            at_entry = behaviour.at_entry.get(name, terms.symbol(name, bits))
            return _value(case.registers.get(name, at_entry), entry)
        case Left(target, mode, _) | CalledBack(target, mode):
            return _value(target, entry), mode
        case Stuck():
            return "stuck"
        case outcome:
            return type(outcome)


def states(side: Side, row: Row) -> Iterator[Entry]:
    """Yield states in which the row's call is made; premises are left to the guards."""
    numbers = [call.number for call in side.revision.calls if call.name == row.call]
    for seed in range(STATES):
        entry = Entry(seed)
        if numbers and numbers[0] is not None:
            entry[side.revision.identifier] = numbers[0]
            yield entry


@pytest.mark.parametrize(("old", "new"), PAIRS)
def test_equal_and_stronger_hold_in_every_state_that_was_tried(old: str, new: str) -> None:
    form = "a64" if old.startswith("arm64") else "a32"
    opened = reference(old, form), reference(new, form)
    one, another = sides(*opened)
    tried = 0
    for (callers, party, call), cell in cells(*opened).items():
        if not isinstance(cell.change, Equal | Stronger) or call is None or cell.left_open:
            continue
        home, other = (one, another) if callers == "old" else (another, one)
        row = home.revision.row(party, call)
        if row.assumes != () and any(each.name != "own-vectors" for each in row.assumes):
            continue
        for entry in states(home, row):
            entry["VBAR_EL2"] = entry["HVBAR"] = entry["&__hyp_stub_vectors"]
            behaviours = home.behaviours[party], other.behaviours[party]
            cases = [taken(behaviour, entry) for behaviour in behaviours]
            if row.requires:
                continue
            if isinstance(cell.change, Equal):
                ends = [
                    result(side, behaviour, case, entry)
                    for side, behaviour, case in zip((home, other), behaviours, cases, strict=True)
                ]
                assert ends[0] == ends[1], (callers, party, call, dict(entry))
            kept = [
                lost(behaviour, case, row, entry)
                for behaviour, case in zip(behaviours, cases, strict=True)
            ]
            general = {name for name in kept[1] if is_general(home.revision.architecture, name)}
            assert general <= kept[0], (callers, party, call, dict(entry))
            tried += 1
    assert tried


def test_the_trial_tells_what_is_incompatible() -> None:
    opened = reference("arm64-stub-b7", "a64"), reference("arm64-reset-answers-2", "a64")
    one, another = sides(*opened)
    call = "HVC_RESET_VECTORS"
    assert isinstance(cells(*opened)["old", "stub", call].change, Incompatible)
    row = one.revision.row("stub", call)
    for entry in states(one, row):
        ends = [
            result(side, side.behaviours["stub"], taken(side.behaviours["stub"], entry), entry)
            for side in (one, another)
        ]
        assert ends == [0, 2]
