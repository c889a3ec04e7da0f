"""What registers hold in a function when some hold a known number at entry, and words of memory do.

A data flow of constants over the function's own instructions: a branch whose condition they decide
goes one way, every other goes both, and so does one that the kernel may write anew.  Of memory only
those words are known, which nobody changes meanwhile.  A function that is called is looked into
where who asks says what it answers, since a compiler may inline ``is_hyp_nvhe`` or not.
"""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Final

from hypabi.callsites.data_flow import data_flow
from hypabi.callsites.level_kept import CURRENT_EL
from hypabi.callsites.path_runner import STAYS, Approach, Walk
from hypabi.code import register_usage
from hypabi.code.a64_words import PAGE, formed_address, is_adrp
from hypabi.code.function_body import CALLS, A64Body, Body, Kind, Step
from hypabi.lifter.instruction import Instruction
from hypabi.records import frozen
from hypabi.smt.terms import Value
from hypabi.unknowns import is_general

FLAGS: Final = ("N", "Z", "C", "V")
SETS_FLAGS: Final = (
    (0x3F000000, 0x31000000),
    (0x3F000000, 0x2B000000),
    (0x7F800000, 0x72000000),
    (0x7F000000, 0x6A000000),
    (0xFFFFFFE0, 0xD51B4200),
)
"""ADDS and SUBS of an immediate, of a register; ANDS of an immediate; ANDS and BICS of a register
(DDI 0487, C4.1.92 and C4.1.95); MSR of NZCV."""
SYSTEM_READ: Final = (0xFFF00000, 0xD5300000)
"""MRS."""
FRAME: Final = (29, 31)
"""The frame pointer and sp as base registers."""
MOST_BEHIND: Final = 8
"""Instructions behind a call in which its answer is looked at."""
RESULT: Final = 0
"""The register in which functions answer (AAPCS)."""

Known = Mapping[str, int]
"""Registers and flags that hold a number."""


@frozen
class World:
    """What is known when a function is entered."""

    name: str
    level: int | None
    """The exception level, which stays; ``None`` where nobody asks."""
    memory: Mapping[int, int]
    """Bytes by address, which stay as they are."""

    @property
    def registers(self) -> Known:
        """Return what system registers hold."""
        return {} if self.level is None else {"CURRENTEL": self.level << 2}


Answer = Callable[[int, Known], int | None]
"""What a function answers that is called with such registers, where that is one number."""


def nobody_answers(_function: int, _known: Known) -> None:
    """Say of no function what it answers."""


@frozen
class ConstantFlow:
    """The flow of constants through functions of one image."""

    approach: Approach
    memory: Mapping[int, int]
    """As of :class:`World`."""
    answers: Answer = nobody_answers

    def before(self, body: Body, known: Known) -> Mapping[int, Known] | None:
        """Return what is known before each instruction that control can come to.

        :param known: what registers hold at entry
        :return: ``None`` where a computed branch, or more than is looked at, leaves it open
        """
        return data_flow(body, known, partial(self._onward, body), _met)

    def answer(self, body: Body, known: Known) -> int | None:
        """Return what a function answers, ``None`` where that is no single number."""
        flow = self.before(body, known)
        name = f"{self.approach.rules.prefix}{RESULT}"
        if flow is None or any(body.step(at).kind is Kind.END for at in flow):
            return None
        leaves = [at for at in flow if _leaves(body, body.step(at))]
        answers = {flow[at].get(name) for at in leaves if body.step(at).kind is Kind.RETURN}
        plain = all(body.step(at).kind is Kind.RETURN for at in leaves)
        return answers.pop() if plain and len(answers) == 1 else None

    def _onward(self, body: Body, step: Step, known: Known) -> list[tuple[int, Known]] | None:
        if step.kind in (Kind.COMPUTED, Kind.UNREADABLE):
            return None
        targets = list(body.after(step))
        if step.kind is Kind.TRAP and step.address + step.size in body.into:
            return []  # a BUG(), behind which another block stands
        if step.kind in CALLS:
            kept = self._behind_call(step, known)
            return [(target, kept) for target in targets]
        if not _matters(self.approach, body, step, known):
            kept = self._beside(step, known)
            return [(target, kept) for target in targets]
        runs = [(target, self._run(body, step, known, target)) for target in targets]
        taken = [(target, behind) for target, behind in runs if behind is not None]
        return taken or [(target, {}) for target in targets]

    def _beside(self, step: Step, known: Known) -> Known:
        """Return what is known behind an instruction that makes no number, but for an address."""
        written = 0 if step.uses is None else step.uses.writes
        kept = _without(self.approach, known, written)
        page = formed_address(step.word, step.address) if is_adrp(step.word) else None
        return kept if page is None else {**kept, f"x{step.word & 31}": page}

    def _behind_call(self, step: Step, known: Known) -> Known:
        kept = _staying(_without(self.approach, known, self.approach.rules.lost), is_general)
        called = step.target if step.kind is Kind.CALL else None
        answer = None if called is None else self.answers(called, known)
        name = f"{self.approach.rules.prefix}{RESULT}"
        return kept if answer is None else {**kept, name: answer}

    def _run(self, body: Body, step: Step, known: Known, target: int) -> Known | None:
        """Return what is known behind an instruction, ``None`` where control does not go there."""
        if step.uses is None:
            return _staying(known)
        walk = _Decided(self.approach, step.address, self.memory)
        walk.registers.update(known)
        walk.registers["CPSR.IT"] = body.it(step.address)
        walk.over(step, target)
        patched = isinstance(body, A64Body) and body.is_patched(step.address)
        if walk.elsewhere and step.kind is Kind.BRANCH and not patched:
            return None
        return {name: value for name, value in walk.registers.items() if isinstance(value, int)}


def is_lost(
    body: A64Body, flow: Mapping[int, Known], asks: Callable[[int], bool], *, by_level: bool
) -> bool:
    """Tell whether a function asks in which world it is, and keeps or gets the answer unseen.

    It is put on the stack, or a function that is called asks, and what it answers is not known.

    :param flow: as of :meth:`ConstantFlow.before`
    :param by_level: whether the level is an answer
    :param asks: tells of a function that is called whether it asks
    """
    told: set[int] = set()
    for at in sorted(flow):
        step, known = body.step(at), flow[at]
        if step.kind is Kind.CALL and step.target is not None and asks(step.target):
            behind = flow.get(at + step.size, {})
            if f"x{RESULT}" not in behind and _looks_at_answer(body, at + step.size):
                return True
            told.add(RESULT)
        elif (by_level and step.word & ~31 == CURRENT_EL & ~31) or _loads_known(step, flow):
            told.add(step.word & 31)
        elif any(number in told and f"x{number}" in known for number in _put_on_stack(step.word)):
            return True
        elif step.uses is not None and told & set(register_usage.numbers(step.uses.reads)):
            told |= set(register_usage.numbers(step.uses.writes))
    return False


def _looks_at_answer(body: A64Body, behind: int) -> bool:
    """Tell whether code behind a call reads what it answers, before it branches or loses it."""
    for at in range(behind, min(body.end, behind + 4 * MOST_BEHIND), 4):
        step = body.step(at)
        if step.uses is None or step.uses.reads >> RESULT & 1:
            return True
        if step.kind is not Kind.NEXT or step.uses.writes >> RESULT & 1:
            return False
    return False


def _loads_known(step: Step, flow: Mapping[int, Known]) -> bool:
    """Tell whether LDR or LDUR brings a number: a word of which the world tells."""
    loads = step.word & 0x3BC00000 == 0x39400000 or step.word & 0x3BE00000 == 0x38400000
    return loads and f"x{step.word & 31}" in flow.get(step.address + step.size, {})


def _put_on_stack(word: int) -> tuple[int, ...]:
    """Return the registers that an A64 word stores at sp or the frame pointer: STR, STUR, STP."""
    if word >> 5 & 31 not in FRAME:
        return ()
    if word & 0x3BC00000 == 0x39000000 or word & 0x3BE00000 == 0x38000000:
        return (word & 31,)
    return (word & 31, word >> 10 & 31) if word & 0x3E400000 == 0x28000000 else ()


def number_at(approach: Approach, body: Body, address: int, register: str) -> int | None:
    """Return what a register holds before an instruction on every way, ``None`` if that is open."""
    found = ConstantFlow(approach, {}).before(body, {})
    return None if found is None else found.get(address, {}).get(register)


def tells_world(body: A64Body, memory: Mapping[int, int], *, by_level: bool = True) -> bool:
    """Tell whether a function reads its level, or takes the address of a page of known words."""
    pages = {address & ~(PAGE - 1) for address in memory}
    return any(
        (by_level and word & ~31 == CURRENT_EL & ~31)
        or (is_adrp(word) and formed_address(word, body.start + 4 * index) in pages)
        for index, word in enumerate(body.words)
    )


def _leaves(body: Body, step: Step) -> bool:
    """Tell whether control leaves a function by an instruction, as by a branch to another."""
    away = step.kind is Kind.BRANCH and step.target is not None and not body.holds(step.target)
    return away or step.kind is Kind.RETURN


def _staying(known: Known, besides: Callable[[str], bool] = lambda _: False) -> Known:
    """Return what is known of the level, and of registers besides."""
    return {n: value for n, value in known.items() if STAYS.fullmatch(n) or besides(n)}


def _without(approach: Approach, known: Known, written: int) -> Known:
    lost = {f"{approach.rules.prefix}{number}" for number in register_usage.numbers(written)}
    return {name: value for name, value in known.items() if name not in lost}


def _matters(approach: Approach, body: Body, step: Step, known: Known) -> bool:
    """Tell whether an instruction can make a number, or turn a branch, of what is known.

    What A32 and T32 write on a condition is not among what they surely write: all of it matters.
    """
    if not isinstance(body, A64Body) or step.uses is None or body.is_patched(step.address):
        return True
    flagged = _asks_flags(step.word) or _sets_flags(step.word)
    if flagged and not known.keys().isdisjoint(FLAGS):
        return True
    if is_adrp(step.word) or step.word & SYSTEM_READ[0] == SYSTEM_READ[1]:
        return step.word & ~31 == CURRENT_EL & ~31
    if not step.uses.reads:
        return step.uses.writes != 0
    prefix = approach.rules.prefix
    return any(f"{prefix}{n}" in known for n in register_usage.numbers(step.uses.reads))


def _asks_flags(word: int) -> bool:
    """Tell whether an A64 word looks at flags: B.cond; CSEL, CCMP, ADC (DDI 0487, C4.1.92, 95)."""
    return word & 0xFF000000 == 0x54000000 or word & 0x1F000000 == 0x1A000000


def _sets_flags(word: int) -> bool:
    """Tell whether an A64 word sets flags: ADDS, SUBS, ANDS, BICS (DDI 0487, C4.1.92, 95)."""
    return any(word & mask == value for mask, value in SETS_FLAGS)


def _met(one: Known, other: Known) -> Known:
    return {name: value for name, value in one.items() if other.get(name) == value}


class _Decided(Walk):
    """Runs one instruction, and notes that it does not go where it is told to."""

    def __init__(self, approach: Approach, start: int, words: Mapping[int, int]) -> None:
        super().__init__(approach, start, at_entry=False)
        self.words = words
        self.elsewhere = False

    def load(self, address: Value, size: int) -> Value:
        """Return a word of memory, of which nothing is known if not what the world says."""
        if isinstance(address, int) and all(address + n in self.words for n in range(size)):
            found = bytes(self.words[address + n] for n in range(size))
            return int.from_bytes(found, self.approach.around.image.byte_order.value)
        self.forget_memory()
        return super().load(address, size)

    def _lose_outputs(self, instruction: Instruction) -> None:
        self.elsewhere = True
        super()._lose_outputs(instruction)
