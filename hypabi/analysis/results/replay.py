"""What a machine made of a refutation, in words that every report shares."""

from collections.abc import Mapping
from typing import Final

from hypabi.records import field, frozen

CONFIRMED: Final = "confirmed"
NOT_REPRODUCED: Final = "not reproduced"
NOT_RUN: Final = "not run"

ENGINE: Final = (
    "our own engine shares our reading of Arm with the derivation: it confirms the search and the "
    "solver, and not that reading"
)
QEMU: Final = (
    "QEMU's reading of Arm is not ours: with the search and the solver it confirms that reading"
)
DEFECT: Final = (
    "a claim that a machine contradicts is a defect of hypabi until it is explained: please report "
    "it with the witness"
)


@frozen
class Attempt:
    """A replay of one refutation, or why there was none."""

    verdict: str
    """``confirmed``, ``not reproduced`` or ``not run``."""
    machine: str
    reason: str | None = None
    """Why it was not run."""
    differences: tuple[tuple[str, str, str], ...] = ()
    """What differs, as it was predicted, and as it was observed."""
    file: str | None = None
    """The witness, where it was written to a file."""
    needed: Mapping[str, int] = field(default_factory=dict)
    """What the refutation needs of the state at entry, after shrinking; at link addresses."""

    @property
    def sentence(self) -> str:
        """Return what the replay came to."""
        if self.verdict == NOT_RUN:
            return f"not run on {self.machine}: {self.reason}"
        if self.verdict == CONFIRMED:
            return f"confirmed by {self.machine}"
        what, predicted, observed = self.differences[0]
        more = f", and {len(self.differences) - 1} more" if len(self.differences) > 1 else ""
        first = f"{what}: predicted {predicted}, observed {observed}"
        return f"NOT REPRODUCED by {self.machine}: {first}{more}"

    @property
    def worth(self) -> str:
        """Return what the word of the machine is worth."""
        return QEMU if self.machine.lower().startswith("qemu") else ENGINE
