import hashlib
import subprocess
import tarfile
from pathlib import Path

import pytest

from kernels import cache


def build_package(folder: Path, files: dict[str, bytes]) -> Path:
    """Return a package made by dpkg-deb that holds these files."""
    tree = folder / "tree"
    (tree / "DEBIAN").mkdir(parents=True)
    control = "Package: k\nVersion: 1\nArchitecture: all\nMaintainer: m\nDescription: d\n"
    (tree / "DEBIAN" / "control").write_text(control, encoding="utf-8")
    for name, content in files.items():
        (tree / name).parent.mkdir(parents=True, exist_ok=True)
        (tree / name).write_bytes(content)
    package = folder / "k.deb"
    subprocess.run(["dpkg-deb", "--build", tree, package], check=True, capture_output=True)
    return package


@pytest.mark.parametrize("name", ["boot/vmlinuz-6.1.0-50", "usr/lib/modules/7.2.13/vmlinuz"])
def test_kernel_is_found_in_both_places(name: str, tmp_path: Path) -> None:
    package = build_package(tmp_path, {name: b"kernel", "boot/config-6.1": b"config"})
    cache.extract(package, tmp_path / "out")
    assert (tmp_path / "out").read_bytes() == b"kernel"


def test_document_is_found_where_its_pin_says(tmp_path: Path) -> None:
    package = build_package(tmp_path, {"usr/share/doc/a.rst.txt": b"a", "usr/share/doc/b": b"b"})
    cache.extract(package, tmp_path / "out", r"\./usr/share/doc/[^/]+\.rst\.txt")
    assert (tmp_path / "out").read_bytes() == b"a"
    with pytest.raises(cache.FetchError, match="no such document"):
        cache.extract(package, tmp_path / "other", r"\./usr/share/doc/c")


def test_several_files_are_kept_by_name_alone_sorted_and_the_same_each_time(
    tmp_path: Path,
) -> None:
    files = {"lib/b/kvm.ko": b"module", "boot/vmlinuz-6": b"kernel", "boot/config": b"no"}
    package = build_package(tmp_path, files)
    wanted = r"\./(boot/vmlinuz-.+|lib/.+\.ko)"
    cache.collect(package, tmp_path / "one", wanted)
    cache.collect(package, tmp_path / "two", wanted)
    assert (tmp_path / "one").read_bytes() == (tmp_path / "two").read_bytes()
    with tarfile.open(tmp_path / "one") as collected:
        assert [(e.name, e.size, e.mtime) for e in collected] == [
            ("kvm.ko", 6, 0),
            ("vmlinuz-6", 6, 0),
        ]


@pytest.mark.parametrize(
    ("wanted", "message"), [(r"\./nothing", "no such file"), (r"\./.+", "two files called k")]
)
def test_several_files_that_are_none_or_share_a_name_are_refused(
    wanted: str, message: str, tmp_path: Path
) -> None:
    package = build_package(tmp_path, {"a/k": b"one", "b/k": b"two"})
    with pytest.raises(cache.FetchError, match=message):
        cache.collect(package, tmp_path / "out", wanted)
    assert not (tmp_path / "out").exists()


def test_package_without_kernel_leaves_nothing_behind(tmp_path: Path) -> None:
    package = build_package(tmp_path, {"boot/config-6.1": b"config"})
    with pytest.raises(cache.FetchError, match="no kernel"):
        cache.extract(package, tmp_path / "out")
    assert not list(tmp_path.glob("out*"))


def test_truncated_package_never_becomes_a_kernel(tmp_path: Path) -> None:
    noise = hashlib.shake_128(b"").digest(1 << 20)  # does not compress, so the cut falls into it
    package = build_package(tmp_path, {"boot/vmlinuz-6.1": noise})
    package.write_bytes(package.read_bytes()[: 1 << 19])
    with pytest.raises(cache.FetchError):
        cache.extract(package, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_folder_is_outside_the_repository_unless_named(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.delenv("HYPABI_KERNELS", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert cache.folder() == tmp_path / "hypabi" / "kernels"
    monkeypatch.setenv("HYPABI_KERNELS", str(tmp_path / "elsewhere"))
    assert cache.folder() == tmp_path / "elsewhere"


def test_file_with_another_content_is_not_held(tmp_path: Path) -> None:
    file = tmp_path / "kernel"
    expected = hashlib.sha256(b"kernel").hexdigest()
    assert not cache.holds(file, expected)
    file.write_bytes(b"kernel")
    assert cache.holds(file, expected)
    file.write_bytes(b"kerne")
    assert not cache.holds(file, expected)
