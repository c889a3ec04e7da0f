"""What a refuted clause amounts to once it is known what somebody has decided to live with."""

from typing import TYPE_CHECKING

from hypabi.analysis.findings.check import Check
from hypabi.analysis.results.check import ClauseWord, LostRegister
from hypabi.analysis.results.shared import SuppressedBy
from hypabi.analysis.summaries.shared import entered, observations, values_of
from hypabi.judgement.verification.verdict import Finding, Refuted, instead_of
from hypabi.records import frozen

if TYPE_CHECKING:
    from hypabi.judgement.suppression import Suppression


@frozen
class Weighed:
    """The word for a refuted clause, and what of its evidence stands for it."""

    word: ClauseWord
    reason: str | None
    shown: Refuted | None
    """``None`` where nothing that is not suppressed is refuted, and something is undecided."""
    by: SuppressedBy | None
    lost: tuple[LostRegister, ...]


def weigh_refutation(check: Check, finding: Finding, refuted: Refuted) -> Weighed:
    """Return what a refuted clause amounts to: a register that is suppressed hides no other."""
    by = {each.lost: _decision(check, finding, each) for each in refuted.every}
    lost = tuple(
        _lost(each, each.lost, suppressed_by(by[each.lost]))
        for each in refuted.every
        if each.lost is not None
    )
    open_ones = [each for each in refuted.every if by[each.lost] is None]
    if open_ones:
        return Weighed(ClauseWord.REFUTED, instead_of(open_ones), open_ones[0], None, lost)
    if refuted.besides is not None:
        return Weighed(ClauseWord.UNDECIDED, refuted.besides, None, None, lost)
    decided = suppressed_by(by[refuted.lost])
    return Weighed(ClauseWord.SUPPRESSED, refuted.instead, refuted, decided, lost)


def _decision(check: Check, finding: Finding, refuted: Refuted) -> "Suppression | None":
    return check.by(finding) if refuted.lost is None else check.loss_by(finding, refuted.lost)


def suppressed_by(by: "Suppression | None") -> SuppressedBy | None:
    """Return the decision to live with a finding, if there is one."""
    if by is None:
        return None
    from hypabi.analysis.summaries import suppressions

    return suppressions.suppressed_by(by)


def _lost(refuted: Refuted, register: str, by: SuppressedBy | None) -> LostRegister:
    return LostRegister(
        register,
        values_of(entered(refuted)),
        observations(refuted),
        tuple(f"{address:#x}" for address in refuted.trail),
        by,
    )
