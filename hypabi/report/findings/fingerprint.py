"""What makes a finding of one build the same as that of another."""

import hashlib
from collections.abc import Iterable
from typing import Final

from hypabi.report.findings.finding import Finding

NAME: Final = "hypabi/v1"
"""Of this way to make one; another way is another name."""


def fingerprints(findings: Iterable[Finding]) -> tuple[str, ...]:
    """Return a fingerprint of each finding, in their order.

    It is made of the rule and of what the finding is about, never of an address or a path; the
    second that is about the same ends in ``:2``.
    """
    seen: dict[str, int] = {}
    made = []
    for each in findings:
        parts = (each.rule.id, *(f"{name}={value}" for name, value in each.about.items()))
        text = "\0".join(parts).encode("utf-8", "backslashreplace")
        digest = hashlib.sha256(text).hexdigest()[:32]
        seen[digest] = seen.get(digest, 0) + 1
        made.append(f"{digest}:{seen[digest]}")
    return tuple(made)
