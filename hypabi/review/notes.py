"""What a review says of commits, as git notes on them: only where the user asks."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from hypabi.analysis.results.review import ReviewedPatch, ReviewResult
from hypabi.errors import HypabiError
from hypabi.review.git import complaint, run_git

REF: Final = "refs/notes/hypabi"


def write_notes(tree: Path, commits: Sequence[str], review: ReviewResult) -> None:
    """Put a note on each commit, in place of one that is there; no file or branch is touched.

    :param commits: of the patches, in their order
    :raises HypabiError: git refuses
    """
    for commit, patch in zip(commits, review.patches, strict=False):
        add = ("notes", f"--ref={REF}", "add", "--force", "-F", "-", commit)
        text = "\n".join(_lines(review, patch)) + "\n"
        ran = run_git(tree, *add, text=text.encode("utf-8", "backslashreplace"))
        if ran.returncode:
            raise HypabiError(str(tree), complaint(ran.stderr))


def _lines(review: ReviewResult, patch: ReviewedPatch) -> Iterator[str]:
    version = review.reproduce.versions["hypabi"]
    yield f"hypabi {version}: {patch.word.value}"
    yield from patch.why
    yield from (each.sentence for each in patch.renumbers)
    for each in patch.causes:
        yield f"{each.what}: {each.word.value}: {each.text}"
