"""A series is judged patch by patch, over a tree that builds as kernels do and stays as it is."""

from collections.abc import Sequence
from pathlib import Path

import pytest

from hypabi.analysis.results.review import (
    AgreementWord,
    PatchWord,
    ReviewResult,
)
from hypabi.arch.names import Architecture
from hypabi.contract.file.load import shipped_contract
from hypabi.errors import HypabiError
from hypabi.kbuild.configurations import Configuration
from hypabi.kbuild.toolchain import Toolchain
from hypabi.records import replace
from hypabi.report.review.text import LONGEST, write
from hypabi.report.shared.text_layout import COLUMNS
from hypabi.review import judge, review
from hypabi.review.review import ReviewWanted, review_series
from tests.inputs import Kernel
from tests.kbuild.machine import STUB, TOOLCHAIN, made_tree, need_builder
from tests.review.posted import Edit, patch_mail, posted

STUB_FILE = "stub/stub.s"
KEPT = "        br      x5                      // still at EL2"
MOVED: Edit = {STUB_FILE: (KEPT, f"        nop\n{KEPT}")}
"""The code moves by an instruction."""
WRONG: Edit = {STUB_FILE: ("2:      mov     x5, x1\n", "2:      mov     x5, x2\n")}
"""HVC_SOFT_RESTART goes to another address than it was passed."""
RIGHT: Edit = {STUB_FILE: ("2:      mov     x5, x2\n", "2:      mov     x5, x1\n")}
MAINTAINERS = """List of maintainers

ARM64 PORT (AARCH64 ARCHITECTURE)
M:	Olive Owner <olive@example.org>
R:	Rob Reviewer <rob@example.org>
L:	list@example.org
F:	arch/arm64/
F:	stub/

OTHER
M:	Someone Else <else@example.org>
F:	drivers/
"""


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    need_builder()
    made = made_tree(tmp_path)
    (made / "MAINTAINERS").write_text(MAINTAINERS)
    return made


def reviewed(tree: Path, text: str, *configurations: Configuration) -> ReviewResult:
    series = tree.with_name("series.mbox")
    series.write_text(text)
    wanted = ReviewWanted(
        series=str(series),
        tree=tree,
        contract=shipped_contract("linux-hyp-abi"),
        configurations=configurations or (STUB,),
        cache=tree.with_name("cache"),
    )
    return review_series(wanted, ("hypabi", "review", "series.mbox"))


def words(tree: Path, edits: Sequence[Edit]) -> list[PatchWord]:
    return [each.word for each in reviewed(tree, posted(tree, edits)).patches]


def test_moved_code_is_equal_and_the_tree_stays_as_it_is(tree: Path) -> None:
    before = {path: path.read_bytes() for path in tree.rglob("*") if path.is_file()}
    found = reviewed(tree, posted(tree, [MOVED]))
    assert [each.word for each in found.patches] == [PatchWord.EQUAL]
    assert not found.exit_status and found.verdict == "equal"
    assert {path: path.read_bytes() for path in tree.rglob("*") if path.is_file()} == before


def test_the_first_bad_patch_is_named_though_the_end_is_right(tree: Path) -> None:
    found = reviewed(tree, posted(tree, [MOVED, WRONG, RIGHT]))
    assert [each.word for each in found.patches] == [
        PatchWord.EQUAL,
        PatchWord.BROKEN,
        PatchWord.CHANGED,
    ]
    assert found.first_bad is not None and found.first_bad.number == 2
    assert found.exit_status & 8 and not found.remaining
    rules = {each.rule for each in found.first_bad.introduces}
    assert any(rule.startswith("clause stub HVC_SOFT_RESTART") for rule in rules)
    assert set(found.patches[2].mends) == rules
    text = write(found)
    assert text.splitlines()[0].endswith(": BROKEN by patch 2")
    assert "its end is right" in " ".join(text.split())
    assert len(text.splitlines()) <= LONGEST and max(map(len, text.splitlines())) <= COLUMNS


def test_what_the_base_has_too_is_preexisting_and_never_counted(tree: Path) -> None:
    source = tree / STUB_FILE
    old, new = WRONG[STUB_FILE]
    source.write_text(source.read_text().replace(old, new))
    found = reviewed(tree, posted(tree, [MOVED]))
    assert found.patches[0].word is PatchWord.EQUAL and not found.exit_status
    assert any("HVC_SOFT_RESTART" in each.rule for each in found.preexisting)


def test_a_patch_that_does_not_apply_is_said_with_its_hunk(tree: Path) -> None:
    context = "         mov     x2, x4\n"
    text = posted(tree, [MOVED, WRONG])
    assert context in text
    text = text.replace(context, context.replace("x4", "x9"), 1)
    found = reviewed(tree, text)
    assert [each.word for each in found.patches] == [PatchWord.REJECTED, PatchWord.NOT_REACHED]
    assert "patch failed: stub/stub.s:" in found.patches[0].why[0]
    assert found.exit_status == 16


def test_a_patch_that_does_not_build_is_said_by_its_first_error_and_the_rest_is_judged(
    tree: Path,
) -> None:
    broken: Edit = {STUB_FILE: (KEPT, f"        no_such_thing\n{KEPT}")}
    mended: Edit = {STUB_FILE: ("        no_such_thing\n", "")}
    found = reviewed(tree, posted(tree, [broken, mended, WRONG]))
    assert [each.word for each in found.patches] == [
        PatchWord.NOT_BUILT,
        PatchWord.EQUAL,
        PatchWord.BROKEN,
    ]
    assert "unknown mnemonic" in found.patches[0].why[0]
    assert "stub does not build at patch 1, and does at 2: a bisection stops there" in found.notes
    whole = reviewed(tree, posted(tree, [MOVED, WRONG]))
    assert not any("bisection" in each for each in whole.notes)


LAST = "        vectors __hyp_stub_vectors, stub_sync\n.endif\n"
TABLE = """        vectors __hyp_guard_vectors, guard_sync
guard_sync:
        cbnz    x0, 1f
        msr     vbar_el2, x1
        mov     x0, xzr
        eret
1:      number  x0, HVC_STUB_ERR
        eret
"""
GUARD: Edit = {STUB_FILE: (LAST, LAST + TABLE)}


def test_vectors_of_no_party_are_told_with_the_calls_that_they_know(tree: Path) -> None:
    (patch,) = reviewed(tree, posted(tree, [GUARD])).patches
    (table,) = patch.new_tables
    assert (table.symbol, table.serves) == ("__hyp_guard_vectors", ("HVC_SET_VECTORS",))
    assert {"HVC_SOFT_RESTART", "HVC_RESET_VECTORS"} <= set(table.lacks)
    assert patch.word is PatchWord.CHANGED
    (patch,) = reviewed(tree, posted(tree, [MOVED])).patches
    assert not patch.new_tables


def test_a_function_that_asks_for_another_call_is_told_and_one_that_moves_is_not(
    tree: Path,
) -> None:
    other: Edit = {
        STUB_FILE: (
            "        mov     x0, #HVC_RESET_VECTORS\n",
            "        mov     x0, #HVC_SOFT_RESTART\n",
        )
    }
    (patch,) = reviewed(tree, posted(tree, [other])).patches
    (asks,) = patch.asks
    assert (
        asks.sentence
        == "__hyp_reset_vectors asks for HVC_SOFT_RESTART, no longer for HVC_RESET_VECTORS"
    )
    (patch,) = reviewed(tree, posted(tree, [MOVED])).patches
    assert not patch.asks


def test_what_a_build_would_run_is_not_run(tree: Path) -> None:
    ran = tree.with_name("ran")
    evil: Edit = {"Makefile": ("olddefconfig:\n", f"olddefconfig:\n\ttouch {ran}\n")}
    found = reviewed(tree, posted(tree, [evil]))
    assert found.patches[0].word is PatchWord.NOT_BUILT
    assert "--run-builds" in found.patches[0].why[0]
    assert not ran.exists()


def test_a_second_run_builds_and_judges_nothing_and_says_the_same(
    tree: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = posted(tree, [MOVED, WRONG])
    first = reviewed(tree, text)
    cache = tree.with_name("cache")
    before = {path: path.stat().st_mtime_ns for path in cache.rglob("*.elf")}
    judged: list[object] = []
    monkeypatch.setattr(judge, "open_image", judged.append)
    assert reviewed(tree, text) == first
    assert not judged
    assert {path: path.stat().st_mtime_ns for path in cache.rglob("*.elf")} == before


def test_a_new_version_of_a_series_builds_what_differs(tree: Path) -> None:
    reviewed(tree, posted(tree, [MOVED, WRONG]))
    cache = tree.with_name("cache")
    before = set(cache.rglob("*.elf"))
    more: Edit = {STUB_FILE: (KEPT, f"        nop\n        nop\n{KEPT}")}
    reviewed(tree, posted(tree, [MOVED, more]))
    assert len(set(cache.rglob("*.elf")) - before) == 1


def test_a_file_of_no_object_is_not_built_from(tree: Path) -> None:
    (tree / "Documentation").mkdir()
    (tree / "Documentation" / "page.rst").write_text("One sentence.\n")
    edit: Edit = {"Documentation/page.rst": ("One", "Another")}
    found = words(tree, [edit])
    assert found == [PatchWord.UNTOUCHED]


def test_the_owner_of_what_breaks_must_agree_and_of_a_file_is_named(tree: Path) -> None:
    (broken,) = reviewed(tree, posted(tree, [WRONG])).agreement[:1]
    assert broken.who.startswith("ARM64 PORT") and broken.word is AgreementWord.MISSING
    assert broken.people == ("Olive Owner <olive@example.org>",)
    (moved,) = reviewed(tree, posted(tree, [MOVED])).agreement
    assert moved.word is AgreementWord.MISSING_FOR_FILES and moved.because == (STUB_FILE,)


def test_what_is_not_there_at_the_base_is_held_against_nothing(tree: Path) -> None:
    source = tree / STUB_FILE
    source.write_text(source.read_text().replace(KEPT, f"        no_such_thing\n{KEPT}"))
    mended: Edit = {STUB_FILE: ("        no_such_thing\n", "")}
    found = reviewed(tree, posted(tree, [mended, WRONG]))
    assert [each.word for each in found.patches] == [PatchWord.NOT_BUILT, PatchWord.NOT_BUILT]
    assert found.exit_status == 16


def test_a_folder_that_is_no_kernel_is_refused_in_a_line(tmp_path: Path) -> None:
    wanted = ReviewWanted(series="-", tree=tmp_path)
    with pytest.raises(HypabiError, match="no kernel's source tree"):
        review_series(wanted, ())


HEADER = "arch/arm64/include/asm/virt.h"


@pytest.fixture
def numbered(tree: Path) -> Path:
    """Return the tree with the header in which a kernel says its calls' numbers."""
    header = tree / HEADER
    header.parent.mkdir(parents=True)
    header.write_text("#define HVC_SET_VECTORS 0\n#define HVC_SOFT_RESTART 1\n")
    return tree


def test_a_call_that_everybody_gives_another_number_is_renumbered_and_one_who_forgets_is_refuted(
    numbered: Path,
) -> None:
    header: Edit = {HEADER: ("SOFT_RESTART 1", "SOFT_RESTART 9")}
    everywhere: Edit = {
        **header,
        "stub/numbers.inc": ("HVC_SOFT_RESTART = 1", "HVC_SOFT_RESTART = 9"),
    }
    followed = reviewed(numbered, posted(numbered, [everywhere])).patches[0]
    (moved,) = followed.renumbers
    assert moved.sentence == "HVC_SOFT_RESTART is 9 instead of 1 at stub"
    assert not followed.introduces and followed.word is PatchWord.CHANGED
    forgotten = reviewed(numbered, posted(numbered, [header])).patches[0]
    assert forgotten.word is PatchWord.BROKEN
    assert any(e.rule.startswith("clause stub HVC_SOFT_RESTART") for e in forgotten.introduces)
    (moved,) = forgotten.renumbers
    assert moved.sentence.startswith("HVC_SOFT_RESTART is 9 instead of 1; stub still has 1")


RESET = "        cmp     x0, #HVC_RESET_VECTORS\n        b.eq    3f\n"
SERVED: Edit = {
    HEADER: ("#define HVC_SOFT_RESTART 1\n", "#define HVC_SOFT_RESTART 1\n#define HVC_NEW 6\n"),
    STUB_FILE: (RESET, f"{RESET}        cmp     x0, #6\n        b.eq    3f\n"),
}
PAGE = "Documentation/virt/kvm/arm/hyp-abi.rst"
SENTENCE = "Any other value of r0/x0 triggers"


def test_a_new_call_is_no_breach_and_lacks_a_sentence(
    numbered: Path, kernel_document: Kernel
) -> None:
    page = numbered / PAGE
    page.parent.mkdir(parents=True)
    page.write_text(kernel_document("hyp-abi-6.1.rst").read_text())
    found = reviewed(numbered, posted(numbered, [SERVED]))
    (patch,) = found.patches
    (call,) = patch.new_calls
    assert call.sentence == "HVC_NEW, number 6, is new: served by stub"
    assert not patch.introduces and patch.word is PatchWord.CHANGED
    assert [(each.kind, each.what) for each in patch.drift] == [("call missing", "HVC_NEW (0x6)")]
    assert "+    x0 = HVC_NEW (arm64 only)" in found.document_patch
    said: Edit = {
        PAGE: (SENTENCE, f"* ::\n\n    x0 = HVC_NEW (arm64 only)\n\n  It is new.\n\n{SENTENCE}")
    }
    spoken = reviewed(numbered, posted(numbered, [{**SERVED, **said}]))
    assert not spoken.patches[0].drift and not spoken.document_patch


def test_a_sentence_that_the_code_bears_out_no_longer_is_told_with_its_patch(
    numbered: Path, kernel_document: Kernel
) -> None:
    page = numbered / PAGE
    page.parent.mkdir(parents=True)
    page.write_text(kernel_document("hyp-abi-6.1.rst").read_text())
    reworded: Edit = {PAGE: ("must be a physical address", "has to be a virtual address")}
    patches = reviewed(numbered, posted(numbered, [MOVED, reworded])).patches
    assert not patches[0].drift
    assert [each.kind for each in patches[1].drift] == ["changed"]
    assert patches[1].word is PatchWord.CHANGED


def test_two_calls_of_one_number_are_said_and_the_other_patches_are_judged(numbered: Path) -> None:
    twice: Edit = {HEADER: ("SOFT_RESTART 1", "SOFT_RESTART 0")}
    back: Edit = {HEADER: ("SOFT_RESTART 0", "SOFT_RESTART 1")}
    patches = reviewed(numbered, posted(numbered, [twice, back, WRONG])).patches
    assert [each.word for each in patches] == [
        PatchWord.NOT_BUILT,
        PatchWord.EQUAL,
        PatchWord.BROKEN,
    ]
    assert "are both number 0" in patches[0].why[0]


def test_what_cannot_be_built_is_no_silence(tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    other = replace(STUB, name="other", architecture=Architecture.ARM)

    def find(architecture: Architecture, *_: str | None) -> Toolchain:
        if architecture is Architecture.ARM:
            raise HypabiError("arm-gcc", "not installed")
        return TOOLCHAIN

    monkeypatch.setattr(review, "find_toolchain", find)
    both: Edit = {STUB_FILE: MOVED[STUB_FILE]}
    found = reviewed(tree, posted(tree, [both]), STUB, other)
    assert found.patches[0].why == ("other is not judged: arm-gcc: not installed",)
    assert found.patches[0].word is PatchWord.NOT_BUILT and found.exit_status & 16
    assert [each.name for each in found.programs] == ["stub kernel"]


CALLER = "arch/arm64/kernel/caller.S"
RULE = "arch/arm64/kernel/%.o: arch/arm64/kernel/%.S\n\t$(CROSS_COMPILE)as -o $@ $<\n"


def test_a_caller_in_a_file_that_no_object_of_the_interface_is_built_from_is_found(
    tree: Path,
) -> None:
    with (tree / "Makefile").open("a") as makefile:
        makefile.write(RULE)
    (tree / CALLER).parent.mkdir(parents=True)
    (tree / CALLER).write_text(".text\nf: ret\n")
    moved: Edit = {CALLER: ("f: ret", "f: nop\nret")}
    calls: Edit = {CALLER: ("f: nop", "f: mov x0, #1\nhvc #0")}
    one, two = reviewed(tree, posted(tree, [moved, calls])).patches
    assert one.word is PatchWord.EQUAL and not one.introduces
    assert two.word is PatchWord.UNDECIDED
    assert [(each.function, each.source) for each in two.introduces] == [("f", CALLER)]


def test_a_series_of_documents_alone_is_held_against_the_code(
    tree: Path, kernel_document: Kernel
) -> None:
    page = tree / PAGE
    page.parent.mkdir(parents=True)
    page.write_text(kernel_document("hyp-abi-6.1.rst").read_text())
    reworded: Edit = {PAGE: ("must be a physical address", "has to be a virtual address")}
    (patch,) = reviewed(tree, posted(tree, [reworded])).patches
    assert [each.kind for each in patch.drift] == ["changed"]
    assert patch.word is PatchWord.CHANGED
    elsewhere: Edit = {PAGE: ("Internal ABI", "The internal ABI")}
    (patch,) = reviewed(tree, posted(tree, [elsewhere])).patches
    assert not patch.drift and patch.word is PatchWord.UNTOUCHED


def test_an_object_of_a_source_that_is_gone_is_not_taken_for_made(tree: Path) -> None:
    text = (tree / STUB_FILE).read_text()
    away = f"diff --git a/{STUB_FILE} b/{STUB_FILE}\ndeleted file mode 100644\n--- a/{STUB_FILE}\n"
    lines = text.splitlines(keepends=True)
    gone = f"{away}+++ /dev/null\n@@ -1,{len(lines)} +0,0 @@\n" + "".join(f"-{e}" for e in lines)
    moved = STUB_FILE.replace("stub.s", "other.s")
    renamed = (
        f"diff --git a/{STUB_FILE} b/{moved}\nsimilarity index 100%\n"
        f"rename from {STUB_FILE}\nrename to {moved}\n"
    )
    for diff in (gone, renamed):
        (patch,) = reviewed(tree, patch_mail(1, 1, "gone", diff)).patches
        assert patch.word is PatchWord.NOT_BUILT
        assert patch.why == ("stub: stub/stub.s is gone, and an object is made of it",)
