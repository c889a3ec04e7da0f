"""What is built is what was named, and a name that is none is refused with those that are."""

from pathlib import Path

import pytest

from hypabi.errors import HypabiError
from hypabi.kbuild.configurations import CONFIGURATIONS, EVERY
from hypabi.review.configured import configurations_of


def test_configurations_are_named_or_the_usual_ones() -> None:
    assert configurations_of([]) == CONFIGURATIONS
    assert configurations_of(["arm-thumb2"]) == (EVERY["arm-thumb2"],)
    assert configurations_of(["arm64", "arm64"]) == (EVERY["arm64"],)
    assert set(map(id, configurations_of(["all"]))) == set(map(id, EVERY.values()))
    with pytest.raises(HypabiError, match=r"'mips' is none that is known; .*arm64-16k"):
        configurations_of(["mips"])


def test_a_fragment_is_for_each_and_a_whole_configuration_stands_alone(tmp_path: Path) -> None:
    (tmp_path / "f").write_text("CONFIG_X=y\n")
    (tmp_path / "c").write_text("CONFIG_ARM64=y\n")
    found = configurations_of([], fragment=tmp_path / "f")
    assert [each.options["X"] for each in found] == ["y", "y"]
    (one,) = configurations_of([], config=tmp_path / "c")
    assert one.name == "arm64"
    with pytest.raises(HypabiError, match="in place of those"):
        configurations_of(["arm64"], config=tmp_path / "c")
