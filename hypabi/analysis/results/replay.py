"""What ``hypabi replay`` has to say, as plain values."""

from collections.abc import Mapping
from typing import Final, assert_never

from hypabi.analysis.results.conclusion import Conclusion, Judged, Weight, conclude
from hypabi.analysis.results.shared import Hex, ReplayAttempt, ReplayVerdict, Reproduction, Sha256
from hypabi.records import frozen


@frozen
class ReplayClaim:
    """What the witness says is broken, and by whom."""

    contract: str
    version: str
    """Kernel version that the contract was taken at."""
    party: str
    call: str | None
    """Null for every identifier that is no call's number."""
    number: Hex | None
    clause: str
    statement: str
    """The clause, as the contract has it."""
    instead: str
    """What the derivation says happens."""
    promised: str
    """What the clause promises, in numbers."""


@frozen
class WitnessImage:
    """The image whose code the witness runs."""

    name: str
    """Of the file, without its folder."""
    version: str | None
    """The kernel's, where the image says it."""
    displacement: Hex
    """Added to every link address, modulo the width of an address, where the code runs."""
    pages: int
    """Pages of the image that are in the machine's memory."""


@frozen
class MemoryContent:
    """Bytes of memory."""

    address: Hex
    bytes: str
    """Two hexadecimal digits each, in the order of addresses."""


@frozen
class EndState:
    """Where and how control ends, and what registers and memory hold there."""

    ends: str
    """How: returned, reached, stuck, faulted or stopped."""
    address: Hex | None
    """Null where it is no part of what is predicted."""
    mode: str | None
    control: str
    """The same in words."""
    registers: Mapping[str, Hex]
    memory: tuple[MemoryContent, ...]


@frozen(kw_only=True)
class ReplayReproduction(Reproduction):
    """What is needed to replay the same again."""

    witness_sha256: Sha256
    image_sha256: Sha256
    contract_sha256: Sha256


REPLAYS: Final = "replays"
WORDS: Final = tuple(word.value for word in ReplayVerdict)
VERDICTS: Final[Mapping[Weight, str]] = {
    Weight.REFUTED: ReplayVerdict.CONFIRMED.value,
    Weight.DEFECT: ReplayVerdict.NOT_REPRODUCED.value,
    Weight.UNDECIDED: ReplayVerdict.NOT_RUN.value,
}


@frozen
class ReplayResult:
    """What a machine made of a witness."""

    replay: ReplayAttempt
    worth: str
    """What the word of this machine is worth."""
    claim: ReplayClaim
    image: WitnessImage
    entered: Mapping[str, Hex]
    """What the refutation needs of the state at entry, with memory where the code runs."""
    predicted: EndState
    """Registers are those that change, and whatever the promise is about."""
    observed: EndState | None
    """Null where nothing ran to its end."""
    reproduce: ReplayReproduction

    @property
    def conclusion(self) -> Conclusion:
        """Return what the replay amounts to; a witness that is confirmed breaks a promise."""
        judged = Judged(REPLAYS, self.replay.verdict.value, self._weight)
        return conclude([judged], "kept", {REPLAYS: WORDS}, VERDICTS)

    @property
    def _weight(self) -> Weight:
        match self.replay.verdict:
            case ReplayVerdict.CONFIRMED:
                return Weight.REFUTED
            case ReplayVerdict.NOT_REPRODUCED:
                return Weight.DEFECT
            case ReplayVerdict.NOT_RUN:
                return Weight.UNDECIDED
            case _:
                assert_never(self.replay.verdict)

    @property
    def verdict(self) -> str:
        """Return the verdict in words."""
        return self.conclusion.verdict

    @property
    def exit_status(self) -> int:
        """Return the bits of the exit status."""
        return self.conclusion.exit_status
