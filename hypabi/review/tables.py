"""Vector tables of a program of which the contract names no party, and what they would answer."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from hypabi.analysis.examination import Examination
from hypabi.analysis.results.review import NewTable
from hypabi.judgement.drift.call_table import Answered, How, answered
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
    """Yield the tables that have a name and no party.

    They are asked what is asked of a party, one of which nothing is assumed.
    """
    taken = {(role, table.address) for role, table in examination.found.values()}
    revision, (like, *_) = examination.revision, examination.revision.parties
    for role, tables in examination.tables.items():
        for table in tables.values():
            if not table.name or (role, table.address) in taken:
                continue
            party = replace(like, name=table.name, when=None, assumes=())
            does = examination.programs[role].behaviour_by(table, revision, examination.handed_to)
            found = answered(
                replace(revision, parties=(party,)),
                {table.name: does},
                examination.surroundings,
                BitwuzlaSolver(),
            )
            names = {each.number: each.name for each in revision.calls if each.number is not None}
            yield _unnamed(table.name, names, found)


def _unnamed(symbol: str, names: Mapping[int, str], found: Iterable[Answered]) -> Unnamed:
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
