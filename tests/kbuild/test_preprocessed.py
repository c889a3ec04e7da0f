"""A file is made again where the preprocessor makes another text of it, and only there."""

from pathlib import Path

import pytest

from hypabi.kbuild.layers import Layers
from hypabi.kbuild.preprocessed import preprocessing, unchanged
from tests.inputs import find_tool
from tests.kbuild.machine import need_layers

COMMAND = 'cc -Wp,-MMD,.a.o.d -D\'X="a b"\' -c -o a.o a.c ; ./tool "a.o"'


def test_what_compiles_becomes_what_preprocesses() -> None:
    assert preprocessing(COMMAND, "a.o") == 'cc -D\'X="a b"\' -E -P -o "$made" a.c'
    assert preprocessing("cc -S -o k/b.s k/b.c", "k/b.s") == 'cc -E -P -o "$made" k/b.c'


@pytest.mark.parametrize(
    "command", ["ld -r -o a.o b.o c.o", "as -o a.o a.s", "cc -c -o b.o a.c", "cc -c -S -o a.o a.c"]
)
def test_what_is_no_compilers_is_none(command: str) -> None:
    assert preprocessing(command, "a.o") is None


FILES = {
    "every.h": "#define USED 1\n#define OTHER 1\n",
    "uses.c": '#include "every.h"\nint a = USED;\n',
    "does-not.c": '#include "every.h"\nint a;\n',
    "lines.c": '#include "every.h"\nint a;\n#include "late.h"\n',
    "late.h": "int line = __LINE__;\n",
    "broken.c": "#error no\n",
    "asm.S": '#include "every.h"\n mov x0, #USED\n',
}
COMMANDS = {
    f"{Path(name).stem}.o": f"cc -Wp,-MMD,.d -c -o {Path(name).stem}.o {name}"
    for name in FILES
    if not name.endswith(".h")
}


@pytest.mark.parametrize(
    ("changed", "text", "other"),
    [
        ("every.h", "#define USED 2\n#define OTHER 1\n", {"uses.o", "asm.o"}),
        ("every.h", "#define USED 1\n#define OTHER 2\n#define MORE 1\n", set()),
        ("late.h", "\nint line = __LINE__;\n", {"lines.o"}),
        ("late.h", "int line = __LINE__; /* said */\n", set()),
        ("every.h", '#define USED 1\n#include "gone.h"\n', set(COMMANDS) - {"broken.o"}),
    ],
)
def test_only_what_reads_otherwise_is_another(
    tmp_path: Path, changed: str, text: str, other: set[str]
) -> None:
    need_layers()
    find_tool("cc")
    tree, upper = tmp_path / "tree", tmp_path / "upper"
    tree.mkdir()
    for name, content in FILES.items():
        (tree / name).write_text(content)
    old = Layers(tree, ())
    new = old.over(upper)
    new.write(changed, text)
    same = unchanged(old, new, COMMANDS)
    assert set(COMMANDS) - same == other | {"broken.o"}
    assert list(upper.iterdir()) == [upper / changed]
    assert {each.name for each in tmp_path.iterdir()} == {"tree", "upper"}
