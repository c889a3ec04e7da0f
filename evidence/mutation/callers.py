"""Code that calls: what `hypabi check` says of its image, and what it asks for."""

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from evidence.mutation.fates import Fate, Judged, reviewed_fate
from evidence.mutation.mutations import Mutation, is_return, mutations
from evidence.mutation.program import Lifters, Program
from hypabi.analysis.callers import life_cycle
from hypabi.analysis.check import CheckWanted, check
from hypabi.analysis.examination import Examination
from hypabi.analysis.options import contract_of
from hypabi.analysis.results.caller_checks import WEIGHTS, CallerWord, worst_caller_word
from hypabi.analysis.results.check import CheckResult, ClauseWord, PartyWord
from hypabi.analysis.results.conclusion import Weight
from hypabi.analysis.session import Session
from hypabi.callsites.model import CallSite, ResultUse
from hypabi.contract.file.load import shipped_contract
from hypabi.contract.revision import Revision
from hypabi.contract.version import Version
from hypabi.image.load import load_image
from hypabi.image.model import Loaded
from hypabi.judgement.difference.wording import roughly
from hypabi.judgement.matrix.reference_index import read_index
from hypabi.lifter.instruction import Instruction
from hypabi.records import frozen, replace
from hypabi.smt.terms import Value

BEHIND = 8
"""Instructions behind the ``hvc`` that are changed too: what uses the answer."""

REFUTED = (CallerWord.VIOLATED.value, ClauseWord.REFUTED.value)
OPEN = (
    CallerWord.UNDECIDED.value,
    CallerWord.UNSCHEDULED.value,
    ClauseWord.VACUOUS.value,
    PartyWord.MISSING.value,
    PartyWord.UNTESTED.value,
)
"""Words of a result by which a reader is told that not all is well."""


@frozen
class Request:
    """What a call site asks for, and does with the answer."""

    arguments: tuple[tuple[str, Value], ...]
    """What selects the call, and what it is said to take."""
    tests: tuple[Value, ...]
    uses: tuple[tuple[str, tuple[ResultUse, ...]], ...]
    live: frozenset[str]


@frozen
class Asked:
    """What all call sites ask for."""

    requests: Mapping[tuple[str, str], tuple[Request, ...]]
    """By function and call."""
    others: int
    """Paths to an ``hvc`` that ask for no call of the contract, or nobody knows for which."""


@frozen(eq=False)
class CallingImage:
    """A file whose callers are judged, and whose code can be overwritten in memory."""

    loaded: Loaded
    programs: tuple[Program, ...]
    examine: Callable[[Session], Examination]

    def judged(self) -> tuple[CheckResult, Asked]:
        """Judge the file as it is now, from the start."""
        images = tuple(program.image for program in self.programs)
        examination = self.examine(Session(replace(self.loaded, images=images)))
        result = check(examination, CheckWanted(), ())
        return result, _asked(examination)


class CallerSubject:
    """A function that calls, and what can be changed in it."""

    def __init__(self, name: str, image: CallingImage, program: Program, site: CallSite) -> None:
        self.name = name
        self.image = image
        self.program = program
        self.function = site.name
        self.code = tuple(_code(program, site))
        self.mutations = mutations(self.code)

    def mutated(self, mutation: Mutation) -> tuple[CheckResult, Asked]:
        """Return what is said of the image with a mutation in it."""
        self.program.write(mutation.address, mutation.new)
        try:
            return self.image.judged()
        finally:
            self.program.write(mutation.address, mutation.old)


class CallerJudge:
    """Judges the mutants of one function that calls."""

    def __init__(self, subject: CallerSubject) -> None:
        self.subject = subject
        self._original, self._asked = subject.image.judged()

    def judge(self, mutation: Mutation) -> Judged:
        """Judge one mutant."""
        fate, why = self._fate(mutation)
        program = self.subject.program
        old, new = (
            program.text(mutation.address, mutation.state, content)
            for content in (mutation.old, mutation.new)
        )
        return Judged(self.subject.name, mutation, fate, old, new, why)

    def _fate(self, mutation: Mutation) -> tuple[Fate, str]:
        result, asked = self.subject.mutated(mutation)
        for words, fate in ((REFUTED, Fate.REFUTED), (OPEN, self._undecided(mutation))):
            worse = _worse(self._original, result, words)
            if worse:
                return fate, worse
        if asked == self._asked:
            return Fate.EQUAL, ""
        difference = _difference(self._asked, asked)
        return reviewed_fate(self.subject.name, difference), difference

    def _undecided(self, mutation: Mutation) -> Fate:
        known = self.subject.program.decodes(mutation)
        return Fate.UNDECIDED if known else Fate.REFUSED


def _worse(before: CheckResult, now: CheckResult, words: tuple[str, ...]) -> str:
    """Return what is said now that was not said before and is one of these words, empty if not."""
    callers, were = (_words(each) for each in (now, before))
    for key, word in callers.items():
        if word in words and were.get(key) != word:
            return f"{key}: {word}"
    counts, had = now.conclusion.counts, before.conclusion.counts
    for unit, found in counts.items():
        for word, number in found.items():
            if word in words and number > had.get(unit, {}).get(word, 0):
                return f"{unit}: {word}"
    return ""


def _words(result: CheckResult) -> Mapping[str, str]:
    """Return the worst that is said of each caller at each party, where it can run."""
    found: dict[str, list[CallerWord]] = {}
    for each in result.callers.reachable() if result.callers else ():
        found.setdefault(f"{each.caller.name} while {each.party}", []).append(each.verdict)
    return {key: worst_caller_word(words).value for key, words in found.items()}


def _asked(examination: Examination) -> Asked:
    """Return what each call site asks for."""
    cycle = life_cycle(examination)
    found: dict[tuple[str, str], dict[Request, None]] = {}
    for each in cycle.checks:
        met = each.check
        wanted = _arguments(examination.revision, met.call)
        registers = met.way.request.registers
        passed = tuple((name, registers[name]) for name in wanted if name in registers)
        read = tuple((one.register, one.uses) for one in met.site.answers)
        tested = tuple(test.condition for one in met.site.answers for test in one.tests)
        key = met.site.name, met.call or "any other"
        request = Request(passed, tested, read, met.site.reliance.live)
        found.setdefault(key, {})[request] = None
    requests = {key: tuple(each) for key, each in found.items()}
    return Asked(requests, cycle.elsewhere + len(cycle.unread))


def _arguments(revision: Revision, call: str | None) -> tuple[str, ...]:
    found = next((each for each in revision.calls if each.name == call), None)
    arguments = () if found is None else tuple(register for _, register in found.arguments)
    return (revision.identifier, *arguments)


def _difference(before: Asked, now: Asked) -> str:
    """Say what is asked otherwise, the first thing of it."""
    for function, call in before.requests:
        if (function, call) not in now.requests:
            others = [name for where, name in now.requests if where == function]
            return f"{call} becomes {', '.join(others) or 'no call'}"
    for key, asked in now.requests.items():
        if key not in before.requests:
            return f"{key[1]} besides"
        if asked != before.requests[key]:
            return f"{key[1]}: {_part(before.requests[key], asked)}"
    return f"{now.others - before.others} paths ask for no call, or nobody knows for which"


def _part(befores: tuple[Request, ...], nows: tuple[Request, ...]) -> str:
    if len(befores) != len(nows):
        return f"in {len(befores)} ways becomes in {len(nows)} ways"
    before, now = next(each for each in zip(befores, nows, strict=True) if each[0] != each[1])
    for (name, one), (_, other) in zip(before.arguments, now.arguments, strict=True):
        if one != other:
            return f"argument: {roughly(name, one, 64)} becomes {roughly(name, other, 64)}"
    if before.tests != now.tests:
        return "what is tested of the answer"
    if before.uses != now.uses:
        return "what becomes of the answer"
    return "what is read behind the call"


def _code(program: Program, site: CallSite) -> Iterator[Instruction]:
    """Yield the instructions on the paths to a call site, and those that follow it."""
    explorer = program.first
    places = {address for path in site.paths for address in path.path}
    found = [explorer.instruction(address, site.state) for address in sorted(places)]
    address = site.address + 4
    for _ in range(BEHIND):
        one = explorer.instruction(address, site.state)
        if not isinstance(one, Instruction) or address >= site.function.end:
            break
        found += [] if address in places else [one]
        if is_return(one):
            break
        address += one.size
    yield from (each for each in found if isinstance(each, Instruction))


def _subjects(where: str, image: CallingImage) -> Iterator[CallerSubject]:
    """Yield the functions of an image whose callers are proved right."""
    result, _ = image.judged()
    session = Session(image.loaded)
    sites: dict[str, CallSite] = {}
    for each in life_cycle(image.examine(session)).checks:
        sites.setdefault(each.check.site.name, each.check.site)
    words: Mapping[str, CallerWord] = result.callers.call_sites() if result.callers else {}
    good = {int(address, 16) for address, word in words.items() if WEIGHTS[word] is Weight.GOOD}
    for name, site in sites.items():
        if site.address in good:
            program = next(p for p in image.programs if p.image.segment(site.address) is not None)
            yield CallerSubject(f"{where} caller {name}", image, program, site)


def reference_callers(image: str, form: str, lifters: Lifters) -> Iterator[CallerSubject]:
    """Yield the functions of a reference image that call."""
    index = read_index()
    reference = next(each for each in index.references if each.name == image)
    of = next(each for each in reference.forms if each.name == form)
    promised = index.revisions.get(reference.revision)
    if promised is None:
        return
    contract = shipped_contract(promised.contract)
    version = Version.parse(promised.version)

    def examine(session: Session) -> Examination:
        return session.examine(contract, version)

    yield from _subjects(f"{image}-{form}", _image(reference.file(of), lifters, examine))


def kernel_callers(name: str, path: Path, lifters: Lifters) -> Iterator[CallerSubject]:
    """Yield the functions of a kernel that call the parties of the contract."""
    contract = contract_of("linux-hyp-abi")
    yield from _subjects(name, _image(path, lifters, lambda session: session.examine(contract)))


def _image(path: Path, lifters: Lifters, examine: Callable[[Session], Examination]) -> CallingImage:
    loaded = load_image(path)
    programs = tuple(Program(image, lifters) for image in loaded.images)
    return CallingImage(loaded, programs, examine)
