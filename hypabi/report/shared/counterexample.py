"""A counterexample as a reader wants it: what matters, in the order of the architecture, in hex."""

import enum
import re
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Final

from hypabi.arch.register_order import natural_order

if TYPE_CHECKING:
    from hypabi.judgement.verification.verdict import Refuted

_CAPABILITY: Final = re.compile(r"\bcpucap\.(\d+)\b")
_NAME: Final = re.compile(r"[A-Za-z]\w*")
_GENERAL: Final = re.compile(r"[xr]\d+|[xr]\d+_[a-z]{3}|(SP|LR)_\w+")


class Kind(enum.IntEnum):
    """What a symbol of a model stands for, in the order in which a report prints it."""

    GENERAL = 0
    SYSTEM = 1
    MEMORY = 2
    PATCHED = 3
    """A capability for which the kernel patched itself, or did not."""
    ANY = 4
    """Something that the code leaves to chance or that was not followed."""


def kind(name: str) -> Kind:
    """Return what a symbol stands for."""
    if _GENERAL.fullmatch(name):
        return Kind.GENERAL
    if name.startswith("mem["):
        return Kind.MEMORY
    if _CAPABILITY.fullmatch(name):
        return Kind.PATCHED
    return Kind.ANY if name.startswith("any") else Kind.SYSTEM


def entered(refuted: "Refuted") -> Mapping[str, int]:
    """Return the state at entry of a counterexample, the registers that were observed included.

    A solver leaves out what any value would do for; an observation says which value was taken.
    """
    observed = {name: entry for name, entry, _ in refuted.observed if _NAME.fullmatch(name)}
    return {**refuted.model, **observed}


def ordered(model: Mapping[str, int]) -> Iterator[tuple[str, int]]:
    """Yield the values of a model, general registers first."""
    for name in sorted(model, key=lambda name: (kind(name), natural_order(name))):
        yield name, model[name]


def valuation(
    model: Mapping[str, int], capabilities: Mapping[str, int]
) -> Mapping[Kind, tuple[str, ...]]:
    """Return a counterexample's values by kind; of the capabilities only those that are there."""
    found: dict[Kind, list[str]] = {}
    for name, value in ordered(model):
        of = kind(name)
        if of is Kind.PATCHED:
            if value:
                found.setdefault(of, []).append(with_capabilities(capabilities)(name))
            continue
        found.setdefault(of, []).append(f"{name} = {value:#x}")
    return {of: tuple(texts) for of, texts in found.items()}


def with_capabilities(capabilities: Mapping[str, int]) -> Callable[[str], str]:
    """Return a function that names the capabilities in a text, as far as the image names them."""
    names = {number: name for name, number in capabilities.items()}

    def named(match: re.Match[str]) -> str:
        return names.get(int(match[1]), match[0])

    return lambda text: _CAPABILITY.sub(named, text)
