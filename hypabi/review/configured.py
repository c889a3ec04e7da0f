"""Which configurations of a kernel are built, as a user names them."""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from hypabi.errors import HypabiError
from hypabi.kbuild.configurations import CONFIGURATIONS, EVERY, Configuration
from hypabi.kbuild.user_options import of_config, with_fragment

ALL: Final = "all"


def configurations_of(
    names: Sequence[str],
    config: "str | os.PathLike[str] | None" = None,
    fragment: "str | os.PathLike[str] | None" = None,
) -> tuple[Configuration, ...]:
    """Return what is to be built.

    :param names: of configurations, or ``all``; the usual ones where empty
    :param config: a whole configuration in place of these
    :param fragment: options that each gets besides
    :raises HypabiError: there is no such configuration, or a file cannot be read
    """
    if config is not None and names:
        what = "a whole configuration stands in place of those that have names"
        raise HypabiError("--config", what, "give --config or --configuration")
    if config is not None:
        found: tuple[Configuration, ...] = (of_config(Path(config)),)
    elif ALL in names:
        found = tuple(EVERY.values())
    else:
        unknown = [name for name in names if name not in EVERY]
        if unknown:
            what = f"{unknown[0]!r} is none that is known"
            raise HypabiError("--configuration", what, ", ".join((*EVERY, ALL)))
        found = tuple(EVERY[name] for name in dict.fromkeys(names)) or CONFIGURATIONS
    if fragment is None:
        return found
    return tuple(with_fragment(each, Path(fragment)) for each in found)
