"""The saved form of an image's behaviours: one file that stands for the image in a comparison.

It holds what every party does, in names instead of addresses, and what a contract asks of an image
besides: whose vectors there are, and which capabilities the kernel knows.  The bytes depend on the
image and the contract's version alone.  Terms are listed once each, arguments before what uses
them; a value is the number of a term, or a constant as text.
"""

import json
from collections.abc import Iterable, Mapping
from typing import Final, assert_never

from hypabi.arch.names import Architecture
from hypabi.behaviour.case import Behaviour, Case
from hypabi.behaviour.outcome import (
    Called,
    CalledBack,
    Faulted,
    Left,
    Outcome,
    Requested,
    Returned,
    Store,
    Stuck,
    Undecided,
)
from hypabi.behaviour.saved.own_promises import Asker, OwnPromise
from hypabi.records import frozen
from hypabi.smt.rewrite import subterms
from hypabi.smt.terms import Term, Value

NAME: Final = "hypabi-behaviours"
VERSION: Final = 2
"""It rises when a field changes its meaning: a file of another version is refused."""

Written = bool | int | str | list["Written"] | dict[str, "Written"] | None


@frozen
class SavedParty:
    """A party that an image holds: where its table is, how it was told, what it does."""

    name: str
    program: str
    """``kernel`` or ``decompressor``."""
    symbol: str
    """Of the table; empty where it has none."""
    address: int
    how: str
    behaviour: Behaviour


@frozen
class Saved:
    """The behaviours of all parties of one image, and where they are from."""

    sha256: str
    """Of the image's file."""
    version: str
    """``Linux version`` of the kernel, or empty."""
    architecture: Architecture
    contract: str
    """Name of the contract that the parties are named by."""
    contract_version: str
    """Kernel version at which the contract was taken."""
    tables: Mapping[str, str]
    """Name of the symbol ``&...`` that stands for each party's table."""
    known: tuple[str, ...]
    """Capabilities that the kernel describes."""
    lacks: tuple[str, ...]
    """Capabilities that the kernel does not have."""
    parties: tuple[SavedParty, ...]
    promises: tuple[OwnPromise, ...] = ()
    """What the image keeps of its own contract."""
    askers: tuple[Asker, ...] = ()
    """Who in the image makes which call."""


def write_saved(saved: Saved) -> str:
    """Return the text of a saved form, ending in a newline."""
    writer = _Writer(saved)
    body: dict[str, Written] = {
        "schema": {"name": NAME, "version": VERSION},
        "image": {
            "sha256": saved.sha256,
            "version": saved.version,
            "architecture": saved.architecture.value,
        },
        "contract": {"name": saved.contract, "version": saved.contract_version},
        "tables": dict(saved.tables),
        "capabilities": {"known": list(saved.known), "lacks": list(saved.lacks)},
        "parties": [writer.party(party) for party in saved.parties],
        "behaviours": [writer.behaviour(each) for each in writer.behaviours],
        "assumptions": list(writer.assumptions),
        "promises": [
            [each.kind.value, each.who, each.what, each.word.value, each.says]
            for each in saved.promises
        ],
        "askers": [[each.function, each.call, each.answer.value] for each in saved.askers],
    }
    lines = [f"{_text(key)}: {_text(value)}" for key, value in body.items()]
    listed = ",\n".join(map(_text, writer.terms))
    return "{\n" + ",\n".join(lines) + ',\n"terms": [\n' + listed + "\n]\n}\n"


def _text(value: Written) -> str:
    return json.dumps(value, sort_keys=True, separators=(",", ":"))


class _Writer:
    """Numbers terms, behaviours and assumptions in the order in which they are met."""

    def __init__(self, saved: Saved) -> None:
        self.behaviours: list[Behaviour] = []
        for party in saved.parties:
            if not any(party.behaviour is known for known in self.behaviours):
                self.behaviours.append(party.behaviour)
        self.assumptions: dict[str, int] = {}
        self.terms: list[Written] = []
        self._numbers: dict[Term, int] = {}

    def party(self, party: SavedParty) -> Written:
        behaviours = enumerate(self.behaviours)
        index = next(at for at, each in behaviours if each is party.behaviour)
        return {
            "name": party.name,
            "program": party.program,
            "symbol": party.symbol,
            "address": f"{party.address:#x}",
            "how": party.how,
            "behaviour": index,
        }

    def behaviour(self, behaviour: Behaviour) -> Written:
        return {
            "at_entry": self.named(behaviour.at_entry),
            "link": behaviour.link,
            "status": behaviour.status,
            "holds": self.values(behaviour.holds),
            "widths": dict(behaviour.widths),
            "cases": [self.case(case) for case in behaviour.cases],
        }

    def case(self, case: Case) -> Written:
        return {
            "guard": self.values(each.term for each in case.guard),
            "registers": self.named(case.registers),
            "stores": [self.store(store) for store in case.stores],
            "effects": [
                [each.name, self.values(each.operands), self.value(each.guard)]
                for each in case.effects
            ],
            "outcome": self.outcome(case.outcome),
            "assumptions": [
                self.assumptions.setdefault(text, len(self.assumptions))
                for text in case.assumptions
            ],
        }

    def store(self, store: Store) -> Written:
        base = None if store.base is None else self.value(store.base)
        return [base, f"{store.offset:#x}", store.size, self.value(store.value)]

    def outcome(self, outcome: Outcome) -> Written:
        match outcome:
            case Returned():
                return {"ends": "returned"}
            case Left(target, mode, status):
                at = None if status is None else self.value(status)
                return {"ends": "left", "target": self.value(target), "mode": mode, "status": at}
            case Stuck():
                return {"ends": "stuck"}
            case Faulted(_, what):
                return {"ends": "faulted", "what": what}
            case Called(name):
                return {"ends": "called", "name": name}
            case CalledBack(target, mode):
                return {"ends": "called-back", "target": self.value(target), "mode": mode}
            case Requested(_, immediate):
                return {"ends": "requested", "immediate": immediate}
            case Undecided(_, reason):
                return {"ends": "undecided", "reason": reason}
            case _:
                assert_never(outcome)

    def named(self, values: Mapping[str, Value]) -> Written:
        return {name: self.value(value) for name, value in sorted(values.items())}

    def values(self, values: Iterable[Value]) -> Written:
        return [self.value(value) for value in values]

    def value(self, value: Value) -> Written:
        if isinstance(value, int):
            return f"{value:#x}"
        for term in subterms((value,)):
            if term not in self._numbers:
                self.terms.append(self._term(term))
                self._numbers[term] = len(self._numbers)
        return self._numbers[value]

    def _term(self, term: Term) -> Written:
        if term.op == "symbol":
            return ["symbol", term.width, term.name]
        args = [f"{a:#x}" if isinstance(a, int) else self._numbers[a] for a in term.args]
        if term.op == "extract":
            return ["extract", term.width, term.low, *args]
        return [term.op, term.width, *args]
