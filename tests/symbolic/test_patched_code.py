"""Code that the kernel patches: both variants are followed, each as it will run."""

import pytest

from hypabi.code.alternatives import PatchSite
from hypabi.smt import terms
from hypabi.symbolic.explore import Merging
from hypabi.symbolic.outcome import Returned, Undecided
from hypabi.symbolic.path import Path
from hypabi.symbolic.setup import explorer_for
from tests.inputs import Assemble
from tests.symbolic.handler import (
    CAPABILITY,
    TEXT,
    Sites,
    always,
    at_exit,
    disjoint_and_covering,
    entry_of,
    explorer,
    guard,
    image_of,
    impossible,
    paths,
)

PATCHED = terms.symbol(f"cpucap.{CAPABILITY}", 1)


def both(source: str, assemble: Assemble) -> tuple[Path, Path]:
    """Return the path of the code as it lies, and the path of the patched code."""
    found = paths(source, assemble, Merging.NEVER)
    assert disjoint_and_covering(found) and len(found) == 2
    as_is, patched = sorted(found, key=lambda path: impossible(guard(path), terms.lnot(PATCHED)))
    assert impossible(guard(as_is), PATCHED)
    return as_is, patched


def test_each_variant_does_what_its_code_says(assemble: Assemble) -> None:
    as_is, patched = both(
        """
        orig0: mov x1, #1
            mov x2, #1
        end0: eret
        repl0: mov x1, #2
            add x2, x1, #1
        """,
        assemble,
    )
    assert (at_exit(as_is, "x1"), at_exit(as_is, "x2")) == (1, 1)
    assert (at_exit(patched, "x1"), at_exit(patched, "x2")) == (2, 3)


def test_merged_variants_are_told_apart_by_the_capability(assemble: Assemble) -> None:
    (path,) = paths("orig0: mov x1, #1\nend0: eret\nrepl0: mov x1, #2", assemble)
    assert always(terms.eq(at_exit(path, "x1"), terms.ite(PATCHED, 2, 1, 64), 64))


def test_a_branch_within_a_replacement_stays_in_the_site(assemble: Assemble) -> None:
    body = "\n".join(["mov x4, #4"] * 20)
    _, patched = both(
        f"""
        orig0: .rept 22
            nop
            .endr
        end0: mov x3, #3
            eret
            brk #1
        repl0: b 1f
        {body}
        1:  mov x2, #2
            brk #2
        """,
        assemble,
    )
    assert isinstance(patched.outcome, Returned)
    assert (at_exit(patched, "x2"), at_exit(patched, "x3")) == (2, 3)
    assert at_exit(patched, "x4") is terms.symbol("x4", 64)


def test_a_branch_to_the_end_of_a_replacement_goes_behind_the_site(assemble: Assemble) -> None:
    _, patched = both(
        """
        orig0: nop
            nop
        end0: mov x3, #3
            eret
            brk #1
        repl0: cbz xzr, 1f
            mov x2, #2
        1:  brk #2
        """,
        assemble,
    )
    assert isinstance(patched.outcome, Returned)
    assert at_exit(patched, "x3") == 3
    assert at_exit(patched, "x2") is terms.symbol("x2", 64)


def test_a_call_from_a_replacement_returns_behind_the_site(assemble: Assemble) -> None:
    _, patched = both(
        """
        orig0: nop
        end0: mov x3, x30
            eret
        1:  mov x2, #2
            ret
        repl0: bl 1b
            brk #2
        """,
        assemble,
    )
    assert isinstance(patched.outcome, Returned)
    assert (at_exit(patched, "x2"), at_exit(patched, "x3")) == (2, TEXT + 4)


def test_a_branch_out_of_a_replacement_keeps_its_target(assemble: Assemble) -> None:
    _, patched = both("orig0: nop\nend0: brk #1\n1: mov x3, #3\neret\nrepl0: b 1b", assemble)
    assert isinstance(patched.outcome, Returned)
    assert at_exit(patched, "x3") == 3


@pytest.mark.parametrize("line", ["adr x1, .", "ldr x1, ."])
def test_a_replacement_that_reads_its_own_place_is_refused(assemble: Assemble, line: str) -> None:
    as_is, patched = both(f"orig0: nop\nend0: eret\nrepl0: {line}", assemble)
    assert isinstance(as_is.outcome, Returned)
    assert isinstance(patched.outcome, Undecided)


def test_a_page_that_a_replacement_names_is_the_same_everywhere(assemble: Assemble) -> None:
    _, patched = both("orig0: nop\nend0: eret\n.balign 0x2000\nrepl0: adrp x1, .", assemble)
    assert at_exit(patched, "x1") == TEXT + 0x2000


def test_code_that_the_kernel_generates_is_refused(assemble: Assemble) -> None:
    image = image_of("nop\neret", assemble)
    made = explorer_for(image)
    made.patches = Sites((PatchSite(TEXT, 4, 3, TEXT + 4, callback=True),))  # type: ignore[assignment]
    (path,) = made.explore(entry_of(image))
    assert isinstance(path.outcome, Undecided)


MOVES = "movz x6, #0\nmovk x6, #0, lsl #16\nmovk x6, #0, lsl #32\nmovk x6, #0, lsl #48"
WRITER = "kvm_get_kimage_voffset"


def written(source: str, assemble: Assemble, size: int = 16) -> Path:
    """Return the path of code of which the first words are written by the function behind them."""
    image = image_of(source, assemble)
    made = explorer_for(image)
    writer = next(each for each in image.symbols if each.name.startswith("kvm_"))
    site = PatchSite(TEXT, size, 3, writer.address, callback=True)
    made.patches = Sites((site,))  # type: ignore[assignment]
    (path,) = made.explore(entry_of(image))
    return path


def test_a_number_that_the_kernel_writes_into_code_is_any_number(assemble: Assemble) -> None:
    path = written(f"{MOVES}\nadd x7, x6, #1\nmov x8, x6\neret\n{WRITER}: ret", assemble)
    assert isinstance(path.outcome, Returned)
    number = at_exit(path, "x6")
    assert isinstance(number, terms.Term) and number.op == "symbol"
    assert number is not terms.symbol("x6", 64)
    assert at_exit(path, "x7") is terms.add(number, 1, 64)
    assert at_exit(path, "x8") is number
    assert any(WRITER in text for text in path.state.assumptions)


@pytest.mark.parametrize(
    ("source", "size"),
    [
        (f"{MOVES}\neret\nkvm_update_va_mask: ret", 16),
        (
            f"{MOVES.replace('movk x6, #0, lsl #32', 'movk x5, #0, lsl #32')}\neret\n{WRITER}: ret",
            16,
        ),
        (f"{MOVES.replace('movz', 'movn')}\neret\n{WRITER}: ret", 16),
        (f"{MOVES}\neret\n{WRITER}: ret", 12),
    ],
)
def test_other_code_that_the_kernel_writes_is_refused(
    assemble: Assemble, source: str, size: int
) -> None:
    assert isinstance(written(source, assemble, size).outcome, Undecided)


def test_two_patches_of_one_word_are_refused(assemble: Assemble) -> None:
    image = image_of("nop\neret\nmov x1, #1\nmov x1, #2", assemble)
    made = explorer_for(image)
    sites = tuple(PatchSite(TEXT, 4, n, TEXT + 8 + 4 * n, callback=False) for n in range(2))
    made.patches = Sites(sites)  # type: ignore[assignment]
    (path,) = made.explore(entry_of(image))
    assert isinstance(path.outcome, Undecided)


def test_a_kernel_without_a_table_of_patches_says_so(assemble: Assemble) -> None:
    image = image_of("eret", assemble)
    (path,) = explorer(image).explore(entry_of(image))
    assert any("no table of alternatives" in text for text in path.state.assumptions)
