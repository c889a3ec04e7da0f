"""A configuration of the user's is read as Kconfig writes it, or refused with its line."""

from pathlib import Path

import pytest

from hypabi.arch.names import Architecture
from hypabi.errors import HypabiError
from hypabi.kbuild.configurations import ARM, EVERY, PLAIN
from hypabi.kbuild.user_options import of_config, read_options, with_fragment

TEXT = '#\n# Automatically generated\n#\nCONFIG_A=y\nCONFIG_B="x y"\n# CONFIG_C is not set\n\n'


def written(folder: Path, text: str) -> Path:
    path = folder / "config"
    path.write_text(text)
    return path


def test_options_are_read_and_what_is_not_set_is_n(tmp_path: Path) -> None:
    assert read_options(written(tmp_path, TEXT)) == {"A": "y", "B": '"x y"', "C": "n"}


@pytest.mark.parametrize("line", ["CONFIG_A", "A=y", "CONFIG_A=", "rm -rf /"])
def test_a_line_that_is_no_option_is_refused(tmp_path: Path, line: str) -> None:
    with pytest.raises(HypabiError, match=r"config:8: no option"):
        read_options(written(tmp_path, TEXT + line + "\n"))
    with pytest.raises(HypabiError, match="No such file"):
        read_options(tmp_path / "none")


def test_a_fragment_is_set_over_what_there_is(tmp_path: Path) -> None:
    made = with_fragment(ARM, written(tmp_path, "CONFIG_KEXEC=n\nCONFIG_X=m\n"))
    assert made.options == {**ARM.options, "KEXEC": "n", "X": "m"}
    assert (made.name, made.programs) == (ARM.name, ARM.programs)


@pytest.mark.parametrize("architecture", list(Architecture))
def test_a_whole_configuration_says_which_architecture_it_is_of(
    architecture: Architecture, tmp_path: Path
) -> None:
    said = f"CONFIG_{architecture.name}=y\nCONFIG_DEBUG_INFO_NONE=n\nCONFIG_X=y\n"
    made = of_config(written(tmp_path, said))
    assert made.architecture is architecture and made.base == "olddefconfig"
    assert made.options == {architecture.name: "y", "X": "y", **PLAIN}
    with pytest.raises(HypabiError, match="no configuration of arm"):
        of_config(written(tmp_path, "CONFIG_X86=y\n"))


def test_every_configuration_is_told_from_the_others_by_its_options() -> None:
    assert len({tuple(sorted(each.options.items())) for each in EVERY.values()}) == len(EVERY)
    assert {name for name in EVERY if name.startswith("arm64")} == {
        each.name for each in EVERY.values() if each.architecture is Architecture.ARM64
    }
