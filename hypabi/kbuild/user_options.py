"""Options of a kernel's configuration that a user wrote: a whole ``.config``, or a fragment."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from hypabi.arch.names import Architecture
from hypabi.errors import HypabiError
from hypabi.kbuild.configurations import ARM, ARM64, PLAIN, WHOLE, Configuration
from hypabi.records import replace
from hypabi.regular import read_regular

LARGEST: Final = 1 << 20
_SET: Final = re.compile(r"CONFIG_(\w+)=(\S.*)$")
_UNSET: Final = re.compile(r"# CONFIG_(\w+) is not set$")


def read_options(path: Path) -> Mapping[str, str]:
    """Return the options of a file, by name without CONFIG_.

    :raises HypabiError: it cannot be read, or a line of it is no option
    """
    try:
        raw = read_regular(path, LARGEST + 1)
    except OSError as failed:
        raise HypabiError(str(path), failed.strerror or str(failed)) from None
    if len(raw) > LARGEST:
        raise HypabiError(str(path), f"it is larger than {LARGEST >> 20} MB")
    found: dict[str, str] = {}
    for number, line in enumerate(raw.decode("utf-8", "replace").splitlines(), 1):
        said = line.strip()
        if option := _SET.match(said):
            found[option[1]] = option[2]
        elif option := _UNSET.match(said):
            found[option[1]] = "n"
        elif said and not said.startswith("#"):
            raise HypabiError(f"{path}:{number}", "no option of a kernel's configuration")
    return found


def with_fragment(configuration: Configuration, path: Path) -> Configuration:
    """Return a configuration in which a fragment sets some options otherwise.

    :raises HypabiError: as :func:`read_options`
    """
    return replace(configuration, options={**configuration.options, **read_options(path)})


def of_config(path: Path) -> Configuration:
    """Return the configuration that a whole ``.config`` is.

    :raises HypabiError: as :func:`read_options`, or it is of neither architecture
    """
    options = dict(read_options(path))
    for architecture, like in ((Architecture.ARM64, ARM64), (Architecture.ARM, ARM)):
        if options.get(architecture.name) == "y":
            kept = {name: value for name, value in options.items() if name not in PLAIN}
            return replace(like, base=WHOLE, options={**kept, **PLAIN})
    raise HypabiError(str(path), "it is no configuration of arm or arm64")
