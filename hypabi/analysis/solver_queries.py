"""What a check asked its solver: asked again of another one, or written for anybody's.

The queries are those of a judgement that is made anew and is the same, so a check that nobody asks
for them keeps none.
"""

import re
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import assert_never

from hypabi.analysis.examination import Examination
from hypabi.analysis.findings.check import Check
from hypabi.analysis.results.check import Dissent, OpinionWord, SecondOpinion
from hypabi.atomic_file import write_output
from hypabi.errors import HypabiError
from hypabi.judgement.verification.record import Query
from hypabi.records import frozen, replace
from hypabi.smt.allowance import Allowance, counted
from hypabi.smt.bitwuzla import BitwuzlaSolver
from hypabi.smt.smtlib import query
from hypabi.smt.solver import (
    Answer,
    Feasibility,
    Feasible,
    Satisfiable,
    Solver,
    Unknown,
    Unsatisfiable,
)


@frozen
class Numbered:
    """A query, and its number among those of its clause, from 1."""

    query: Query
    number: int

    @property
    def file(self) -> str:
        """Return the name of its file: the same for the same image and contract."""
        of = self.query
        words = (of.party, of.call or "any-other", of.clause, f"{self.number:04}")
        return ".".join(re.sub(r"[^\w-]+", "-", word) for word in words) + ".smt2"


def queries_of(examination: Examination) -> tuple[Numbered, ...]:
    """Return every query that the verdicts on clauses rest on, in the order of the report."""
    found: list[Query] = []
    examination.judged(counted(BitwuzlaSolver, Allowance()), found.append)
    counts: Counter[tuple[str, str | None, str]] = Counter()
    numbered = []
    for each in found:
        counts[each.party, each.call, each.clause] += 1
        numbered.append(Numbered(each, counts[each.party, each.call, each.clause]))
    return tuple(numbered)


def with_second_opinion(check: Check, examination: Examination) -> Check:
    """Return a check with what z3 says to each query.

    :raises HypabiError: z3 is not installed
    """
    name, solver = _z3()
    found = queries_of(examination)
    dissents = tuple(_dissents(found, solver))
    return replace(check, second_opinion=SecondOpinion(name, len(found), dissents))


def _z3() -> tuple[str, Callable[[], Solver]]:
    try:
        from hypabi.smt.z3 import Z3Solver, version
    except ImportError:
        hint = "install it with hypabi: pip install 'hypabi[second-opinion]'"
        raise HypabiError("--second-opinion", "z3 is not installed", hint) from None
    return f"z3 {version()}", Z3Solver


def _dissents(found: tuple[Numbered, ...], solver: Callable[[], Solver]) -> Iterator[Dissent]:
    for each in found:
        of = each.query
        first, second = status(of.answer), status(solver().feasibility(*of.conditions))
        if first != second or first == "unknown":
            word = OpinionWord.UNANSWERED if "unknown" in (first, second) else OpinionWord.DISAGREED
            yield Dissent(of.party, of.call, of.clause, each.number, word, first, second)


def write_queries(examination: Examination, folder: str) -> None:
    """Write each query into a folder, as a script with the answer that was taken.

    :raises HypabiError: it cannot be written
    """
    try:
        Path(folder).mkdir(parents=True, exist_ok=True)
    except OSError as failed:
        raise HypabiError(folder, failed.strerror or str(failed)) from None
    for each in queries_of(examination):
        of = each.query
        about = f"{of.party}, {of.call or 'any other'}: {of.clause}, question {each.number}"
        text = query(of.conditions, about, status(of.answer))
        write_output(text, str(Path(folder, each.file)))


def status(answer: Answer | Feasibility) -> str:
    """Return an answer in the word of SMT-LIB."""
    match answer:
        case Satisfiable() | Feasible():
            return "sat"
        case Unsatisfiable():
            return "unsat"
        case Unknown():
            return "unknown"
        case _:
            assert_never(answer)
