"""A counterexample as text: the state at entry in which a clause fails, and the path from there."""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from hypabi.analysis.results.shared import Evidence, Instruction
from hypabi.arch.register_order import natural_order
from hypabi.image.symbolizer import Names
from hypabi.report.shared.counterexample import Kind, kind, with_capabilities
from hypabi.report.shared.text_layout import INDENT, columns, cut, labelled, labelled_list

LABELS: Final[Mapping[Kind, str]] = {
    Kind.GENERAL: "entered at",
    Kind.SYSTEM: "system",
    Kind.MEMORY: "memory",
    Kind.PATCHED: "patched",
    Kind.ANY: "any",
}
HEAD: Final = 8
TAIL: Final = 16
"""Instructions shown of a long path; the end is where the clause fails, so more of it."""
NAMING: Final = 4
"""Instructions shown besides, because they name the register that the clause is about."""

_LEVEL: Final = re.compile(r"_EL\d+$")
"""With HCR_EL2.E2H set, the name of an EL1 register reaches EL2's (DDI 0487, D8.1.5)."""


def valuation(
    values: Mapping[str, str], capabilities: Mapping[str, int]
) -> Mapping[Kind, tuple[str, ...]]:
    """Return a counterexample's values by kind; of the capabilities only those that are there."""
    found: dict[Kind, list[str]] = {}
    for name in sorted(values, key=lambda name: (kind(name), natural_order(name))):
        of = kind(name)
        if of is not Kind.PATCHED:
            found.setdefault(of, []).append(f"{name} = {values[name]}")
        elif int(values[name], 16):
            found.setdefault(of, []).append(with_capabilities(capabilities)(name))
    return {of: tuple(texts) for of, texts in found.items()}


def at_entry(
    evidence: Evidence, capabilities: Mapping[str, int], names: Names, indent: str = INDENT
) -> Iterator[str]:
    """Yield the state at entry, a line for each kind of symbol; nothing where any state does.

    :param capabilities: numbers of the capabilities that the image names
    """
    found = valuation(evidence.counterexample, capabilities)
    for of, label in LABELS.items():
        if of in found:
            named = map(names.inside, found[of]) if of is Kind.MEMORY else found[of]
            yield from labelled_list(label, named, indent)


def observed(evidence: Evidence, indent: str = INDENT) -> Iterator[str]:
    """Yield what was seen to differ, a line each."""
    for each in evidence.observed:
        text = f"{each.name}: {each.entry} at entry, {each.exit} at exit"
        yield from labelled("observed", text, indent)


def path(evidence: Evidence, form: str = "", indent: str = INDENT) -> Iterator[str]:
    """Yield the path, instruction by instruction.

    :param form: of several forms of the same code, the one that this path is of
    """
    count = f"{len(evidence.path)} instructions"
    yield from labelled("path", f"{count}, {form}" if form else count, indent)
    about = [each.name for each in evidence.observed]
    yield from listing(evidence.path, evidence.disassembly, about, f"{indent}  ")


def listing(
    path: Sequence[str], instructions: Sequence[Instruction], about: Sequence[str], indent: str
) -> Iterator[str]:
    """Yield a path under its functions' names; of a long one the ends and what it is about.

    :param path: address of each instruction
    :param about: registers; the last instructions that name one are shown wherever they stand
    """
    width = max((len(address) - 2 for address in path), default=0)
    function, last = None, -1
    for at in sorted(_shown(instructions, about)):
        instruction = instructions[at]
        if at != last + 1:
            yield f"{indent}... {at - last - 1} more ..."
            function = None
        last = at
        symbol = instruction.symbol or ""
        if symbol != function:
            function = symbol
            yield cut(f"{indent}{instruction.place if symbol else 'no symbol'}:", columns())
        yield cut(f"{indent}  {path[at][2:]:0>{width}}  {instruction.text}", columns())


def _shown(instructions: Sequence[Instruction], about: Sequence[str]) -> set[int]:
    """Return the positions of a path to show: few enough for a mail, all of a short one."""
    count = len(instructions)
    if count <= HEAD + TAIL + NAMING:
        return set(range(count))
    shown = {*range(HEAD), *range(count - TAIL, count)}
    if about:
        stems = "|".join(re.escape(_LEVEL.sub("", name)) for name in about)
        names = re.compile(rf"\b(?:{stems})(?:_EL\d+)?\b", re.IGNORECASE)
        naming = [at for at in range(count) if names.search(instructions[at].text)]
        shown.update(naming[-NAMING:])
    return shown
