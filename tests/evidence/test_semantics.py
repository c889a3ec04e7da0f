"""Single instructions do what QEMU does, and the comparison could tell if they did not."""

import functools
from collections import Counter
from collections.abc import Mapping, Sequence
from random import Random

import pytest

from evidence.trials.board import BoardError
from evidence.trials.board import run as run_board
from evidence.trials.comparison import FLAGS_AT_VECTOR, Difference, compared
from evidence.trials.figures import figures_of, read_figures, save_figures, tables
from evidence.trials.operands import operands_of
from evidence.trials.program_a64 import VECTORS
from evidence.trials.run import BOARDS, Found, form_of, run
from evidence.trials.start import End, Start
from evidence.trials.words import Word, words_of_reference
from hypabi.arch.names import ByteOrder, InstructionSet
from hypabi.home import REFERENCES
from hypabi.lifter.instruction import Instruction
from hypabi.lifter.sleigh import Lifter
from hypabi.semantics.integers import Integers
from tests.inputs import find_tool

SAMPLE = 40
"""Words of each instruction set."""
STATES = 6
FILES = ("arm64-kvm-b8-a64.elf", "arm-kvm-a6-a32.elf", "arm-kvm-a6-t32.elf")


@pytest.fixture
def board() -> None:
    """Skip where QEMU or binutils are missing."""
    for name in ("qemu-system-aarch64", "qemu-system-arm"):
        find_tool(name)
    for prefix in ("aarch64-linux-gnu-", "arm-linux-gnueabihf-"):
        find_tool(f"{prefix}as")


@functools.cache
def words() -> Mapping[str, Sequence[Word]]:
    found = {}
    for file in FILES:
        every = sorted(words_of_reference(REFERENCES / file), key=lambda word: word.content)
        found[every[0].state] = Random(20161209).sample(every, SAMPLE)
    return found


def tried(*contents: str, states: int = 4) -> Found:
    """Return what came of some A64 words."""
    some = {"A64": [Word("A64", bytes.fromhex(content)) for content in contents]}
    return run(some, states, seed=1, jobs=1)["A64"][0]


@pytest.mark.usefixtures("board")
def test_no_state_of_a_sample_differs_from_qemu() -> None:
    for state, (found, left) in run(words(), STATES, seed=1, jobs=1).items():
        assert found.differences == (), state
        assert found.states["all"] > SAMPLE * STATES // 2, (state, left, found.refused)
        assert 0 < found.states["big-endian"] < found.states["all"]
        assert 0 < found.states["lower"] < found.states["all"]


@pytest.mark.usefixtures("board")
def test_a_wrong_meaning_is_told_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    add = "8300028b"  # add x3, x4, x2
    assert tried(add).differences == ()
    monkeypatch.setattr(Integers, "add", lambda _, a, b, width: a - b & (1 << width) - 1)
    assert "x3 0x" in tried(add).differences[0]


@pytest.mark.usefixtures("board")
def test_a_privileged_register_that_keeps_nothing_is_told_apart(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    write = "40d01cd5"  # msr tpidr_el2, x0
    assert tried(write, states=8).differences == ()
    monkeypatch.setattr("hypabi.machine.engine.core.Core.write", lambda *_: None)
    assert "TPIDR_EL2 0x" in tried(write, states=8).differences[0]


@pytest.mark.usefixtures("board")
def test_what_is_undefined_at_el1_is_so_on_qemu() -> None:
    # tlbi alle2; msr spsr_abt, x0; and tlbi vmalle1, which EL1 may use
    found = tried("1f870cd5", "20431cd5", "1f8708d5", states=24)
    assert found.differences == ()
    assert found.states["lower"] > 0


@pytest.mark.usefixtures("board")
def test_a_board_that_does_not_come_back_names_the_word(monkeypatch: pytest.MonkeyPatch) -> None:
    def lost(*_: object) -> bytes:
        raise BoardError("not done", 0)

    monkeypatch.setattr("evidence.trials.run.run_board", lost)
    found = tried("8300028b", "40d01cd5", states=1)
    assert {line.split(" (")[0] for line in found.differences} == {"A64 8300028b", "A64 40d01cd5"}


@pytest.mark.usefixtures("board")
def test_a_board_that_takes_no_other_record_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("evidence.trials.board.STALL", 0.5)
    with pytest.raises(BoardError, match="no other record"):
        run_board(BOARDS["A64"], bytes.fromhex("00000014"), b"", 0)  # b .


@pytest.mark.usefixtures("board")
def test_a_branch_back_to_the_it_before_it_is_not_run() -> None:
    back = Word("T32", bytes.fromhex("fde7"))  # b.n of -6: behind IT, the IT
    found, _ = run({"T32": [back]}, 24, seed=1, jobs=1)["T32"]
    assert found.differences == ()
    assert found.refused["it branches to itself, or to the IT before it"] > 0


def lifted(content: str) -> Instruction:
    found = Lifter(InstructionSet.A64, ByteOrder.LITTLE).lift(0x1000, bytes.fromhex(content))
    assert isinstance(found, Instruction)
    return found


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ("a33b00f9", ({"x29"}, set(), False)),  # str x3, [x29, #0x70]
        ("836862f8", ({"x4", "x2"}, set(), False)),  # ldr x3, [x4, x2]
        ("40001fd6", (set(), {"x2"}, True)),  # br x2
        ("83000091", (set(), set(), False)),  # add x3, x4, #0
    ],
)
def test_what_decides_where_a_word_reaches_is_read_off_its_operations(
    content: str, expected: tuple[set[str], set[str], bool]
) -> None:
    found = operands_of(lifted(content))
    assert (set(found.addresses), set(found.targets), found.transfers) == expected


START = Start(
    Word("A64", bytes(4)), 0x4E00_0000, bytes(16), 0x4E00_0004, {}, 0x5D00_0000, b"",
    ByteOrder.LITTLE, lower=False,
)  # fmt: skip


def test_flags_are_left_out_behind_an_exception() -> None:
    one, other = (End(VECTORS + 0x200, {"N": n, "ESR_EL2": 0}, b"") for n in (0, 1))
    assert compared(START, one, other) == ((), (FLAGS_AT_VECTOR,))


def test_flags_are_compared_where_control_falls_through() -> None:
    one, other = (End(START.landing, {"N": n, "ESR_EL2": 0}, b"") for n in (0, 1))
    assert compared(START, one, other) == ((Difference("N", "0x0", "0x1"),), ())


def test_other_registers_are_compared_behind_an_exception() -> None:
    one, other = (End(VECTORS, {"x0": n, "ESR_EL2": 0}, b"") for n in (0, 1))
    (difference,) = compared(START, one, other)[0]
    assert (difference.what, difference.ours, difference.theirs) == ("x0", "0x0", "0x1")


def test_a_form_has_no_numbers_and_keeps_system_registers() -> None:
    assert form_of("ldr x3, [x29, #0x70]", frozenset({"x3", "x29"})) == "ldr x, [x, n]"
    named = frozenset({"x0", "TPIDR_EL2"})
    assert form_of("msr tpidr_el2, x0", named) == "msr tpidr_el2, x TPIDR_EL2"


def test_figures_are_read_as_they_were_written(tmp_path_factory: pytest.TempPathFactory) -> None:
    path = tmp_path_factory.mktemp("figures") / "semantics.json"
    word = Word("A64", bytes(4))
    found = Found(
        Counter({"all": 7, "big-endian": 2}), frozenset({word}), frozenset({"udf"}),
        Counter({FLAGS_AT_VECTOR.name: 3}), Counter({"smc #n": 1}),
    )  # fmt: skip
    made = figures_of(
        "evidence/semantics", ["6.1-arm64"], {"A64": [word]}, {"A64": (found, Counter())}
    )
    save_figures(made, path)
    assert read_figures(path) == made
    assert "| A64 | 1 | 0 | 0 | 1 | 1 | 7 | 2 | 0 | 1 | 0 |" in tables(made)
