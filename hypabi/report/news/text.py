"""What is new since the sweep before, as text; nothing where nothing is."""

from collections.abc import Iterator, Sequence

from hypabi.report.shared.text_layout import filled, labelled, printable, titled
from hypabi.store.records import FATES, GOOD_FATES, NewFinding, SweepResult

MOST_FILES = 40
"""Most files that are named one by one; the JSON has all."""


def write(result: SweepResult) -> str:
    """Return what is new, and no more."""
    lines = [*news_lines(result.news), *not_judged_lines(result)]
    return "".join(f"{printable(line)}\n" for line in lines)


def news_lines(news: Sequence[NewFinding]) -> Iterator[str]:
    """Yield what kernels say otherwise than the one before each in its line."""
    if not news:
        return
    yield from titled("Otherwise than in the kernel before")
    for each in news:
        of = each.finding
        where = ", ".join(filter(None, (of.party, of.call, of.name)))
        before = f"since {each.before}" if each.before else "first of its line"
        yield from filled(f"{each.what}: {each.line} {each.version} ({before})")
        yield from labelled(of.word, f"{where}: {of.text}")


def not_judged_lines(result: SweepResult) -> Iterator[str]:
    """Yield what was not judged, by name; of what holds no kernel nothing."""
    for fate in FATES:
        own = [file for file in result.files if file.fate is fate and fate not in GOOD_FATES]
        if not own:
            continue
        yield from titled(fate.value.capitalize())
        for file in own[:MOST_FILES]:
            yield from filled(f"{file.name}: {file.reason}", indent="    ")
        if len(own) > MOST_FILES:
            yield f"... {len(own) - MOST_FILES} more; --format json has all"
