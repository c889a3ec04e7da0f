"""A tree is prepared once, and what a change touches is built again over it."""

from pathlib import Path

import pytest

from hypabi.errors import HypabiError
from hypabi.image.load import load_image
from hypabi.kbuild.configurations import WHOLE
from hypabi.kbuild.layers import Layers
from hypabi.kbuild.tree import Prepared, build, kernel_version, prepare
from hypabi.records import replace
from tests.kbuild.machine import STUB, TOOLCHAIN, made_tree, need_builder


@pytest.fixture
def prepared(tmp_path: Path) -> Prepared:
    need_builder()
    return prepare(Layers(made_tree(tmp_path), ()), tmp_path / "built", STUB, TOOLCHAIN)


def objects_built(prepared: Prepared) -> list[str]:
    return prepared.layers.file("built").read_text().split()


def names(prepared: Prepared, folder: Path, symbol: str) -> bool:
    """Tell whether the program that a tree gives has a symbol."""
    ((_, linked),) = build(prepared, folder)
    return bool(load_image(linked.path).images[0].symbols.find(symbol))


def test_a_tree_is_prepared_once_and_stays_as_it_is(prepared: Prepared) -> None:
    layers = prepared.layers
    assert objects_built(prepared) == ["stub/stub.s"]
    assert layers.file(".config").read_text() == "CONFIG_BASE=y\nCONFIG_EXTRA=y\n"
    again = prepare(Layers(layers.tree, ()), layers.layers[0], STUB, TOOLCHAIN)
    assert objects_built(again) == ["stub/stub.s"]
    assert not (layers.tree / ".config").exists() and not (layers.tree / "built").exists()


def test_a_whole_configuration_is_taken_as_it_is(tmp_path: Path) -> None:
    need_builder()
    tree = made_tree(tmp_path)
    (tree / "scripts" / "kconfig" / "merge_config.sh").write_text("exit 1\n")
    whole = replace(STUB, base=WHOLE, options={"ONE": "y", "TWO": "n"})
    made = prepare(Layers(tree, ()), tmp_path / "built", whole, TOOLCHAIN)
    assert made.layers.file(".config").read_text() == "CONFIG_ONE=y\nCONFIG_TWO=n\n"


def test_what_no_change_touches_is_linked_and_not_built(prepared: Prepared, tmp_path: Path) -> None:
    upper = prepared.over(tmp_path / "layer")
    assert names(upper, tmp_path, "__hyp_stub_vectors")
    assert upper.layers.changed() == frozenset()


@pytest.mark.parametrize("name", ["stub/stub.s", "stub/machine.inc"])
def test_a_change_is_built_over_the_tree(prepared: Prepared, name: str, tmp_path: Path) -> None:
    upper = prepared.over(tmp_path / "layer")
    said = upper.layers.file(name).read_text()
    upper.layers.write(name, said + "\n        .global added\n        added = 5\n")
    assert names(upper, tmp_path, "added")
    assert objects_built(upper) == ["stub/stub.s"]  # by the command that was recorded, not by make
    assert not names(prepared.over(tmp_path / "bare"), tmp_path, "added")


def test_a_change_that_no_recorded_command_speaks_of_is_left_to_make(
    prepared: Prepared, tmp_path: Path
) -> None:
    upper = prepared.over(tmp_path / "layer")
    upper.layers.write("Makefile", upper.layers.file("Makefile").read_text() + "# changed\n")
    upper.layers.write("stub/stub.s", upper.layers.file("stub/stub.s").read_text() + "\n")
    build(upper, tmp_path)
    assert objects_built(upper) == ["stub/stub.s", "stub/stub.s"]


def test_what_does_not_build_is_refused_with_the_first_error(
    prepared: Prepared, tmp_path: Path
) -> None:
    upper = prepared.over(tmp_path / "layer")
    upper.layers.write("stub/stub.s", "  no such instruction\n")
    with pytest.raises(HypabiError, match=r"stub\.s:1: Error: unknown mnemonic") as refused:
        build(upper, tmp_path)
    assert "\n" not in str(refused.value)


def test_an_object_whose_source_a_kernel_has_not_is_not_asked_for(tmp_path: Path) -> None:
    need_builder()
    (program,) = STUB.programs
    more = replace(program, objects=(*program.objects, "stub/elsewhere.o"))
    configuration = replace(STUB, programs=(more,))
    tree = made_tree(tmp_path)
    made = prepare(Layers(tree, ()), tmp_path / "built", configuration, TOOLCHAIN)
    assert names(made.over(tmp_path / "layer"), tmp_path, "__hyp_stub_vectors")
    (tree / "stub" / "elsewhere.s").write_text("        .global elsewhere\nelsewhere: ret\n")
    made = prepare(Layers(tree, ()), tmp_path / "again", configuration, TOOLCHAIN)
    assert names(made.over(tmp_path / "other"), tmp_path, "elsewhere")


def test_an_object_of_an_option_that_is_unset_is_no_part_of_the_program(tmp_path: Path) -> None:
    need_builder()
    (program,) = STUB.programs
    more = replace(program, composed=("stub/elsewhere.o",))
    configuration = replace(STUB, programs=(more,))
    tree = made_tree(tmp_path)
    (tree / "stub" / "Makefile").write_text("obj-y += stub.o\nobj-$(CONFIG_MORE) += elsewhere.o\n")
    (tree / "stub" / "elsewhere.s").write_text("        .global elsewhere\nelsewhere: ret\n")
    for options, is_there in (({}, False), ({"MORE": "y"}, True)):
        asked = replace(configuration, options=options)
        layer = tmp_path / f"built-{len(options)}"
        made = prepare(Layers(tree, ()), layer, asked, TOOLCHAIN)
        assert names(made.over(layer.with_name("over")), tmp_path, "elsewhere") == is_there


def test_a_version_is_the_makefiles(tmp_path: Path) -> None:
    layers = Layers(made_tree(tmp_path), ())
    assert kernel_version(layers) == "6.1.192"
    (layers.tree / "Makefile").write_text("VERSION = 6\n")
    with pytest.raises(HypabiError, match="no kernel's source tree"):
        kernel_version(layers)
