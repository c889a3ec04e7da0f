"""What the store holds, as records; and what a sweep and a history come to."""

import enum
from collections.abc import Collection, Iterator, Mapping
from typing import Final

from hypabi.analysis.results.conclusion import Conclusion, Judged, Weight, conclude
from hypabi.analysis.results.shared import Reproduction, Sha256
from hypabi.records import frozen


class Fate(enum.Enum):
    """What became of one thing that a source named, in the order in which they are counted."""

    JUDGED = "judged"
    KNOWN = "known"
    """The store has the same kernel already, judged the same way."""
    NO_KERNEL = "no kernel"
    """It was read, and is or holds none."""
    REFUSED = "refused"
    """It holds a kernel, or claims to, and cannot be read."""
    UNAVAILABLE = "could not be had"
    FAILED = "failed"
    """Whoever judged it died, took too long or met a defect of ours."""


FATES: Final[Mapping[Fate, Weight]] = {
    Fate.JUDGED: Weight.GOOD,
    Fate.KNOWN: Weight.GOOD,
    Fate.NO_KERNEL: Weight.GOOD,
    Fate.REFUSED: Weight.UNDECIDED,
    Fate.UNAVAILABLE: Weight.UNDECIDED,
    Fate.FAILED: Weight.UNDECIDED,
}
GOOD_FATES: Final = frozenset(fate for fate, weight in FATES.items() if weight is Weight.GOOD)
LINE_WEIGHTS: Final[Mapping[str, Weight]] = {
    each.value: each for each in (Weight.GOOD, Weight.REFUTED, Weight.UNDECIDED)
}
FOUND: Final = "found"
"""The unit in which what sources name is counted."""
KERNELS: Final = "kernels"
BEHAVIOURS: Final = "behaviours"
"""The unit of what parties do; the name of such an item is a digest."""
QUESTIONS: Final = ("check", "callers", "derive", "trace")
"""What can be asked of a kernel: the commands whose results are kept."""
WORDS: Final[Mapping[str, Weight]] = {
    "proved": Weight.GOOD,
    "refuted": Weight.REFUTED,
    "undecided": Weight.UNDECIDED,
    "contradicted": Weight.DEFECT,
    "satisfied": Weight.GOOD,
    "named": Weight.GOOD,
    "derived": Weight.GOOD,
}
"""The verdicts that results in the store can have."""
WORST_FIRST: Final = (
    "contradicted", "refuted", "undecided", "proved", "satisfied", "named", "derived",
)  # fmt: skip


@frozen
class Kernel:
    """A kernel image, and what it follows."""

    sha256: Sha256
    """Of the file, or of what a package holds."""
    architecture: str
    release: str
    """As ``uname -r`` prints it; empty where the image does not say it."""
    version: str
    """Of the build: the distribution's where the banner has one, else the release."""
    series: str
    """``6.1``; empty where the image does not say its release."""
    flavour: str
    """What the release ends in: ``arm64-16k``."""
    banner: str
    """What the image calls itself, up to its first line end."""
    size: int
    """In bytes."""

    @property
    def name(self) -> str:
        """Return what a report calls it."""
        return f"{self.version or self.sha256[:12]} {self.flavour}".rstrip()


@frozen
class Item:
    """One thing that was judged in a kernel."""

    unit: str
    """As the conclusion of the result counts it: ``clauses``, ``call sites``."""
    party: str
    call: str
    """Empty where it is of no call."""
    name: str
    """Of the clause, the calling function, the placement or what else it is."""
    word: str
    """What was found, in one word."""
    weight: str
    rule: str
    """Of what is to be told of it; empty where nothing is."""
    text: str


@frozen
class Answer:
    """What one question found in a kernel."""

    question: str
    """The command that asks it: ``check``."""
    contract: str
    contract_sha256: str
    contract_version: str
    made_by: str
    """Versions of hypabi and of the tools whose answers it rests on."""
    verdict: str
    exit_status: int
    seconds: float
    """Of the question alone; reading the image is in that of the first."""
    megabytes: int
    """Most memory that the process had taken until then."""
    document: bytes
    """The whole result as JSON, deflated (RFC 1950)."""
    items: tuple[Item, ...]


@frozen
class Outcome:
    """What became of one thing that a source named."""

    fate: Fate
    reason: str
    """Why, where it was not judged; else empty."""
    image: Sha256 | None = None
    """Of the kernel, as far as it was found."""
    kernel: Kernel | None = None
    answers: tuple[Answer, ...] = ()


@frozen
class SweptFile:
    """One thing that a source named, and what became of it."""

    name: str
    """Path, or package with its version."""
    fate: Fate
    reason: str
    kernel: Sha256 | None
    """The kernel in it; null where there is none or it is not known."""


@frozen
class SweptKernel:
    """A kernel that a sweep met, and what is said of it."""

    sha256: Sha256
    architecture: str
    series: str
    flavour: str
    version: str
    release: str
    found_in: tuple[str, ...]
    verdicts: Mapping[str, str]
    """By question."""
    findings: tuple["KernelFinding", ...]
    """What is not as it should be."""
    seconds: str
    """Of the question that took longest to come: decimal, two places."""
    megabytes: int


@frozen
class KernelFinding:
    """One thing to tell of a kernel."""

    rule: str
    unit: str
    party: str
    call: str
    name: str
    word: str
    weight: str
    """``refuted`` where a promise is broken, ``undecided`` where that is open."""
    text: str


@frozen
class NewFinding:
    """A difference between a kernel and the one before it in its line."""

    kernel: Sha256
    version: str
    line: str
    before: str | None
    """Version of the kernel before; null where the line had none."""
    before_sha256: Sha256 | None
    what: str
    """``new``, ``mended`` or ``changed``."""
    finding: KernelFinding


@frozen
class SweepResult:
    """What a sweep found."""

    store: str
    files: tuple[SweptFile, ...]
    kernels: tuple[SweptKernel, ...]
    """Each once, however many packages hold it."""
    new_kernels: int
    """How many the store did not have before."""
    news: tuple[NewFinding, ...]
    """Of the kernels that this sweep judged: what is otherwise than in the one before each."""
    reproduce: Reproduction

    @property
    def conclusion(self) -> Conclusion:
        """Return what the sweep amounts to."""
        units = {FOUND: tuple(each.value for each in Fate), KERNELS: tuple(WORDS)}
        return conclude(self._judged(), "proved", units)

    @property
    def exit_status(self) -> int:
        """Return the exit status of the command."""
        return self.conclusion.exit_status

    def _judged(self) -> Iterator[Judged]:
        nothing = () if self.kernels else (Weight.UNDECIDED,)
        for file in self.files:
            yield Judged(FOUND, file.fate.value, FATES[file.fate], nothing)
        for kernel in self.kernels:
            words = sorted(kernel.verdicts.values(), key=WORST_FIRST.index)
            weights = tuple(dict.fromkeys(WORDS[word] for word in words))
            yield Judged(KERNELS, words[0], weights[0], weights[1:])


@frozen
class SweepNews:
    """What is new since the sweep before, and what was not judged."""

    conclusion: Conclusion
    """Of the whole sweep."""
    store: str
    news: tuple[NewFinding, ...]
    not_judged: tuple[SweptFile, ...]
    reproduce: Reproduction


@frozen
class PartyCall:
    """What a kernel has of one party and call."""

    words: Mapping[str, int]
    """How many items have each word."""
    weight: str
    """The worst of them: good, refuted or undecided."""
    amiss: int
    """How many are not good."""


@frozen
class KernelCells:
    """A kernel, and what it has of each party and call."""

    kernel: SweptKernel
    cells: tuple[PartyCall | None, ...]
    """In the order of the columns; null where the kernel has nothing of it."""


@frozen
class Difference:
    """What a kernel says otherwise than the one before it, and what shows it."""

    new: NewFinding
    witness: tuple[str, ...]
    """State at entry, path or request of the kernel that has the finding, a line each."""


@frozen
class Span:
    """Neighbouring kernels of a line of which the same is said."""

    first: str
    last: str
    """Versions."""
    kernels: int
    words: Mapping[str, int]
    """How many of what was asked for have each word; empty where the kernels have none of it."""
    findings: tuple[KernelFinding, ...]


@frozen
class LineHistory:
    """The kernels of one architecture, series and flavour, in the order of their versions."""

    architecture: str
    series: str
    flavour: str
    spans: tuple[Span, ...]


@frozen
class FindingLine:
    """When one line had a finding, once from beginning to end."""

    architecture: str
    series: str
    flavour: str
    first: str
    """Version of the first kernel with it."""
    since: str | None
    """Version of the last kernel before that, which had it not; null where none was read."""
    last: str
    mended_in: str | None
    """Version of the first kernel without it; null where the last that was read has it."""
    kernels: int


@frozen
class FindingHistory:
    """A finding, and every line of kernels that has or had it."""

    finding: KernelFinding
    lines: tuple[FindingLine, ...]


@frozen
class Alike:
    """Lines whose newest kernels say the same of what was asked for."""

    words: Mapping[str, int]
    kernels: tuple[str, ...]
    """Architecture, series, flavour and version of each."""


@frozen
class HistoryResult:
    """What became of a call, a party, a caller or a rule from kernel to kernel."""

    store: str
    asked: str
    """What was asked for; empty for everything."""
    kind: str
    """``call``, ``party``, ``caller``, ``rule`` or ``everything``."""
    kernels: int
    lines: tuple[LineHistory, ...]
    findings: tuple[FindingHistory, ...]
    newest: tuple[Alike, ...]
    """The newest kernel of each line, by what is said of it; the most common first."""
    reproduce: Reproduction

    @property
    def conclusion(self) -> Conclusion:
        """Return what the history amounts to: whether the newest kernels are all right."""
        return conclude(self._judged(), "good", {"lines": tuple(LINE_WEIGHTS)})

    @property
    def exit_status(self) -> int:
        """Return the exit status of the command."""
        return self.conclusion.exit_status

    def _judged(self) -> Iterator[Judged]:
        for line in self.lines:
            word = line_word(line)
            yield Judged("lines", word, LINE_WEIGHTS[word])


@frozen
class Overview:
    """Everything that a store holds, for pages."""

    columns: tuple[tuple[str, str], ...]
    """Party and call, as they first come."""
    kernels: tuple[KernelCells, ...]
    history: HistoryResult
    differences: tuple[Difference, ...]


def line_word(line: LineHistory) -> str:
    """Return what is said of the newest kernel of a line: good, refuted or undecided."""
    return worst_weight({each.weight for each in line.spans[-1].findings})


def worst_weight(weights: Collection[str]) -> str:
    """Return what some weights come to: good, refuted or undecided."""
    if Weight.REFUTED.value in weights:
        return Weight.REFUTED.value
    return Weight.UNDECIDED.value if set(weights) - {Weight.GOOD.value} else Weight.GOOD.value
