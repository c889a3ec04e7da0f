"""Break the cells of a table into lines so that its rows fit, and write it in characters."""

from collections.abc import Iterator, Sequence

from hypabi.documents.markup.fill import fill, widest

Cells = Sequence[Sequence[str]]
Broken = list[list[list[str]]]
"""Of each row, of each cell, the lines."""


def broken(rows: Cells, room: int) -> Broken:
    """Break the cells of rows into lines so that a row takes ``room`` where its words allow it.

    Each column gets what it needs; the widest give way first, and the first column, which names
    the row, last.
    """
    assert all(len(row) == len(rows[0]) for row in rows), "a row has a cell for each column"
    least = [widest(row[at] for row in rows) for at in range(len(rows[0]))]
    given = [max(least[at], *(len(row[at]) for row in rows)) for at in range(len(rows[0]))]
    while sum(given) > room:
        giving = [at for at, width in enumerate(given) if width > least[at]]
        if not giving:
            break
        others = [at for at in giving if at] or giving
        given[max(others, key=lambda at: given[at])] -= 1
    return [[fill(cell, "", "", given[at]) for at, cell in enumerate(row)] for row in rows]


def write_table(rows: Cells, columns: int) -> Iterator[str]:
    """Yield a table as reStructuredText; the first row is its head.

    It is a simple table where it can be one: there a row goes on where its first cell is empty, so
    that cell has one line.  Else it is a grid.
    """
    simple = broken(rows, columns - 2 * (len(rows[0]) - 1))
    if all(len(row[0]) == 1 and row[0][0] for row in simple):
        yield from _simple(simple)
    else:
        yield from _grid(broken(rows, columns - 3 * len(rows[0]) - 1))


def widths(rows: Broken) -> list[int]:
    """Return the columns that each cell of a row takes."""
    return [max(len(line) for row in rows for line in row[at]) for at in range(len(rows[0]))]


def lines_of(row: list[list[str]]) -> Iterator[list[str]]:
    """Yield the lines of a row, each with a piece of every cell."""
    for line in range(max(map(len, row))):
        yield [cell[line] if line < len(cell) else "" for cell in row]


def _simple(rows: Broken) -> Iterator[str]:
    wide = [max(width, 2) for width in widths(rows)]
    rule = "  ".join("=" * width for width in wide)
    yield rule
    for at, row in enumerate(rows):
        for line in lines_of(row):
            cells = (cell.ljust(width) for cell, width in zip(line, wide, strict=True))
            yield "  ".join(cells).rstrip()
        if at == 0:
            yield rule
    yield rule


def _grid(rows: Broken) -> Iterator[str]:
    wide = widths(rows)
    rule = "+".join(["", *("-" * (width + 2) for width in wide), ""])
    yield rule
    for at, row in enumerate(rows):
        for line in lines_of(row):
            cells = (cell.ljust(width) for cell, width in zip(line, wide, strict=True))
            yield f"| {' | '.join(cells)} |"
        yield rule.replace("-", "=") if at == 0 else rule
