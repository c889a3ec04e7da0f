"""What a clause refers to, where both images have to mean the same by it: names, not addresses."""

from hypabi.judgement.lower import Lowering, NotKnown
from hypabi.smt import terms
from hypabi.smt.terms import Value


class ByName(Lowering):
    """Lowers expressions over a behaviour that says names instead of addresses."""

    __slots__ = ()

    def _capability(self, name: str) -> Value:
        if self.surroundings.capability(name) is not None:
            return terms.symbol(f"cpucap.{name}", 1)
        if self.surroundings.lacks(name):
            return 0
        raise NotKnown(f"the image does not tell the number of capability {name}")
