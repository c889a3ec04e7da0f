"""What a configuration leaves out is told by its makefiles, and nothing else is."""

from pathlib import Path

import pytest

from hypabi.kbuild.layers import Layers
from hypabi.kbuild.makefiles import is_dropped, is_left_out

MAKEFILES = {
    "drivers/Makefile": "obj-y += always/\nobj-$(CONFIG_OFF) += never/\n",
    "drivers/always/Makefile": """obj-$(CONFIG_ON) += on.o \\
\tmodule.o
obj-$(CONFIG_OFF) += off.o
obj-$(CONFIG_OFF)\t+= both.o # not.o
obj-${CONFIG_MODULE} += both.o
whole-$(CONFIG_OFF) += part.o
whole-objs := own.o
lib-y += lib.o
""",
    "drivers/never/Kbuild": "obj-y += y.o\n",
}


LEFT_OUT = ["always/off", "always/part", "never/y"]
DROPPED = ["always/not", "always/unheard-of"]
OTHERS = ["always/on", "always/module", "always/both", "always/own", "always/lib", "nowhere/z"]


@pytest.mark.parametrize("name", [*LEFT_OUT, *DROPPED, *OTHERS])
def test_an_object_is_left_out_where_only_unset_options_list_it_and_dropped_where_nothing_does(
    tmp_path: Path, name: str
) -> None:
    for path, text in MAKEFILES.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(text)
    (tmp_path / ".config").write_text("CONFIG_ON=y\nCONFIG_MODULE=m\n# CONFIG_OFF is not set\n")
    layers = Layers(tmp_path, ())
    assert is_left_out(layers, f"drivers/{name}.o") is (name in LEFT_OUT)
    assert is_dropped(layers, f"drivers/{name}.o") is (name in DROPPED)
