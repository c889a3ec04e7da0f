"""A call in assembly, made from the contract: the arguments of a function moved into place."""

from collections.abc import Iterator

from hypabi.arch.identifiers import whole_register
from hypabi.arch.names import Architecture
from hypabi.contract.revision import LiveCall, Revision
from hypabi.documents.interface.reading import Reading
from hypabi.documents.markup.tree import Block, Code, Listing, paragraph, words

IMMEDIATE = 0x100
"""Below it, and above its negative, a number fits a MOV or MVN (DDI 0406C, A5.2.4)."""

COMMENT = {Architecture.ARM: "@", Architecture.ARM64: "//"}
PREFIX = {Architecture.ARM: "r", Architecture.ARM64: "x"}
RETURN = {Architecture.ARM: "bx      lr", Architecture.ARM64: "ret"}


def example_blocks(page: Reading) -> Iterator[Block]:
    """Yield a call of each architecture as a function that C can call."""
    for architecture, revision in page.revisions.items():
        call = _chosen(revision)
        if call is not None:
            lines = tuple(example(revision, call))
            name = words("As a function on ", architecture.value, ", here of ", Code(call.name))
            yield paragraph(name, ", since a call may lose what a function may:")
            yield Listing(lines)


def _chosen(revision: Revision) -> LiveCall | None:
    """Return the first call that somebody serves and that passes something."""
    known = [
        call
        for call in revision.calls
        if call.served_by and call.number is not None and _in_order(revision, call)
    ]
    return next((call for call in known if call.arguments), next(iter(known), None))


def _in_order(revision: Revision, call: LiveCall) -> bool:
    """Tell whether the arguments are in the registers behind the identifier's, in their order."""
    prefix = PREFIX[revision.architecture]
    registers = [whole_register(revision.identifier), *(register for _, register in call.arguments)]
    return registers == [f"{prefix}{at}" for at in range(len(registers))]


def example(revision: Revision, call: LiveCall) -> Iterator[str]:
    """Yield a function in assembly that makes a call with its own arguments."""
    architecture = revision.architecture
    prefix, comment = PREFIX[architecture], COMMENT[architecture]
    assert call.number is not None, "an example is of a call with a number"
    if architecture is Architecture.ARM:
        yield "        .arch   armv7-a"
        yield "        .arch_extension virt"
    yield f"{call.name.lower()}:"
    for at in range(len(call.arguments), 0, -1):
        name, register = call.arguments[at - 1]
        yield _line(f"mov     {register}, {prefix}{at - 1}", f"{comment} {name}")
    number = call.number
    short = -IMMEDIATE < number < IMMEDIATE
    move = "mov     " if short else "ldr     "
    value = f"#{number}" if short else f"={number:#x}"
    yield _line(f"{move}{revision.identifier}, {value}", f"{comment} {call.name}")
    said = "" if revision.success is None else f"{comment} {revision.result}: the answer"
    yield _line(f"{revision.instruction}     #{revision.immediate}", said)
    yield f"        {RETURN[architecture]}"


def _line(code: str, comment: str) -> str:
    return f"        {code:<24}{comment}".rstrip()
