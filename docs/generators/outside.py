"""What hypabi says of programs that no archive of kernels has, as a part of the survey."""

from collections.abc import Sequence

from hypabi.records import frozen

TITLE = "## Programs outside the archive"
TEXT = """
What hypabi says of programs that whoever ran this had, on {date}: kernels before 5.10 and of other configurations, other hypervisors, boot loaders and
modules. The first line of each answer stands here, after the name of the file; seconds and MB are of the whole command, on two cores that others used too. None of these files
is part of hypabi. To repeat it with others: put each into a folder, beside it what it is, in `NAME.txt`, and run
`HYPABI_OUTSIDE=FOLDER docs/survey --outside DATE` (a folder that `$HYPABI_OLD_KERNELS` names is taken too). A kernel is asked `check`; any other program
`derive`, and `callers --against` the kernel of `kernels/fetch` that is named.

| file | what it is | asked | answer | status | seconds | MB |
| --- | --- | --- | --- | --- | --- | --- |
"""
IMAGES = "\n| file | SHA-256 |\n| --- | --- |\n"


@frozen
class Asked:
    """One command that was run on a file."""

    file: str
    what: str
    """What the file is."""
    command: str
    """Without the file."""
    answer: str
    status: int
    seconds: float
    megabytes: int
    sha256: str


def part(date: str, asked: Sequence[Asked]) -> str:
    """Return the part of the page, which ends it or stands before another one."""
    text = TITLE + "\n" + TEXT.format(date=date)
    text += "".join(map(_row, asked))
    files = {each.file: each.sha256 for each in asked}
    return text + IMAGES + "".join(f"| {name} | `{hash_}` |\n" for name, hash_ in files.items())


def with_part(page: str, new: str) -> str:
    """Return a page with another such part, at its end, or where it had one."""
    before, _, _ = page.partition(TITLE)
    return before.rstrip("\n") + "\n\n" + new


def kept_part(page: str) -> str:
    """Return the part that a page has; empty where it has none."""
    _, title, rest = page.partition(TITLE)
    return title + rest


def _row(each: Asked) -> str:
    cells = (
        each.file, each.what, f"`{each.command}`", each.answer, each.status,
        f"{each.seconds:.1f}", each.megabytes,
    )  # fmt: skip
    return f"| {' | '.join(str(cell).replace('|', '/') for cell in cells)} |\n"
