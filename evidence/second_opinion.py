"""Every obligation of every image, asked of a second solver that shares no code with the first."""

import json
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from hypabi.analysis.options import named_contract
from hypabi.analysis.session import open_image
from hypabi.analysis.solver_queries import queries_of, status
from hypabi.contract.version import Version
from hypabi.judgement.matrix.reference_index import read_index
from hypabi.records import frozen
from hypabi.smt.z3 import Z3Solver


@frozen
class Question:
    """An image, and what it is held against."""

    path: Path
    contract: str | None
    """A shipped one, by its name; the default one where ``None``."""
    version: str | None
    """Of the kernel; the image's own where ``None``."""


@frozen
class Row:
    """Images that are counted together."""

    name: str
    images: int
    asked: int
    """Obligations."""
    agreed: int
    disagreed: int
    unanswered: int
    """Obligations to which one of the two solvers had no answer."""


NUMBERS = ("images", "asked", "agreed", "disagreed", "unanswered")


@frozen
class Figures:
    """What a run found."""

    command: str
    solver: str
    rows: tuple[Row, ...]


def references() -> dict[str, list[Question]]:
    """Return every reference image at every revision that a party of it is of, by kind."""
    index = read_index()
    found: dict[str, list[Question]] = {}
    for reference in index.references:
        labels = {party.revision for party in reference.parties}
        promised = {index.revisions[label] for label in labels if label in index.revisions}
        for form in reference.forms:
            found.setdefault(f"references, {form.name}", []).extend(
                Question(reference.file(form), each.contract, each.version)
                for each in sorted(promised, key=lambda each: (each.contract, each.version))
            )
    return found


def ask(name: str, questions: Sequence[Question]) -> Row:
    """Ask the second solver what the verdicts on some images rest on."""
    answers = [each for question in questions for each in _answers(question)]
    unanswered = sum("unknown" in each for each in answers)
    agreed = sum(one == other != "unknown" for one, other in answers)
    asked = len(answers)
    images = len({question.path for question in questions})
    return Row(name, images, asked, agreed, asked - agreed - unanswered, unanswered)


def _answers(question: Question) -> Iterator[tuple[str, str]]:
    version = None if question.version is None else Version.exact(question.version)
    session = open_image(question.path)
    for each in queries_of(session.examine(named_contract(question.contract), version)):
        of = each.query
        yield status(of.answer), status(Z3Solver().feasibility(*of.conditions))


def save_figures(figures: Figures, path: Path) -> None:
    """Write figures as JSON: names and numbers alone."""
    rows = [{name: getattr(row, name) for name in ("name", *NUMBERS)} for row in figures.rows]
    content = {"command": figures.command, "solver": figures.solver, "rows": rows}
    path.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")


def read_figures(path: Path) -> Figures:
    """Read what `save_figures` wrote."""
    content = json.loads(path.read_text(encoding="utf-8"))
    rows = tuple(Row(**row) for row in content["rows"])
    return Figures(content["command"], content["solver"], rows)


def table(figures: Figures) -> str:
    """Return the figures in Markdown."""
    lines = [f"| {' | '.join(('of', *NUMBERS))} |", "| --- " + "| ---: " * len(NUMBERS) + "|"]
    lines += [_line(row.name, _numbers(row)) for row in figures.rows]
    lines.append(_line("all", map(sum, zip(*map(_numbers, figures.rows), strict=True))))
    return "\n".join([*lines, ""])


def _numbers(row: Row) -> list[int]:
    return [getattr(row, name) for name in NUMBERS]


def _line(name: str, numbers: Iterable[int]) -> str:
    return f"| {name} | " + " | ".join(f"{number:,}" for number in numbers) + " |"
