"""Refutations made by hand: of one clause about one case, without a prover."""

from collections.abc import Mapping

from hypabi.contract.clause import Authority, Clause, Ensures
from hypabi.contract.revision import Row, Service
from hypabi.judgement.verification.breach import Breach
from hypabi.judgement.verification.demand import Demand
from hypabi.judgement.verification.obligations import HeldRow, Obligation
from hypabi.judgement.verification.verdict import Refuted
from tests.judgement.handler_contract import ALWAYS, PARTY, REVISION
from tests.judgement.made_case import AROUND, behaviour, case


def obligation(breach: Breach) -> Obligation:
    """Return an obligation that nothing keeps, and what it is that happens instead."""
    clause = Clause("it", "", Ensures(ALWAYS), Authority(because="made"))
    row = Row("stub", None, Service.SERVED, ALWAYS, (), (), (clause,), None)
    of = case()
    held = HeldRow(REVISION, PARTY, row, behaviour(of), AROUND)
    return Obligation(held, clause, of, (), Demand(0, breach))


def refuted(
    breach: Breach,
    model: Mapping[str, int] | None = None,
    observed: tuple[tuple[str, int, int], ...] = (),
    trail: tuple[int, ...] = (),
) -> Refuted:
    """Return a refutation by a state of these values, along a path of these addresses."""
    return Refuted(obligation(breach), model or {}, observed, trail)
