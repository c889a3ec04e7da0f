"""The part of the survey that is about programs outside the archive."""

from docs.generators.outside import TITLE, Asked, kept_part, part, with_part

ROW = Asked("vmm.elf", "a|b", "derive", "vmm.elf: UNDECIDED", 16, 1.25, 70, "ab" * 32)
PAGE = "# Kernels\n\n| kernel | MB |\n"


def test_each_command_has_a_row_and_each_file_its_hash_once() -> None:
    text = part("2026-11-30", [ROW, ROW])
    assert text.count("| vmm.elf | a/b | `derive` | vmm.elf: UNDECIDED | 16 | 1.2 | 70 |") == 2
    assert text.count("ab" * 32) == 1
    assert "2026-11-30" in text


def test_a_part_takes_the_place_of_the_one_before_and_of_nothing_else() -> None:
    first, second = part("2026-11-29", [ROW]), part("2026-11-30", [])
    once = with_part(PAGE, first)
    assert once == f"{PAGE}\n{first}" and kept_part(once) == first
    assert with_part(once, second) == f"{PAGE}\n{second}"
    assert kept_part(PAGE) == "" and TITLE in first
