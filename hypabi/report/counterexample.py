"""A counterexample as a reader wants it: what matters, in the order of the architecture, in hex."""

import re
from collections.abc import Iterator, Mapping
from typing import Final

from hypabi.report.registers import natural

_CAPABILITY: Final = re.compile(r"cpucap\.(\d+)")


def kind(name: str) -> int:
    """Rank a symbol: general registers, system registers, memory, capabilities, unknowns."""
    if re.fullmatch(r"[xr]\d+|SP_\w+|LR_\w+", name):
        return 0
    if name.startswith("mem["):
        return 2
    if _CAPABILITY.fullmatch(name):
        return 3
    return 4 if name.startswith("any") else 1


def ordered(model: Mapping[str, int]) -> Iterator[tuple[str, int]]:
    """Yield the values of a model, general registers first."""
    for name in sorted(model, key=lambda name: (kind(name), natural(name))):
        yield name, model[name]


def valuation(model: Mapping[str, int], capabilities: Mapping[str, int]) -> Iterator[str]:
    """Yield a counterexample's values; of the capabilities only those that are there, by name."""
    present = []
    for name, value in ordered(model):
        match = _CAPABILITY.fullmatch(name)
        if match is None:
            yield f"{name} = {value:#x}"
        elif value:
            present.append(capability(int(match[1]), capabilities))
    if present:
        yield f"patched for {', '.join(present)}"


def capability(number: int, capabilities: Mapping[str, int]) -> str:
    """Return the name of a capability, or its number where the image does not name it."""
    names = [name for name, each in capabilities.items() if each == number]
    return names[0] if names else f"capability {number}"
