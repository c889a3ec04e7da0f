"""A review as checks: what b4 and patchwork keep of each patch, by its message id.

b4 (docs/maintainer/review.rst, "Writing an external check script"): a list of ``tool``, ``status``
(pass, warn, fail), ``summary``, ``url`` and ``details``.  Patchwork (REST API 1.3, checks):
``context``, ``state`` (success, warning, fail), ``description`` and ``target_url``.
"""

import json
from collections.abc import Iterator, Mapping
from typing import Final

from hypabi.analysis.results.conclusion import Weight
from hypabi.analysis.results.plain import Plain
from hypabi.analysis.results.review import WEIGHTS, ReviewedPatch, ReviewResult
from hypabi.report.review.text import patch_lines
from hypabi.report.review.text import write as write_text

TOOL: Final = "hypabi"
MOST_DESCRIBED: Final = 255
"""Characters of a description of patchwork's."""
_B4: Final = {"good": "pass", "open": "warn", "bad": "fail"}
_PATCHWORK: Final = {"good": "success", "open": "warning", "bad": "fail"}


def write_b4(review: ReviewResult) -> str:
    """Return the check of the patch that b4 asks about, or of the series."""
    patch = next((each for each in review.patches if each.number == review.asked), None)
    if patch is None:
        summary, *_ = write_text(review).splitlines()[1:]
        return _listed(_B4[_of_series(review)], summary, write_text(review))
    details = "\n".join(patch_lines(review, patch))
    return _listed(_B4[_of_patch(patch)], _summary(patch), details)


def write_b4_refusal(why: str) -> str:
    """Return the check of what could not be judged at all: it is no finding about the patch."""
    return _listed(_B4["open"], f"not judged: {why}", why)


def write_patchwork(review: ReviewResult) -> str:
    """Return a check for each patch that has a message id."""
    return json.dumps(list(map(dict, _checks(review))), indent=2, sort_keys=True) + "\n"


def _checks(review: ReviewResult) -> Iterator[Mapping[str, Plain]]:
    for patch in review.patches:
        if patch.message_id:
            check = {
                "context": TOOL,
                "state": _PATCHWORK[_of_patch(patch)],
                "description": _summary(patch)[:MOST_DESCRIBED],
                "target_url": "",
            }
            yield {"message_id": patch.message_id, "check": check}


def _listed(status: str, summary: str, details: str) -> str:
    check = {
        "tool": TOOL, "status": status, "summary": summary, "url": "", "details": details
    }  # fmt: skip
    return json.dumps([check], indent=2, sort_keys=True) + "\n"


def _summary(patch: ReviewedPatch) -> str:
    of = "; ".join(each.sentence for each in patch.renumbers)
    what = of or next((f"{c.what}: {c.text}" for c in patch.causes), "")
    what = what or next(iter(patch.why), "")
    return f"{patch.word.value}: {what}" if what else patch.word.value


def _of_patch(patch: ReviewedPatch) -> str:
    match WEIGHTS[patch.word]:
        case Weight.GOOD:
            return "good"
        case Weight.REFUTED:
            return "bad"
        case _:
            return "open"


def _of_series(review: ReviewResult) -> str:
    if any(WEIGHTS[each.word] is Weight.REFUTED for each in review.patches):
        return "bad"
    return "open" if review.exit_status else "good"
