import subprocess

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from hypabi.analysis.provenance import typed
from hypabi.arch.names import Architecture
from hypabi.arch.register_order import natural_order
from hypabi.contract.registers import registers_of
from hypabi.report.shared.register_sets import kept_in_words, ranges
from hypabi.report.shared.text_layout import cut, filled, listed, matrix, printable
from tests.report.made import COLUMNS

ANYTHING = st.text(max_size=300)


@given(ANYTHING, st.sampled_from(["", "* ", "  clause      "]))
@example("x" * 400, "* ")
@example("\x1b[31m red \n\n lines \t", "")
@example("of a symbol", "\x1b[31m: ")
def test_no_line_is_wider_than_a_mail_or_moves_a_cursor(text: str, first: str) -> None:
    for line in filled(text, first):
        assert len(line) <= COLUMNS
        assert line.isprintable()


@given(st.lists(ANYTHING, max_size=8))
def test_a_list_fits_and_keeps_every_short_item_on_one_line(items: list[str]) -> None:
    lines = list(listed(items, "  registers  "))
    assert all(len(line) <= COLUMNS and line.isprintable() for line in lines)


def test_an_item_is_not_broken_at_its_spaces() -> None:
    items = [f"x{number} = {number:#x}" for number in range(40)]
    text = "\n".join(listed(items, "  "))
    assert all(item in text for item in items)


@given(ANYTHING, st.integers(min_value=3, max_value=80))
def test_cut_text_fits_and_says_that_it_was_cut(text: str, columns: int) -> None:
    short = cut(text, columns)
    assert len(short) <= columns
    assert short == printable(text) or short.endswith("...")


@given(st.lists(st.text("abc-", min_size=1, max_size=20), min_size=1, max_size=9, unique=True))
def test_a_matrix_has_every_cell_once_and_fits(columns: list[str]) -> None:
    rows = [(f"row{number}", [f"{number}/{at}" for at in range(len(columns))]) for number in (1, 2)]
    lines = list(matrix("", columns, rows))
    assert all(len(line) <= COLUMNS for line in lines)
    cells = [cell for line in lines if line.startswith("row") for cell in line.split()[1:]]
    assert sorted(cells) == sorted(cell for _, each in rows for cell in each)


def test_a_matrix_of_no_columns_is_its_row_names() -> None:
    assert [line.strip() for line in matrix("", [], [("a", [])])] == ["a"]


WORDS = st.lists(
    st.one_of(
        st.sampled_from(
            ["check", "--format", "a b", "it's", "", "$HOME", "*", "a\\b", "\n", "\x1b"]
        ),
        st.text(st.characters(codec="ascii", exclude_characters="\0"), max_size=200),
    ),
    min_size=1,
    max_size=6,
)


@given(WORDS)
@example(["hypabi", "check", "/very/" + "long/" * 40 + "vmlinuz"])
@example(["hypabi", "it's " * 60])
def test_a_shell_reads_the_printed_command_as_it_was_typed(words: list[str]) -> None:
    lines = list(typed(("printf", "%s\\0", *words), COLUMNS))
    assert all(len(line) <= COLUMNS and line.isprintable() for line in lines)
    shell = ["bash", "-c", "\n".join(lines)]
    ran = subprocess.run(shell, capture_output=True, check=True, timeout=60)
    assert ran.stdout.decode() == "".join(f"{word}\0" for word in words)


@pytest.mark.parametrize(
    ("names", "text"),
    [
        (["x2", "x0", "x1"], "x0-x2"),
        (["x10", "x9", "x0", "SP_EL1"], "x0, x9-x10, SP_EL1"),
        (["SP_EL0", "SP_EL1", "x30"], "x30, SP_EL0-SP_EL1"),
        (["r12", "SP_svc", "r11"], "r11-r12, SP_svc"),
        ([], ""),
    ],
)
def test_consecutive_registers_are_printed_as_a_range(names: list[str], text: str) -> None:
    assert ranges(names) == text


GENERAL = tuple(registers_of(Architecture.ARM).general)
PLAIN = tuple(f"r{number}" for number in range(13))


@given(st.sets(st.sampled_from(PLAIN)))
def test_banked_copies_are_named_one_by_one_only_where_one_is_lost(lost: set[str]) -> None:
    kept = [name for name in GENERAL if name not in lost]
    plain = ranges(set(PLAIN) - lost)
    assert kept_in_words(Architecture.ARM, kept) == f"{plain}, every banked copy"
    fewer = [name for name in kept if name != "SP_svc"]
    assert kept_in_words(Architecture.ARM, fewer) == ranges(fewer)


def test_registers_are_ordered_by_number() -> None:
    names = ["VBAR_EL2", "x10", "SP_EL0", "x9"]
    assert sorted(names, key=natural_order) == ["x9", "x10", "SP_EL0", "VBAR_EL2"]
