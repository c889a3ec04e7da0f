"""Write the numbers of a stated contract as a header, as :mod:`hypabi.documents.header`.

A call that has several numbers gets one macro for each: its name and the number.
"""

from collections.abc import Iterator

from hypabi.contract.stated.model import Numbered, StatedCall, StatedContract
from hypabi.documents.header import comment, define, identifier, opening
from hypabi.documents.interface.reading import plain_list
from hypabi.documents.stated.page import SPELLED, instruction_text


def write(contract: StatedContract, command: str) -> str:
    """Return the header of a stated contract, ending in a newline."""
    prefix = identifier(contract.name).upper()
    lines = opening(contract.name, contract.title, contract.sha256, command)
    for name, conduit in contract.conduits.items():
        lines += ["", *comment(f"{name}: {instruction_text(conduit)}. {conduit.summary}")]
        if conduit.immediate is not None:
            lines.append(define(f"{prefix}_{identifier(name).upper()}", conduit.immediate))
    for name, call in contract.calls.items():
        lines += ["", *_call(name, call)]
    if contract.errors:
        lines.append("")
    for name, error in contract.errors.items():
        lines += [*comment(error.means), define(identifier(name), error.value)]
    lines += ["", f"#endif /* {prefix}_H */"]
    return "\n".join(lines) + "\n"


def _call(name: str, call: StatedCall) -> Iterator[str]:
    yield from comment(call.summary)
    if call.immediate is not None and call.number is None and not call.numbers:
        yield define(identifier(name), call.immediate)
    elif call.number is not None:
        yield define(identifier(name), call.number)
    values = list(dict.fromkeys(each.value for each in call.numbers))
    for value in values:
        said = [_where(each) for each in call.numbers if each.value == value]
        if all(said):
            yield from comment("; ".join(said))
        suffix = "" if len(values) == 1 else f"_{value:X}"
        yield define(f"{identifier(name)}{suffix}", value)


def _where(each: Numbered) -> str:
    said = [] if each.by is None else [f"by {plain_list(each.by, ' or ')}"]
    if each.architectures is not None:
        said.append(f"on {plain_list(SPELLED[a] for a in each.architectures)}")
    if each.kernels is not None:
        said.append(f"in {plain_list(map(str, each.kernels))}")
    said += [f"from {each.since}"] if each.since is not None else []
    said += [f"before {each.until}"] if each.until is not None else []
    return ", ".join(said)
