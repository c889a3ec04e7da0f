"""The numbers of calls as a tree's headers define them, and the contract with those numbers."""

import json
import re
from collections.abc import Mapping
from typing import Final

from hypabi.arch.names import Architecture
from hypabi.contract.file.load import parse_contract
from hypabi.contract.file.writer import write_contract
from hypabi.contract.model import Contract
from hypabi.contract.resolve import revision_of
from hypabi.contract.version import Version
from hypabi.errors import HypabiError
from hypabi.kbuild.layers import Layers
from hypabi.records import replace

HEADER: Final = "arch/{}/include/asm/virt.h"
_DEFINED: Final = re.compile(
    r"^[ \t]*#[ \t]*define[ \t]+(HVC_\w+)[ \t]+(0[xX][0-9a-fA-F]+|\d+)\b", re.M
)
LARGEST: Final = 1 << 20


def numbers_in(layers: Layers, architecture: Architecture) -> Mapping[str, int]:
    """Return the numbers that a tree's header gives to calls; none where it has no such header."""
    try:
        path = layers.file(HEADER.format(architecture.value))
    except HypabiError:
        return {}
    text = path.read_text(encoding="utf-8", errors="replace")[:LARGEST]
    return {name: int(value, 0) for name, value in _DEFINED.findall(text)}


def moved_numbers(
    contract: Contract, version: Version, architecture: Architecture, numbers: Mapping[str, int]
) -> Mapping[str, tuple[int, int]]:
    """Return the calls of one kernel whose number is defined otherwise: by name, old and new."""
    calls = revision_of(contract, version, architecture).calls
    return {
        each.name: (each.number, numbers[each.name])
        for each in calls
        if each.number is not None and numbers.get(each.name, each.number) != each.number
    }


def with_numbers(contract: Contract, numbers: Mapping[str, int]) -> Contract:
    """Return a contract in which some calls have other numbers.

    :raises HypabiError: it would not be well-formed, as where two calls would have one number
    """
    calls = {
        name: replace(call, number=numbers[name]) if name in numbers else call
        for name, call in contract.calls.items()
    }
    text = json.dumps(write_contract(replace(contract, calls=calls)))
    return parse_contract(text.encode(), f"{contract.name} with the numbers of the headers")
