"""The names and numbers of calls as a tree's headers define them, and the contract with them."""

import ast
import json
import operator
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Final

from hypabi.arch.names import Architecture
from hypabi.contract.file.load import parse_contract
from hypabi.contract.file.writer import write_contract
from hypabi.contract.model import ByArchitecture, Call, Contract, LifeCycle, Result, Stated
from hypabi.contract.revision import Revision
from hypabi.errors import HypabiError
from hypabi.kbuild.layers import Layers
from hypabi.records import field, frozen, replace

HEADER: Final = "arch/{}/include/asm/virt.h"
ERROR: Final = "HVC_STUB_ERR"
NO_CALLS: Final = (ERROR, "HVC_STUB_HCALL_NR")
"""What is defined beside the calls: the answer to anything else, and how many there are."""
FORMER: Final = "_formerly"
"""Behind the name of a call: its number of before, which somebody may still know it by."""
LARGEST: Final = 1 << 20
MOST: Final = 64
"""Names that are read; asm/virt.h has six."""
LONGEST: Final = 400
"""Characters of an expression, with the names in it filled in; a longer one is no number."""
_COMMENT: Final = re.compile(r"/\*.*?\*/|//[^\n]*", re.S)
_DEFINED: Final = re.compile(r"^[ \t]*#[ \t]*define[ \t]+(HVC_\w+)[ \t]+(\S[^\n]{0,200})$", re.M)
_TYPED: Final = re.compile(r"\b_?U?U?L{0,2}\(([^()]*)\)|\b_AC\(([^(),]*),[^()]*\)")
_SUFFIX: Final = re.compile(r"\b(0[xX][0-9a-fA-F]+|\d+)[uUlL]{1,3}\b")
_NAME: Final = re.compile(r"\bHVC_\w+")
_OPERATORS: Final[Mapping[type[ast.operator], Callable[[int, int], int]]] = {
    ast.Add: operator.add, ast.Sub: operator.sub, ast.BitOr: operator.or_,
}  # fmt: skip


def numbers_in(
    layers: Layers, architecture: Architecture, more: Iterable[str] = ()
) -> Mapping[str, int]:
    """Return the numbers that a tree's headers define; none where it has no such header.

    A name that is defined twice, each time otherwise, has none.

    :param more: files of the tree besides, of which the headers are read
    """
    own = f"arch/{architecture.value}/"
    included = (e for e in more if e.endswith(".h") and e.startswith((own, "include/")))
    headers = dict.fromkeys((HEADER.format(architecture.value), *included))
    said: dict[str, set[str]] = {}
    for name in headers:
        for call, value in _DEFINED.findall(_without_comments(layers, name)):
            said.setdefault(call, set()).add(value.strip())
    once = {name: values.pop() for name, values in said.items() if len(values) == 1}
    return dict(_evaluated(dict(list(once.items())[:MOST])))


def _without_comments(layers: Layers, name: str) -> str:
    try:
        path = layers.file(name)
    except HypabiError:
        return ""
    text = path.read_text(encoding="utf-8", errors="replace")[:LARGEST]
    return _COMMENT.sub(" ", text).replace("\\\n", " ")


def _evaluated(said: Mapping[str, str]) -> Iterator[tuple[str, int]]:
    for name in said:
        text = said[name]
        for _ in range(4):  # a number may be another's and one more
            text = _NAME.sub(lambda found: f"({said.get(found[0], found[0])})", text)[:LONGEST]
        text = _SUFFIX.sub(r"\1", _TYPED.sub(lambda found: f"({found[1] or found[2]})", text))
        try:
            number = _value(ast.parse(text[:LONGEST], mode="eval").body)
        except (SyntaxError, ValueError, MemoryError, RecursionError):
            continue
        yield name, number


def _value(node: ast.expr) -> int:
    match node:
        case ast.Constant(value=int() as number) if not isinstance(number, bool):
            return number
        case ast.BinOp(left=left, op=op, right=right) if type(op) in _OPERATORS:
            return _OPERATORS[type(op)](_value(left), _value(right))
        case _:
            raise ValueError


@frozen
class Numbered:
    """A contract with the numbers of a tree's headers."""

    contract: Contract
    moved: Mapping[str, tuple[int, int]] = field(default_factory=dict)
    """Calls, and the error's name, that have another number than the contract says: old, new."""
    added: Mapping[str, int] = field(default_factory=dict)
    """Calls of which the contract knows nothing."""


def renumbered(contract: Contract, revision: Revision, numbers: Mapping[str, int]) -> Numbered:
    """Return a contract in which the calls of one kernel have the numbers of its headers.

    :raises HypabiError: two calls would have one number
    """
    known = {each.name: each.number for each in revision.calls}
    moved = {
        name: (number, numbers[name])
        for name, number in known.items()
        if number is not None and numbers.get(name, number) != number
    }
    by_number: dict[int, str] = {}
    for name, number in known.items():
        if number is not None:
            now = numbers.get(name, number)
            if by_number.setdefault(now, name) != name:
                what = f"{by_number[now]} and {name} are both number {now}"
                raise HypabiError("the headers", what, "a call has a number of its own")
    added = {n: v for n, v in numbers.items() if n not in known and n not in NO_CALLS}
    added = {name: number for name, number in added.items() if name not in contract.calls}
    result = contract.result
    if revision.error is not None and numbers.get(ERROR, revision.error) != revision.error:
        moved[ERROR] = (revision.error, numbers[ERROR])
        result = replace(result, error=numbers[ERROR])
    if not moved:
        return Numbered(contract, moved, added)
    calls = {
        name: replace(call, number=moved[name][1]) if name in moved else call
        for name, call in contract.calls.items()
    }
    return Numbered(_made(contract, calls, result), moved, added)


def with_further(
    contract: Contract, revision: Revision, further: Mapping[str, tuple[int, tuple[str, ...]]]
) -> Contract:
    """Return a contract with calls besides, of which it promises nothing where they are served.

    :param revision: of the contract, for the kernel that is meant
    :param further: by name, number and the parties that serve it; a name that ends in
        :data:`FORMER` is looked for wherever the call of that name is
    """
    taken = {call.number for call in revision.calls}
    free = {name: of for name, of in further.items() if of[0] not in taken}
    if not free:
        return contract
    why = "It stands in the kernel's headers; the contract knows nothing of it."
    calls = dict(contract.calls)
    for name, (number, parties) in free.items():
        calls[name] = Call(
            number=number, architecture=revision.architecture, because=why,
            served_by=ByArchitecture(parties, parties), unspecified=Stated(because=why),
        )  # fmt: skip
    return _made(contract, calls, contract.result, _with_former(contract.life_cycle, free))


def former(name: str) -> str:
    """Return what a call is looked for as by its number of before."""
    return name + FORMER


def _with_former(cycle: LifeCycle | None, further: Iterable[str]) -> LifeCycle | None:
    if cycle is None:
        return None
    of = {name.removesuffix(FORMER): name for name in further if name.endswith(FORMER)}
    callers = {
        name: replace(each, calls=(*each.calls, *(of[call] for call in each.calls if call in of)))
        for name, each in cycle.callers.items()
    }
    return replace(cycle, callers=callers)


def _made(
    contract: Contract,
    calls: Mapping[str, Call],
    result: Result,
    cycle: LifeCycle | None = None,
) -> Contract:
    changed = replace(contract, calls=calls, result=result, life_cycle=cycle or contract.life_cycle)
    text = json.dumps(write_contract(changed))
    return parse_contract(text.encode(), f"{contract.name} with the numbers of the headers")
