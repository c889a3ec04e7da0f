"""The header holds the contract's numbers for C, C++ and assembly, as the compiler reads them."""

import subprocess
from pathlib import Path

import pytest
import yaml

from hypabi.documents import header as document_header
from hypabi.documents.header import identifier
from hypabi.documents.interface.reading import Reading
from hypabi.documents.stated import header as document_stated_header
from tests.documents.documents import HELD, STATED, interface, source
from tests.inputs import Assemble, find_tool, skip_for

STRICT = ("-Wall", "-Wextra", "-Werror", "-pedantic-errors")
LANGUAGES = {
    "C": ("-xc", "-std=c99"),
    "C++": ("-xc++", "-std=c++11"),
    "assembly": ("-xassembler-with-cpp",),
}


def header(name: str) -> str:
    of = interface(name)
    if isinstance(of, Reading):
        return document_header.write(of, "hypabi document")
    return document_stated_header.write(of, "hypabi document")


def numbers(name: str) -> list[tuple[str, int]]:
    """Return each call's name and number, and those of several numbers, from the YAML."""
    found = []
    calls = source(name)["calls"]
    assert isinstance(calls, dict)
    for call, said in calls.items():
        values = list(dict.fromkeys(each["value"] for each in said.get("numbers", [])))
        if said.get("number") is not None:
            found.append((identifier(call), said["number"]))
        elif len(values) == 1:
            found.append((identifier(call), values[0]))
        else:
            found += [(f"{identifier(call)}_{value:X}", value) for value in values]
    return found


def _has_cxx(compiler: str) -> bool:
    asked = [compiler, "-print-prog-name=cc1plus"]
    found = subprocess.run(asked, capture_output=True, text=True, timeout=60, check=True).stdout
    return compiler == "clang" or Path(found.strip()).is_absolute()


def compile_with(compiler: str, folder: Path, language: str, text: str) -> None:
    find_tool(compiler)
    if language == "C++" and not _has_cxx(compiler):
        skip_for("cxx", f"{compiler} has no C++: apt-get install g++")
    unit = folder / "unit"
    unit.write_text(text, encoding="utf-8")
    command = [
        compiler,
        *LANGUAGES[language],
        *STRICT,
        "-c",
        "-o",
        str(folder / "unit.o"),
        str(unit),
    ]
    ran = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert (ran.returncode, ran.stderr) == (0, "")


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(
    ("compiler", "name"),
    [*(("cc", name) for name in (*HELD, *STATED)), ("clang", "linux-hyp-abi")],
)
def test_a_compiler_takes_the_header_twice(
    name: str, language: str, compiler: str, tmp_path: Path
) -> None:
    (tmp_path / "it.h").write_text(header(name), encoding="utf-8")
    body = "" if language == "assembly" else "extern int something;\n"
    compile_with(compiler, tmp_path, language, f'#include "it.h"\n#include "it.h"\n{body}')


@pytest.mark.parametrize("name", [*HELD, *STATED])
def test_the_compiler_reads_the_numbers_of_the_contract(name: str, tmp_path: Path) -> None:
    (tmp_path / "it.h").write_text(header(name), encoding="utf-8")
    said = numbers(name)
    assert said or name == "xen-arm"
    checks = [
        f"typedef char is_{at}[({macro}) == ({value}) ? 1 : -1];"
        for at, (macro, value) in enumerate(said)
    ]
    compile_with("cc", tmp_path, "C", "\n".join(['#include "it.h"', *checks, ""]))


def test_a_wrong_number_does_not_compile(tmp_path: Path) -> None:
    (tmp_path / "it.h").write_text(header("linux-hyp-abi"), encoding="utf-8")
    wrong = '#include "it.h"\ntypedef char wrong[HVC_SOFT_RESTART == 0 ? 1 : -1];\n'
    with pytest.raises(AssertionError):
        compile_with("cc", tmp_path, "C", wrong)


def test_the_header_holds_macros_and_comments_only() -> None:
    text = header("linux-hyp-abi")
    assert text.startswith("/* SPDX-License-Identifier: MIT */\n")
    bare = [line for line in text.splitlines() if line and not line.startswith((" *", "/*"))]
    assert {line.split()[0] for line in bare} <= {
        "#ifndef",
        "#define",
        "#if",
        "#elif",
        "#endif",
    }
    assert max(map(len, text.splitlines())) <= 80


def test_values_that_differ_by_architecture_are_chosen_by_the_compiler(tmp_path: Path) -> None:
    (tmp_path / "it.h").write_text(header("linux-hyp-abi"), encoding="utf-8")
    alignment = yaml.safe_load("{arm: 32, arm64: 2048}")
    for macro, value in (("__arm__", alignment["arm"]), ("__aarch64__", alignment["arm64"])):
        text = (
            "#undef __arm__\n#undef __aarch64__\n"
            f"#define {macro} 1\n"
            '#include "it.h"\n'
            f"typedef char is[LINUX_HYP_ABI_ALIGNMENT == {value} ? 1 : -1];\n"
        )
        compile_with("cc", tmp_path, "C", text)


@pytest.mark.parametrize(("architecture", "word"), [("arm", "e1400070"), ("arm64", "d4000002")])
def test_the_example_of_a_call_assembles_to_that_call(
    architecture: str, word: str, assemble: Assemble
) -> None:
    from hypabi.arch.names import Architecture
    from hypabi.documents.interface.example import example

    of = interface("linux-hyp-abi")
    assert isinstance(of, Reading)
    revision = of.revisions[Architecture(architecture)]
    for call in revision.calls:
        lines = "\n".join(example(revision, call)) + "\n"
        made = assemble(lines, "arm" if architecture == "arm" else "arm64")
        tool = (
            "arm-linux-gnueabihf-objdump" if architecture == "arm" else "aarch64-linux-gnu-objdump"
        )
        shown = subprocess.run(
            [find_tool(tool), "-d", str(made)],
            capture_output=True,
            text=True,
            timeout=60,
            check=True,
        ).stdout
        assert word in shown
        register = "r0" if architecture == "arm" else "x0"
        assert f"{register}, #{call.number}" in shown or f"{register}, #0x{call.number:x}" in shown
        for name, register in call.arguments:
            assert name in lines
            assert f"{register}, " in shown or f"mov\t{register}" in shown
