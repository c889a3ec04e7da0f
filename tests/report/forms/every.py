"""Findings of every command, with every kind of item, and of those to whom text is hostile."""

from collections.abc import Mapping
from typing import Final

from hypothesis import strategies as st

from hypabi.report.callers.findings import findings_of as of_callers
from hypabi.report.check.findings import findings_of as of_check
from hypabi.report.diff.findings import findings_of as of_diff
from hypabi.report.drift.findings import findings_of as of_drift
from hypabi.report.findings.finding import Findings
from hypabi.report.matrix.findings import findings_of as of_matrix
from tests.report import made, made_callers, made_check, made_diff, made_drift, made_matrix

EVERY: Final[Mapping[str, Findings]] = {
    "check": of_check(made_check.of_every_kind()),
    "check that is good": of_check(made.check(made.proved())),
    "callers": of_callers(made_callers.of_every_kind()),
    "diff": of_diff(made_diff.of_every_kind()),
    "drift": of_drift(made_drift.of_every_kind()),
    "matrix": of_matrix(made_matrix.of_every_kind()),
    "matrix of nothing": of_matrix(made_matrix.matrix()),
}
HOSTILE: Final[st.SearchStrategy[Findings]] = made.checks().map(of_check)
