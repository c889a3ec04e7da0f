"""What a frame loses, register by register: no register that is lost hides another."""

from collections.abc import Callable, Iterable
from typing import assert_never

from hypabi.behaviour.case import Case
from hypabi.judgement.verification.breach import lost_register
from hypabi.judgement.verification.obligations import Asked, Obligation
from hypabi.judgement.verification.verdict import Proved, Refuted, Undecided, Vacuous, Verdict
from hypabi.records import replace


class Losses:
    """Collects, over the cases of one row, each register that is lost, with what shows it."""

    def __init__(self) -> None:
        self.registers: dict[str, Refuted] = {}
        self.cases: list[Case] = []
        """Those that lose what no case before them lost."""
        self.besides = ""

    def of_case(
        self, case: Case, asked: Iterable[Asked], judge: Callable[[Asked], Verdict]
    ) -> Verdict:
        """Judge a frame on one case, each register for itself, and return the worst of it.

        A register that an earlier case loses is not asked after again.
        """
        worst: Verdict = Proved(1)
        for each in asked:
            if _register(each) in self.registers:
                continue
            match judge(each):
                case Refuted() as found:
                    assert found.lost is not None, "only a register can be lost"
                    self.registers[found.lost] = found
                    if not self.cases or self.cases[-1] is not case:
                        self.cases.append(case)
                    worst = found
                case Undecided(reason) as found:
                    self.besides = self.besides or reason
                    worst = worst if isinstance(worst, Refuted) else found
                case Vacuous() as found:
                    return found
                case Proved():
                    continue
                case never:
                    assert_never(never)
        return worst

    def verdict(self, undecided: str) -> Refuted:
        """Return what was found to be lost; the first found stands for the clause.

        :param undecided: why a case was not decided, empty where all were
        """
        first, *others = self.registers.values()
        besides = self.besides or undecided or None
        return replace(first, others=tuple(others), besides=besides)


def _register(asked: Asked) -> str | None:
    return lost_register(asked.goal.breach) if isinstance(asked, Obligation) else None
