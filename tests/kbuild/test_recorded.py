"""What was recorded of a build says what has to be made again, or that it does not say."""

from pathlib import Path

from hypabi.kbuild.layers import Layers
from hypabi.kbuild.recorded import commands_for, source_that_is_gone

RECORDED = {
    "kernel/.bounds.s.cmd": "cmd_a := cc\n\nsource_a := kernel/bounds.c\n\n"
    "deps_a := \\\n  include/every.h \\\n",
    "arch/arm/kernel/.asm-offsets.s.cmd": "cmd_a := cc\n\nsource_a := arch/arm/asm-offsets.c\n",
    "a/.whole.o.cmd": "cmd_a/whole.o := ld -r -o a/whole.o a/one.o a/../b/two.o\n",
    "a/.one.o.cmd": "cmd_a/one.o := as -D$$x a/one.S # $(pound)\n\nsource_a/one.o := a/one.S\n\n"
    "deps_a/one.o := \\\n    $(wildcard include/config/X) \\\n  include/shared.h \\\n",
    "b/.two.o.cmd": "savedcmd_b/two.o := as b/two.S\n\nsource_b/two.o := b/two.S\n\n"
    "deps_b/two.o := \\\n  include/shared.h \\\n  include/every.h \\\n",
}


def commands(tmp_path: Path, *changed: str) -> tuple[str, ...] | None:
    for name, text in RECORDED.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    return commands_for(Layers(tmp_path, ()), ("a/whole.o",), "arm", frozenset(changed))


def test_only_what_a_change_touches_is_made_again_in_its_order(tmp_path: Path) -> None:
    whole = "ld -r -o a/whole.o a/one.o a/../b/two.o"
    assert commands(tmp_path, "a/one.S") == ("as -D$x a/one.S # #", whole)
    assert commands(tmp_path, "b/two.S") == ("as b/two.S", whole)
    assert commands(tmp_path, "include/shared.h") == ("as -D$x a/one.S # #", "as b/two.S", whole)
    assert commands(tmp_path) == ()


def test_a_file_that_nothing_was_made_from_is_left_to_make(tmp_path: Path) -> None:
    assert commands(tmp_path, "a/one.S", "a/new.S") is None
    assert commands(tmp_path, "Makefile") is None


def test_what_generated_headers_are_made_from_is_left_to_make(tmp_path: Path) -> None:
    assert commands(tmp_path, "include/every.h") is None


def test_a_tree_whose_commands_were_not_recorded_is_left_to_make(tmp_path: Path) -> None:
    assert commands_for(Layers(tmp_path, ()), ("a/whole.o",), "arm", frozenset()) is None


def test_an_object_without_a_record_is_left_to_make(tmp_path: Path) -> None:
    commands(tmp_path)
    targets = ("a/whole.o", "a/whole.lds")
    assert commands_for(Layers(tmp_path, ()), targets, "arm", frozenset()) == ()
    targets = ("a/whole.o", "a/other.o")
    assert commands_for(Layers(tmp_path, ()), targets, "arm", frozenset()) is None


def test_a_source_that_is_gone_is_named_and_one_that_is_there_is_not(tmp_path: Path) -> None:
    commands(tmp_path)
    layers = Layers(tmp_path, ())
    (tmp_path / "a" / "one.S").write_text("")
    assert source_that_is_gone(layers, ("a/whole.o",)) == "b/two.S"
    (tmp_path / "b" / "two.S").write_text("")
    assert source_that_is_gone(layers, ("a/whole.o",)) is None
