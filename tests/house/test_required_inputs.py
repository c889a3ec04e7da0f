"""What a test needs and does not find skips it, or fails it where ``HYPABI_REQUIRE`` names it."""

import ast
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.inputs import REQUIRED, ROOT, find_tool, required, skip_for, words_of_needs

SKIPS = ("skip", "skipif", "importorskip")


@pytest.mark.parametrize("value", ["", "qemu", "binutils,qemu", "5.10-arm64"])
def test_a_missing_need_skips_where_nobody_requires_it(
    value: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(REQUIRED, value)
    with pytest.raises(pytest.skip.Exception, match="not in the cache"):
        skip_for("6.1-arm64", "kernel 6.1-arm64 is not in the cache")


@pytest.mark.parametrize("value", ["6.1-arm64", "kernels", "qemu, kernels"])
def test_a_missing_need_fails_where_it_is_required(
    value: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(REQUIRED, value)
    with pytest.raises(
        pytest.fail.Exception, match=r"not in the cache \(HYPABI_REQUIRE asks for 6.1-arm64\)"
    ):
        skip_for("6.1-arm64", "kernel 6.1-arm64 is not in the cache")


@pytest.mark.parametrize("word", ["qemuu", "kernel", "6.1", "binutils-mips", "7.2-arm64;qemu"])
def test_a_word_that_means_nothing_is_refused(word: str) -> None:
    with pytest.raises(ValueError, match=f"nothing is called '{word}'"):
        required(f"qemu,{word}")


def test_a_group_is_all_of_its_kind() -> None:
    assert required("binutils") == {"binutils-arm", "binutils-arm64"}
    assert required("kernels") > {"6.1-arm64", "7.2-armmp"}
    assert required("documents") > {"hyp-abi-5.10.rst", "s390-diag-7.2.rst"}
    assert required("") == frozenset()
    assert required("qemu") == {"qemu"}, "the user's emulator is a need of its own"


def test_a_need_that_is_none_cannot_be_skipped_for() -> None:
    with pytest.raises(AssertionError, match="is no need"):
        skip_for("kernels", "a group is not what one test needs")


@pytest.mark.parametrize(
    ("tool", "need"),
    [
        ("arm-linux-gnueabihf-objdump", "binutils-arm"),
        ("aarch64-linux-gnu-as", "binutils-arm64"),
        ("qemu-system-arm", "qemu"),
        ("qemu-aarch64_be", "qemu-user"),
        ("mandoc", "mandoc"),
        ("tbl", "groff"),
    ],
)
def test_a_missing_program_is_missed_as_what_it_serves(
    tool: str, need: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv(REQUIRED, ",".join(sorted(set(words_of_needs()) - {need, *groups(need)})))
    with pytest.raises(pytest.skip.Exception, match=f"^{tool} is missing: apt-get install "):
        find_tool(tool)
    monkeypatch.setenv(REQUIRED, need)
    with pytest.raises(pytest.fail.Exception, match=f"asks for {need}"):
        find_tool(tool)


def groups(need: str) -> set[str]:
    return {word for word, needs in words_of_needs().items() if need in needs}


def test_a_program_that_is_there_is_found(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "lzop").write_text("#!/bin/sh\n", encoding="ascii")
    (tmp_path / "lzop").chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv(REQUIRED, "lzop")
    assert find_tool("lzop") == str(tmp_path / "lzop")


def run(value: str, cache: Path) -> "subprocess.CompletedProcess[str]":
    """Run the tests of the decompressors where no kernel is to be had."""
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"]
    return subprocess.run(
        [*command, "tests/image/test_real_kernels.py", "-k", "front_of_the_file"],
        cwd=ROOT,
        env={**os.environ, "HYPABI_KERNELS": str(cache), REQUIRED: value},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def test_missing_kernel_skips_with_the_command_that_fetches_it(tmp_path: Path) -> None:
    ran = run("", tmp_path)
    assert ran.returncode == 0, ran.stdout
    assert "SKIPPED" in ran.stdout
    assert "kernels/fetch 6.1-armmp" in ran.stdout


def test_a_required_kernel_that_is_missing_fails_the_run_by_name(tmp_path: Path) -> None:
    ran = run("6.1-armmp", tmp_path)
    assert ran.returncode == 1, ran.stdout
    assert "kernels/fetch 6.1-armmp (HYPABI_REQUIRE asks for 6.1-armmp)" in ran.stdout
    assert "asks for 5.10-armmp" not in ran.stdout


def test_a_run_that_requires_what_nobody_knows_does_not_start(tmp_path: Path) -> None:
    ran = run("kernels,qemuu", tmp_path)
    assert (ran.returncode, ran.stdout) == (4, "")
    assert "HYPABI_REQUIRE: nothing is called 'qemuu'" in ran.stderr


def skips(source: str) -> list[int]:
    """Return the lines on which a module skips by itself."""
    return [
        node.lineno
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Attribute) and node.attr in SKIPS
        if isinstance(node.ctx, ast.Load) and _is_pytest(node.value)
    ]


def _is_pytest(value: ast.expr) -> bool:
    return ast.unparse(value) in ("pytest", "pytest.mark", "unittest", "mark")


def test_nothing_skips_but_for_a_need() -> None:
    modules = [path for path in (ROOT / "tests").rglob("*.py") if path.name != "inputs.py"]
    assert len(modules) > 150
    strays = {
        str(path.relative_to(ROOT)): found
        for path in modules
        if path.name != Path(__file__).name
        if (found := skips(path.read_text(encoding="utf-8")))
    }
    assert not strays


@pytest.mark.parametrize(
    "line", ['pytest.skip("no")', "@pytest.mark.skipif(True)\ndef f(): ...", "pytest.mark.skip"]
)
def test_a_skip_of_a_module_s_own_is_found(line: str) -> None:
    assert skips(line)
    assert not skips('skip_for("qemu", "no")')


def test_every_word_is_in_the_tests_own_pages() -> None:
    text = (ROOT / "tests" / "README.md").read_text(encoding="utf-8")
    by_name = required("kernels,documents,neighbours,hypervisors")
    words = {word for word in words_of_needs() if word not in by_name}
    assert len(words) > 15
    assert not {word for word in words if f"`{word}`" not in text}
