"""What a patch introduces, put together by cause: what one party makes of one call is one."""

from collections.abc import Iterable, Sequence

from hypabi.analysis.results.review import FindingWord, ReviewCause, ReviewFinding
from hypabi.judgement.verification.breach import Amiss

ANY_OTHER = "any other identifier"


def causes_of(findings: Sequence[ReviewFinding]) -> tuple[ReviewCause, ...]:
    """Return findings by what they are about, what is refuted first.

    The same of several programs is one: they are built of the same source.
    """
    together: dict[str, list[ReviewFinding]] = {}
    for each in findings:
        together.setdefault(_about(each), []).append(each)
    found = [_cause(what, of) for what, of in together.items()]
    return tuple(sorted(found, key=_rank))


def _rank(cause: ReviewCause) -> tuple[bool, bool]:
    """Order what is refuted first, and of that what has a call's name before all other numbers."""
    return (cause.word is not FindingWord.REFUTED, cause.what.endswith(ANY_OTHER))


def _about(finding: ReviewFinding) -> str:
    kind = finding.rule.partition(" ")[0]
    whose = ", ".join(finding.parties)
    match kind:
        case "clause" | "caller" | "call":
            return f"{whose}, {finding.call or ANY_OTHER}"
        case "slot" | "installer" | "party":
            return f"{kind} of {whose}"
        case _:
            return finding.rule


def _cause(what: str, findings: Sequence[ReviewFinding]) -> ReviewCause:
    ordered = sorted(findings, key=_depth)
    refuted = any(each.word is FindingWord.REFUTED for each in findings)
    word = FindingWord.REFUTED if refuted else FindingWord.UNDECIDED
    of_word = [each for each in ordered if each.word is word]
    telling = (each for each in of_word if each.text != Amiss.NOT_ENSURED.value)
    first = next(telling, of_word[0])
    return ReviewCause(
        what,
        word,
        _once(each.program for each in findings),
        _once(each.rule for each in ordered),
        first.text,
    )


def _depth(finding: ReviewFinding) -> tuple[bool, bool]:
    """Order what a party does before who suffers from it."""
    return (finding.word is not FindingWord.REFUTED, not finding.rule.startswith("clause "))


def _once(items: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(items))
