"""A tree is its base and then its patches, in layers, whatever is checked out."""

from pathlib import Path

import pytest

from hypabi.errors import HypabiError
from hypabi.kbuild.layers import Layers
from hypabi.review.cache import Cache
from hypabi.review.series.model import Patch
from hypabi.review.series.source import read_series
from hypabi.review.tree import DoesNotApply, apply_patch, find_base
from tests.kbuild.machine import need_layers
from tests.review.posted import diff_of
from tests.review.repository import git, made_repository

LINK = (
    "diff --git a/l b/l\nnew file mode 120000\n--- /dev/null\n+++ b/l\n@@ -0,0 +1 @@\n"
    "+/etc/passwd\n\\ No newline at end of file\n"
)


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    return made_repository(tmp_path)


def patch(diff: str, *files: str) -> Patch:
    return Patch(1, "", "", (), diff.encode(), files, None)


def test_the_base_is_shown_over_what_is_checked_out(tree: Path, tmp_path: Path) -> None:
    need_layers()
    before = git(tree, "status", "--porcelain"), (tree / ".git" / "index").read_bytes()
    base = find_base(tree, git(tree, "rev-parse", "HEAD~1"), Cache(tmp_path / "cache"))
    layers = Layers(tree, base.layers)
    assert layers.file("Makefile").read_text() == "2\n"
    assert layers.file("arch/only-2").read_text() == "there\n"
    with pytest.raises(HypabiError, match="no file arch/only-3"):
        layers.file("arch/only-3")
    assert before == (git(tree, "status", "--porcelain"), (tree / ".git" / "index").read_bytes())
    assert find_base(tree, "HEAD", Cache(tmp_path / "cache")).layers == ()


def test_a_base_that_is_not_there_is_refused_and_without_history_the_tree_is_it(
    tree: Path, tmp_path: Path
) -> None:
    with pytest.raises(HypabiError, match="is not in it; fetch it"):
        find_base(tree, "0123456789ab", Cache(tmp_path))
    bare = tmp_path / "bare"
    bare.mkdir()
    assert find_base(bare, "0123456789ab", Cache(tmp_path)).commit is None


def test_commits_are_a_series_that_stands_on_where_they_begin(tree: Path) -> None:
    found = read_series("HEAD~2..HEAD", tree)
    assert [each.subject for each in found.patches] == ["number 2", "number 3"]
    assert found.base == git(tree, "rev-parse", "HEAD~2")
    with pytest.raises(HypabiError, match="no commit is in it"):
        read_series("HEAD..HEAD", tree)
    with pytest.raises(HypabiError):
        read_series("none..HEAD", tree)
    with pytest.raises(HypabiError, match=r"three dots are no series; HEAD~2\.\.HEAD"):
        read_series("HEAD~2...HEAD", tree)


def test_a_topic_stands_on_where_it_left_what_has_moved_on(tree: Path) -> None:
    left = git(tree, "rev-parse", "HEAD~1")
    git(tree, "checkout", "-q", "-b", "topic", left)
    (tree / "more").write_text("more\n")
    git(tree, "add", "-A")
    git(tree, "commit", "-qm", "on a topic")
    git(tree, "config", "diff.noprefix", "true")
    found = read_series("master..topic", tree)
    assert [each.subject for each in found.patches] == ["on a topic"]
    assert found.base == left and found.patches[0].files == ("more",)


def test_a_patch_changes_makes_and_removes_files_in_its_layer(tree: Path, tmp_path: Path) -> None:
    need_layers()
    made = (
        "diff --git a/new b/new\nnew file mode 100644\n--- /dev/null\n+++ b/new\n"
        "@@ -0,0 +1 @@\n+new\n"
    )
    gone = (
        "diff --git a/arch/only-3 b/arch/only-3\ndeleted file mode 100644\n--- a/arch/only-3\n"
        "+++ /dev/null\n@@ -1 +0,0 @@\n-there\n"
    )
    diff = diff_of("Makefile", "3\n", "4\n") + made + gone
    layers = Layers(tree, ()).over(tmp_path / "layer")
    assert apply_patch(layers, patch(diff, "Makefile", "new", "arch/only-3")) == layers
    assert layers.changed() == {"Makefile", "new"}
    assert layers.file("Makefile").read_text() == "4\n"
    with pytest.raises(HypabiError, match="no file"):
        layers.file("arch/only-3")
    assert (tree / "Makefile").read_text() == "3\n" and (tree / "arch" / "only-3").is_file()


@pytest.mark.parametrize(
    ("diff", "name", "says"),
    [
        (diff_of("Makefile", "9\n", "4\n"), "Makefile", "patch failed: Makefile:1"),
        (diff_of("none", "9\n", "4\n"), "none", "none: No such file"),
        (diff_of("../outside", "9\n", "4\n"), "../outside", "outside"),
        (LINK, "l", "symbolic link"),
    ],
    ids=["hunk", "missing", "outside", "link"],
)
def test_what_does_not_apply_says_why_and_leaves_nothing(
    tree: Path, tmp_path: Path, diff: str, name: str, says: str
) -> None:
    (tmp_path / "outside").write_text("9\n")
    layers = Layers(tree, ()).over(tmp_path / "layer")
    refused = apply_patch(layers, patch(diff, name))
    assert isinstance(refused, DoesNotApply) and says in refused.why
    assert layers.changed() == frozenset()
    assert (tmp_path / "outside").read_text() == "9\n"


def test_a_patch_that_does_not_apply_is_told_with_its_hunk(tree: Path, tmp_path: Path) -> None:
    lines = [f"{number}\n" for number in range(60)]
    (tree / "arch" / "a.S").write_text("".join(lines))
    (tree / "arch" / "b.S").write_text("".join(lines))
    new = [f"x{line}" if line in ("5\n", "25\n", "45\n") else line for line in lines]
    a, b = (diff_of(name, "".join(lines), "".join(new)) for name in ("arch/a.S", "arch/b.S"))
    cache = Cache(tmp_path / "cache")
    layers = Layers(tree, ())
    whole = patch(a + b, "arch/a.S", "arch/b.S")
    assert not isinstance(
        apply_patch(layers.over(cache.path("1" * 16, "sources")), whole), DoesNotApply
    )
    stale = patch(a + b.replace("\n 44\n", "\n 440\n"), "arch/a.S", "arch/b.S")
    refused = apply_patch(layers.over(cache.path("2" * 16, "sources")), stale)
    assert isinstance(refused, DoesNotApply)
    assert refused.why == "patch failed: arch/b.S:43, hunk 3 of 3: @@ -43,7 +43,7 @@"


def test_merges_within_commits_are_told(tree: Path) -> None:
    git(tree, "checkout", "-q", "-b", "side", "HEAD~1")
    (tree / "arch" / "side").write_text("there\n")
    git(tree, "add", "-A")
    git(tree, "commit", "-qm", "side")
    git(tree, "merge", "-q", "--no-edit", "master")
    found = read_series("HEAD~1..HEAD", tree)
    assert [each.subject for each in found.patches] == ["number 3"]
    assert [note.rpartition(": ")[2] for note in found.notes] == ["1"]
    assert read_series("master~1..master", tree).notes == ()
