"""An edit of sources that breaks something is found by its rule; one that does not is silent."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from evidence.edits import sources
from evidence.edits.edit import Change, Direction, Edit, EditError, Kind, read_edits
from evidence.edits.figures import figures_of, read_figures, save_figures, table
from evidence.edits.run import Base, base_of, judge_edit, judge_edits
from evidence.edits.verdict import Fate, Verdict, verdict_on
from hypabi.arch.names import Architecture
from hypabi.kbuild.configurations import ARM
from hypabi.kbuild.layers import Layers
from hypabi.kbuild.tree import prepare
from hypabi.review.findings import Finding, Word
from tests.kbuild.machine import STUB, TOOLCHAIN, made_tree, need_builder
from tests.kbuild.sources import need_sources

SOUGHT = "clause stub HVC_RESET_VECTORS success"


def edit(find: str, into: str, direction: Direction = Direction.BROKEN, *rules: str) -> Edit:
    change = Change("stub/stub.s", "", find, into)
    about = (Kind.HANDLERS, direction, Architecture.ARM64, (change,), "a test", rules)
    return Edit(f"{find} {into}", *about, missed="")


EDITS: Mapping[Edit, Fate] = {
    edit("#HVC_RESET_VECTORS", "#9", Direction.BROKEN, "clause stub HVC_RESET_*"): Fate.FOUND,
    edit("#HVC_RESET_VECTORS", "#9", Direction.BROKEN, "placement *"): Fate.OTHERWISE,
    edit("^//", "//", Direction.BROKEN, SOUGHT): Fate.SILENT,
    edit("^//", "//", Direction.HARMLESS): Fate.FOUND,
    edit("^//", "//", Direction.MENDED): Fate.FOUND,
    edit("#HVC_RESET_VECTORS", "#9", Direction.HARMLESS): Fate.ALARM,
    edit("there is no such text", "", Direction.HARMLESS): Fate.FAILED,
    edit("^//", "no instruction", Direction.HARMLESS): Fate.FAILED,
}


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Base:
    need_builder()
    folder = tmp_path_factory.mktemp("kernel")
    return base_of(prepare(Layers(made_tree(folder), ()), folder / "built", STUB, TOOLCHAIN))


def test_an_edit_is_judged_by_what_is_new_and_by_its_rule(base: Base) -> None:
    verdicts = judge_edits({Architecture.ARM64: base}, list(EDITS), jobs=1)
    assert {verdict.edit: verdict.fate for verdict in verdicts} == EDITS
    failed = [verdict.said for verdict in verdicts if verdict.fate is Fate.FAILED]
    assert "there is no such text" in failed[0][0] and "unknown mnemonic" in failed[1][0]


def test_what_is_judged_can_be_kept(base: Base, tmp_path: Path) -> None:
    harmless = replace(edit("^//", "//", Direction.HARMLESS), name="one")
    assert judge_edit(base, harmless, tmp_path).fate is Fate.FOUND
    assert [path.name for path in tmp_path.iterdir()] == ["one.kernel.elf"]


def verdict(direction: Direction, before: str = "", after: str = "", missed: str = "") -> Verdict:
    """Return the verdict on an edit, from the first letters of what is said before and after."""
    words = {"r": Word.REFUTED, "u": Word.UNDECIDED}
    found = [frozenset(Finding(w[1:], words[w[0]]) for w in t.split()) for t in (before, after)]
    return verdict_on(replace(edit("a", "b", direction, "x*"), missed=missed), *found)


@pytest.mark.parametrize(
    ("direction", "before", "after", "fate"),
    [
        (Direction.BROKEN, "", "rx1", Fate.FOUND),
        (Direction.BROKEN, "rx1", "rx1", Fate.SILENT),
        (Direction.BROKEN, "ux1", "rx1", Fate.FOUND),
        (Direction.BROKEN, "", "ry rx", Fate.FOUND),
        (Direction.BROKEN, "", "ry ux", Fate.OTHERWISE),
        (Direction.BROKEN, "", "ux", Fate.UNDECIDED),
        (Direction.HARMLESS, "", "ux", Fate.DOUBT),
        (Direction.HARMLESS, "rx", "", Fate.FOUND),
        (Direction.MENDED, "", "ry", Fate.ALARM),
    ],
)
def test_the_fate_of_an_edit(direction: Direction, before: str, after: str, fate: Fate) -> None:
    assert verdict(direction, before, after).fate is fate


def test_what_is_known_to_be_missed_is_as_expected_until_it_is_found() -> None:
    assert not verdict(Direction.BROKEN).is_as_expected
    assert verdict(Direction.BROKEN, missed="because").is_as_expected
    assert not verdict(Direction.BROKEN, after="rx", missed="because").is_as_expected
    assert verdict(Direction.BROKEN, after="rx").is_as_expected


def test_figures_are_read_as_they_were_written(tmp_path: Path) -> None:
    verdicts = [
        verdict(Direction.BROKEN, after="rx"),
        verdict(Direction.BROKEN, after="ry"),
        verdict(Direction.BROKEN, missed="because"),
        verdict(Direction.HARMLESS, after="ry"),
        verdict(Direction.MENDED),
    ]
    figures = figures_of("evidence/defects", "linux-source 1", verdicts)
    save_figures(figures, tmp_path / "figures.json")
    assert read_figures(tmp_path / "figures.json") == figures
    assert "| all | 3 | 1 | 1 | 0 | 1 | 33% | 1 | 1 | 1 | 0 | 1 | 33% |" in table(figures)
    assert [each.why for each in figures.missed] == ["y", "because", "y"]


def test_the_suite_is_as_large_as_is_said_and_says_what_it_expects() -> None:
    edits = read_edits()
    assert len({each.name for each in edits}) == len(edits) >= 120
    assert sum(each.direction is Direction.HARMLESS for each in edits) >= 20
    assert {each.architecture for each in edits} == set(Architecture)
    assert {each.kind for each in edits if each.direction is Direction.BROKEN} == set(Kind)
    for each in edits:
        assert bool(each.rules) is (each.direction is Direction.BROKEN), each.name


def test_no_edit_keeps_more_of_the_kernel_than_a_few_tokens() -> None:
    for each in read_edits():
        for change in each.changes:
            assert len(change.find) <= 150 and len(change.replace) <= 150, each.name


def test_a_change_is_made_once_and_behind_its_anchor() -> None:
    change = Change("f", "^b$", "x", "y")
    assert change.made("x\nb\nx x") == "x\nb\ny x"
    for text in ("x\nb\n", "x x"):
        with pytest.raises(EditError):
            change.made(text)


def test_a_sample_of_the_kernels_own_sources_is_as_expected() -> None:
    need_sources()
    wanted = {"arm-restart-jumps-to-its-number", "arm-stub-compares-otherwise"}
    edits = [each for each in read_edits() if each.name in wanted]
    base = base_of(sources.prepared(ARM, jobs=1))
    assert base.findings == frozenset()
    verdicts = [judge_edit(base, each) for each in edits]
    assert [(each.edit.direction, each.fate) for each in verdicts] == [
        (Direction.BROKEN, Fate.FOUND),
        (Direction.HARMLESS, Fate.FOUND),
    ]
