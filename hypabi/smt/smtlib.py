"""A question as SMT-LIB 2 text, for any solver and for any reader who does not trust ours.

The text is a function of the conditions alone: declarations are sorted by name, and what is used
more than once, or would grow long, is defined before it is used.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from hypabi.smt.rewrite import symbols_of
from hypabi.smt.term import Value
from hypabi.smt.translate import Translation

_LONG: Final = 400
"""How many characters an expression may have before it gets a name."""

_BOOL: Final = 0
"""The width that stands for SMT-LIB's sort Bool."""


def query(conditions: Sequence[Value], comment: str = "", status: str = "") -> str:
    """Write the question whether all conditions can hold together.

    :param comment: what the question is about; each of its lines becomes a comment
    :param status: the answer that is expected, where there is one: ``sat``, ``unsat``, ``unknown``
    """
    target = _Text()
    translation = Translation(target)
    for symbol in sorted(symbols_of(*conditions), key=lambda s: s.name):
        translation.vector(symbol, symbol.width)
    asserted = [translation.condition(condition) for condition in conditions]
    for node in asserted:
        node.uses += 1
    lines = [f"; {line}" for line in comment.splitlines()]
    if status:
        lines.append(f"(set-info :status {status})")
    lines.append("(set-logic QF_BV)")
    lines += target.declarations
    lines += _definitions(target.nodes, _prefix(target.declarations))
    lines += [f"(assert {node.text})" for node in asserted]
    lines.append("(check-sat)")
    return "\n".join(lines) + "\n"


def _prefix(declarations: Sequence[str]) -> str:
    """Return how the names of definitions begin, which no symbol does."""
    prefix = "?"
    while any(f"|{prefix}" in declaration for declaration in declarations):
        prefix += "?"
    return prefix


def _definitions(nodes: Sequence["_Node"], prefix: str) -> list[str]:
    """Give every node its text, and return the definitions of those that get a name."""
    lines: list[str] = []
    for node in nodes:
        if not node.args:
            continue
        node.text = f"({' '.join([node.text, *(a.text for a in node.args)])})"
        if node.uses > 1 or len(node.text) > _LONG:
            name = f"{prefix}{len(lines) + 1}"
            lines.append(f"(define-fun {name} () {_sort(node.width)} {node.text})")
            node.text = name
    return lines


@dataclass(slots=True, eq=False)
class _Node:
    text: str
    """The operator first, the whole expression or its name in the end."""
    width: int
    args: Sequence["_Node"] = ()
    uses: int = 0


class _Text:
    """The target of translation that collects nodes, arguments before what uses them."""

    def __init__(self) -> None:
        self.nodes: list[_Node] = []
        self.declarations: list[str] = []

    def symbol(self, name: str, width: int) -> _Node:
        self.declarations.append(f"(declare-const {_quoted(name)} {_sort(width)})")
        return _Node(_quoted(name), width)

    def number(self, value: int, width: int) -> _Node:
        digits = f"#b{value:0{width}b}" if width % 4 else f"#x{value:0{width // 4}x}"
        return _Node(digits, width)

    def truth(self, value: int) -> _Node:
        return _Node("true" if value else "false", _BOOL)

    def apply(self, operator: str, args: Sequence[_Node], indices: Sequence[int] = ()) -> _Node:
        for arg in args:
            arg.uses += 1
        width = _width(operator, args, indices)
        if indices:
            operator = f"(_ {operator} {' '.join(map(str, indices))})"
        node = _Node(operator, width, args)
        self.nodes.append(node)
        return node


def _width(operator: str, args: Sequence[_Node], indices: Sequence[int]) -> int:
    match operator:
        case "=" | "bvult" | "bvslt":
            return _BOOL
        case "extract":
            return indices[0] - indices[1] + 1
        case "zero_extend" | "sign_extend":
            return args[0].width + indices[0]
        case "concat":
            return args[0].width + args[1].width
        case _:
            return args[-1].width


def _sort(width: int) -> str:
    return f"(_ BitVec {width})" if width else "Bool"


def _quoted(name: str) -> str:
    """Quote a symbol (SMT-LIB 2.6, section 3.1), which may not hold ``|`` or a backslash."""
    assert "|" not in name and "\\" not in name, name
    return f"|{name}|"
