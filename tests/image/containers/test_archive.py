"""Members of an archive are one program, wherever they lie; names are GNU's and BSD's."""

import shutil
import subprocess
from pathlib import Path

import pytest

from hypabi.image.load import load_image
from hypabi.image.model import ImageError
from tests.inputs import Assemble, find_tool

LONG = "a_name_that_is_longer_than_sixteen_characters.o"
DEFINES = ".globl there\nthere: ret"
REFERS = ".globl f\nf: bl there\n ret"


def _objects(assemble: Assemble, folder: Path) -> tuple[Path, Path]:
    one, other = folder / LONG, folder / "b.o"
    shutil.copy(assemble(REFERS, "arm64"), one)
    shutil.copy(assemble(DEFINES, "arm64"), other)
    return one, other


@pytest.mark.parametrize("options", ["rcs", "rcST", "rcsT"])
def test_members_refer_to_each_other(assemble: Assemble, tmp_path: Path, options: str) -> None:
    archiver = find_tool("aarch64-linux-gnu-ar")
    members = [path.name for path in _objects(assemble, tmp_path)]
    command = [archiver, options, "lib.a", *members]
    subprocess.run(command, cwd=tmp_path, check=True, capture_output=True)
    loaded = load_image(tmp_path / "lib.a")
    assert loaded.formats == ("archive", "ELF object")
    (image,) = loaded.images
    (caller,), (callee,) = image.symbols.find("f"), image.symbols.find("there")
    word = int.from_bytes(image.read(caller.address, 4), "little")
    assert caller.address + 4 * (word & 0x3FFFFFF) == callee.address
    assert not image.stand_ins


def member(name: str, content: bytes) -> bytes:
    """Make a member of an archive."""
    head = f"{name:<16}{0:<12}{0:<6}{0:<6}{100644:<8}{len(content):<10}`\n".encode()
    return head + content + b"\n" * (len(content) % 2)


def test_a_long_name_of_bsd_stands_before_the_member(assemble: Assemble, tmp_path: Path) -> None:
    name = b"long.o".ljust(20, b"\0")
    content = name + assemble(DEFINES, "arm64").read_bytes()
    path = tmp_path / "bsd.a"
    path.write_bytes(b"!<arch>\n" + member("__.SYMDEF", b"") + member("#1/20", content))
    assert load_image(path).images[0].symbols.find("there")


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"!<arch>\n", "offset 0x8: ar archive without objects"),
        (b"!<arch>\nx", "ar archive cut short, or corrupt"),
        (b"!<arch>\n" + member("a.o/", b"text"), "(a.o): no ELF object"),
        (b"!<arch>\n" + member("a.o/", b"BC\xc0\xde"), "(a.o): LLVM bitcode"),
        (b"!<arch>\n" + member("/7", b"text"), "member /7 has no name"),
        (b"!<arch>\n" + member("/7:9", b"text"), "member /7:9 is in another archive"),
        (b"!<arch>\n" + member("a.o/", b"text")[:-1], "a member ends after the file"),
        (b"!<thin>\n" + member("gone.o/", b""), "gone.o: No such file"),
        (b"!<arch>\n" + member("/", b"") * ((1 << 14) + 1), "more than 16384 members"),
    ],
)
def test_what_is_no_archive_of_objects_is_refused(
    tmp_path: Path, content: bytes, said: str
) -> None:
    path = tmp_path / "lib.a"
    path.write_bytes(content)
    with pytest.raises(ImageError) as refused:
        load_image(path)
    assert said in str(refused.value)


def test_a_symbol_that_two_members_define_is_refused(assemble: Assemble, tmp_path: Path) -> None:
    content = assemble(DEFINES, "arm64").read_bytes()
    path = tmp_path / "lib.a"
    path.write_bytes(b"!<arch>\n" + member("a.o/", content) + member("b.o/", content))
    with pytest.raises(ImageError, match=r"\(b.o\): there is defined here and in .*\(a.o\)"):
        load_image(path)
    weak = assemble(".weak there\nthere: nop\nret", "arm64").read_bytes()
    path.write_bytes(b"!<arch>\n" + member("a.o/", weak) + member("b.o/", content))
    assert len(load_image(path).images[0].symbols.find("there")) == 2
