"""Vector tables of a program of which the contract names no party, and what they would answer."""

from collections.abc import Iterator, Mapping
from typing import Final

from hypabi.analysis.examination import Examination
from hypabi.analysis.results.review import NewTable
from hypabi.behaviour.case import Behaviour
from hypabi.judgement.drift.call_table import How, answered
from hypabi.records import frozen, replace
from hypabi.smt.bitwuzla import BitwuzlaSolver

_AS: Final[Mapping[How, How]] = {
    How.SERVED: How.SERVED,
    How.HANDED: How.SERVED,
    How.ALIKE: How.REFUSED,
    How.REFUSED: How.REFUSED,
    How.UNDECIDED: How.UNDECIDED,
}
"""A call that is taken for any other number is one that a table does not know."""


@frozen
class Unnamed:
    """A table that no party of the contract has, by what each call gets that is made through it."""

    symbol: str
    serves: tuple[str, ...]
    lacks: tuple[str, ...]
    open: tuple[str, ...]


def unnamed_tables(examination: Examination) -> Iterator[Unnamed]:
    """Yield the tables that have a name and no party."""
    taken = {(role, table.address) for role, table in examination.found.values()}
    for role, tables in examination.tables.items():
        program = examination.programs[role]
        for table in tables.values():
            if table.name and (role, table.address) not in taken:
                behaviour = program.behaviour_by(table, examination.revision, examination.handed_to)
                yield _unnamed(examination, table.name, behaviour)


def _unnamed(examination: Examination, symbol: str, behaviour: Behaviour) -> Unnamed:
    """Ask of a table what is asked of a party: one that nothing is assumed of."""
    like, *_ = examination.revision.parties
    party = replace(like, name=symbol, when=None, assumes=())
    revision = replace(examination.revision, parties=(party,))
    found = answered(revision, {symbol: behaviour}, examination.surroundings, BitwuzlaSolver())
    names = {each.number: each.name for each in revision.calls if each.number is not None}
    by: dict[How, list[str]] = {}
    for each in found:
        if each.number in names:
            by.setdefault(_AS[each.how], []).append(names[each.number])
    serves, lacks, left = (by.get(how, []) for how in (How.SERVED, How.REFUSED, How.UNDECIDED))
    return Unnamed(symbol, tuple(serves), tuple(lacks), tuple(left))


def new_tables(
    program: str, old: tuple[Unnamed, ...], new: tuple[Unnamed, ...]
) -> Iterator[NewTable]:
    """Yield the tables that were not there before."""
    before = {each.symbol for each in old}
    for each in new:
        if each.symbol not in before:
            yield NewTable(program, each.symbol, each.serves, each.lacks, each.open)
