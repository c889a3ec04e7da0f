"""What a project asks of every command: ``hypabi.toml``, or ``[tool.hypabi]`` of a pyproject.toml.

The nearest above the working directory counts, and of two in one folder ``hypabi.toml``.  What a
command line says counts more.  Paths are from the file's folder.
"""

import argparse
from pathlib import Path
from typing import Final

from hypabi.cli.parser import closest
from hypabi.errors import HypabiError
from hypabi.regular import read_regular

NAMES: Final = ("hypabi.toml", "pyproject.toml")
KEYS: Final = ("contract", "kernel-version", "suppressions", "format")
"""Options that a project can set, spelled as on a command line."""
MOST: Final = 1 << 20
"""Bytes of such a file."""
MOST_FOLDERS: Final = 64


def apply_configuration(command: argparse.ArgumentParser, folder: Path) -> None:
    """Make what a project asks for the default of each option that the command has.

    :raises HypabiError: the file is none, or asks for what there is not
    """
    found = find_configuration(folder)
    for action in command._actions if found else ():  # noqa: SLF001 - argparse shows them nowhere else
        key = action.dest.replace("_", "-")
        stores = isinstance(action, argparse._StoreAction)  # noqa: SLF001 - the same
        if key in found and stores and found[key] in (action.choices or (found[key],)):
            action.default = found[key]


def find_configuration(folder: Path) -> dict[str, str]:
    """Return what the nearest file says, by option; nothing where there is none.

    :raises HypabiError: the file is none, or asks for what there is not
    """
    for parent in (folder, *folder.parents[:MOST_FOLDERS]):
        for name in NAMES:
            try:
                text = read_regular(parent / name, MOST + 1)
            except OSError:
                continue
            if name == NAMES[0] or b"[tool.hypabi" in text:
                return _meant(parent / name, text)
    return {}


def _meant(file: Path, text: bytes) -> dict[str, str]:
    import tomllib

    if len(text) > MOST:
        raise HypabiError(str(file), f"it has more than {MOST} bytes")
    try:
        table: object = tomllib.loads(text.decode("utf-8"))
    except (ValueError, RecursionError) as refused:
        raise HypabiError(str(file), f"this is no TOML: {refused}") from None
    for key in ("tool", "hypabi") if file.name != NAMES[0] else ():
        table = table.get(key) if isinstance(table, dict) else None
    if not isinstance(table, dict):
        raise HypabiError(f"{file}: tool.hypabi", "this is no table")
    for key, value in table.items():
        if key not in KEYS:
            meant = closest(key, KEYS)
            hint = f"did you mean {meant!r}?" if meant else f"known here: {', '.join(KEYS)}"
            raise HypabiError(f"{file}: {key}", "no such key", hint)
        if not isinstance(value, str):
            raise HypabiError(f"{file}: {key}", "this is no string")
    return {key: _from(file.parent, key, value) for key, value in table.items()}


def _from(folder: Path, key: str, value: str) -> str:
    """Return a value with what is a path in it taken from the file's folder."""
    is_path = key == "suppressions" or (
        key == "contract" and (value.endswith((".yaml", ".yml")) or "/" in value)
    )
    return str(folder / value) if is_path else value
