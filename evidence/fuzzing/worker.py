"""One target in a process of its own, which libFuzzer ends as it likes.

usage: python -m evidence.fuzzing.worker MODULE:NAME [LIBFUZZER_ARGUMENT]...
"""

import importlib
import pkgutil
import sys
import time
from typing import Final

import atheris

from evidence.fuzzing.answer import tried

CPU_SECONDS: Final = 20.0
"""CPU time that an answer may take, instrumented or not."""


class TooLong(Exception):
    """An answer took more CPU time than it may."""


def main() -> None:
    """Fuzz a target until libFuzzer is done."""
    module, _, name = sys.argv[1].partition(":")
    with atheris.instrument_imports(include=["hypabi"]):
        found = importlib.import_module(module)
        for package in found.PACKAGES:
            folder = importlib.import_module(package).__path__
            for each in pkgutil.walk_packages(folder, f"{package}."):
                importlib.import_module(each.name)
    target = found.TARGETS[name]

    def one(content: bytes) -> None:
        before = time.process_time()
        tried(target, content)
        spent = time.process_time() - before
        if spent > CPU_SECONDS:
            raise TooLong(f"{spent:.0f} s of CPU time")

    atheris.Setup([sys.argv[0], *sys.argv[2:]], one)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
