"""What is needed to repeat a report: the command, the versions that took part, what is trusted."""

import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import hypabi


@dataclass(frozen=True, slots=True)
class Provenance:
    """The command as it was typed, and the version of each tool that took part, by name."""

    command: tuple[str, ...]
    versions: tuple[tuple[str, str], ...]

    def version(self, name: str) -> str:
        """Return the version of a tool."""
        return dict(self.versions)[name]


def provenance(command: tuple[str, ...], tools: tuple[str, ...]) -> Provenance:
    """Return the provenance of a command that rests on the installed packages ``tools``."""
    versions = [("hypabi", hypabi.__version__), *((name, installed(name)) for name in tools)]
    return Provenance(command, tuple(versions))


def installed(name: str) -> str:
    """Return the version of an installed package, ``?`` where the installation does not say.

    ``importlib.metadata`` would tell the same; importing it costs 70 ms, a tenth of a whole check.
    """
    for folder in sys.path:
        for found in Path(folder or ".").glob(f"{name}-*.dist-info"):
            return found.name.removesuffix(".dist-info").rpartition("-")[2]
    return "?"


def typed(command: tuple[str, ...], columns: int) -> Iterator[str]:
    """Yield a command in lines that a shell reads as one, each at most ``columns`` wide.

    A word too long for a line is continued at the start of the next, where a shell joins it.
    """
    import shlex  # noqa: PLC0415 - only a printed report pays for it

    line = ""
    for word in command:
        quoted = shlex.quote(word)
        candidate = f"{line} {quoted}" if line else quoted
        if len(candidate) <= columns - 2:
            line = candidate
            continue
        yield f"{line} \\"
        line = f"  {quoted}"
        while len(line) > columns and "'" not in quoted:
            yield f"{line[: columns - 1]}\\"
            line = line[columns - 1 :]
    yield line
