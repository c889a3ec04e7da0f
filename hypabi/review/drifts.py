"""What a document no longer says of a program, told so that two sentences are never one."""

from collections.abc import Iterable, Iterator
from typing import Final

from hypabi.analysis.results.review import ReviewDrift
from hypabi.judgement.drift.citations import Edit
from hypabi.judgement.drift.findings import Drift, Kind

AROUND: Final = 3
"""Words that are told before and behind those that differ."""
LONGEST: Final = 60
"""Characters of a sentence that is named by its beginning."""


def drift_of(found: Drift) -> ReviewDrift:
    """Return a finding about a document as a review tells it."""
    contradicted = found.kind is Kind.CONTRADICTED or bool(found.refuted)
    return ReviewDrift(found.kind.value, "".join(_told(found)), found.line, contradicted)


def _told(found: Drift) -> Iterator[str]:
    """Yield what is amiss, with the words of the document that make it another finding."""
    call = None if found.cite is None else found.cite.call
    if call is not None and call not in found.what:
        yield f"{call}, "
    yield found.what
    if found.edits:
        yield f": {' '.join(_edited(found.edits))}"
    elif found.cite is not None:
        said = found.cite.text
        yield f': "{said if len(said) <= LONGEST else said[:LONGEST] + "..."}"'


def _edited(edits: Iterable[Edit]) -> Iterator[str]:
    """Yield words as git's word diff has them, with few of those that stayed."""
    every = list(edits)
    for at, edit in enumerate(every):
        if edit.old == edit.new:
            yield from _stayed(edit.new, is_first=at == 0, is_last=at == len(every) - 1)
            continue
        if edit.old:
            yield f"[-{' '.join(edit.old)}-]"
        if edit.new:
            yield f"{{+{' '.join(edit.new)}+}}"


def _stayed(words: tuple[str, ...], *, is_first: bool, is_last: bool) -> Iterator[str]:
    before = () if is_first else words[:AROUND]
    behind = () if is_last else words[max(len(before), len(words) - AROUND) :]
    yield from before
    if len(before) + len(behind) < len(words):
        yield "..."
    yield from behind
