"""Print a stated contract for people: at most 75 columns."""

from collections.abc import Iterator, Mapping

from hypabi.contract.architectures import ArchitectureName, OnEach
from hypabi.contract.stated.model import (
    Numbered,
    Parameter,
    Reference,
    Spanned,
    StatedCall,
    StatedConduit,
    StatedContract,
)
from hypabi.contract.version import Version
from hypabi.report.shared.text_layout import filled, printable


def write_stated_text(contract: StatedContract) -> str:
    """Return what a stated contract speaks of: its conduits and its calls, with their numbers."""
    lines = [f"{contract.name}: {contract.title}", *_entry(_extent(contract), "")]
    lines += ["", *filled(contract.summary), "", "conduits"]
    for name, conduit in contract.conduits.items():
        lines += _entry(f"{name}: {conduit.summary}")
    lines += ["", "calls"]
    for name, call in contract.calls.items():
        lines += _entry(f"{_listed_numbers(call)} {name}{_bounds(call)}".strip())
        lines += _entry(call.summary, "      ")
    lines += ["", *_footer(contract)]
    return "\n".join(map(printable, lines)) + "\n"


def write_stated_at(
    contract: StatedContract, version: Version, architecture: ArchitectureName
) -> str:
    """Return every call of one kernel version on one architecture, with what is known of it."""
    lines = [f"{contract.name} at {version} on {architecture.value}"]
    for name, conduit in contract.conduits.items():
        if conduit.holds(architecture, version):
            lines += ["", *_conduit(contract, name, conduit, architecture)]
    for name, call in contract.calls_at(architecture, version).items():
        numbers = tuple(contract.numbers_of(call, architecture, version))
        lines += ["", *_call(contract, name, call, numbers, architecture)]
    lines += ["", *_footer(contract)]
    return "\n".join(map(printable, lines)) + "\n"


def number_text(number: int) -> str:
    """Spell a function identifier: a small one in decimal, the others in hexadecimal."""
    if abs(number) < 1 << 8:
        return f"{number}"
    return f"{number:#x}" if number < 1 << 16 else f"{number:#010x}"


def _extent(contract: StatedContract) -> str:
    architectures = ", ".join(each.value for each in contract.architectures)
    kernels = ", ".join(map(str, contract.read_in))
    return f"{architectures}; read in {kernels}; stated, checked only where it says so"


def _listed_numbers(call: StatedCall) -> str:
    numbers = [each.value for each in call.numbers]
    if call.number is not None:
        numbers.append(call.number)
    spelled = [f"#{call.immediate:#x}"] if call.immediate is not None else []
    return " ".join([*spelled, *map(number_text, dict.fromkeys(numbers))])


def _bounds(each: Spanned) -> str:
    said = [name.value for name in each.architectures or ()]
    said += [f"from {each.since}"] if each.since else []
    said += [f"before {each.until}"] if each.until else []
    return f" ({', '.join(said)})" if said else ""


def _conduit(
    contract: StatedContract, name: str, conduit: StatedConduit, on: ArchitectureName
) -> Iterator[str]:
    immediate = "" if conduit.immediate is None else f" #{conduit.immediate:#x}"
    yield from _entry(f"by {name}: {conduit.instruction}{immediate}", "")
    yield from _entry(conduit.summary, "    ")
    if conduit.identifier is not None:
        yield from _entry(f"identifier: {conduit.identifier.on(on)}", "    ")
    for what, group in (
        ("arguments", conduit.arguments),
        ("results", conduit.results),
        ("may change", conduit.may_change),
    ):
        if group is not None:
            yield from _entry(f"{what}: {', '.join(group.on(on) or ())}", "    ")
    for field, part in conduit.fields.items():
        values = ", ".join(f"{value} {name}" for name, value in part.values.items())
        yield from _entry(f"{field}, bits {part.bits}: {part.means} {values}".rstrip(), "    ")
    yield from _sources(contract, conduit.source)
    yield from _checks(contract, conduit.checked_by)


def _call(
    contract: StatedContract,
    name: str,
    call: StatedCall,
    numbers: tuple[Numbered, ...],
    on: ArchitectureName,
) -> Iterator[str]:
    immediate = "" if call.immediate is None else f" #{call.immediate:#x}"
    spelled = ", ".join(number_text(each.value) for each in numbers)
    yield from _entry(f"{name}{immediate}{' = ' if spelled else ''}{spelled}{_bounds(call)}", "")
    yield from _entry(call.summary, "    ")
    yield from _parameters(contract, "takes", call.arguments, on)
    yield from _parameters(contract, "answers", call.results, on)
    if call.errors:
        values = ", ".join(f"{each} ({contract.errors[each].value})" for each in call.errors)
        yield from _entry(f"errors: {values}", "    ")
    served = ", ".join(contract.providers[each].title for each in call.served_by)
    yield from _entry(f"served by: {served or 'nobody'}", "    ")
    if call.callers:
        yield from _entry(f"called by: {', '.join(call.callers)}", "    ")
    reasons = (
        ("cites", call.cite), ("because", call.because),
        ("against", call.against), ("incomplete", call.incomplete),
    )  # fmt: skip
    for word, said in reasons:
        if said is not None:
            yield from _entry(f"{word}: {said}", "    ")
    yield from _sources(contract, call.source)
    checked = (*call.checked_by, *(name for each in numbers for name in each.checked_by))
    yield from _checks(contract, checked)


def _parameters(
    contract: StatedContract, word: str, parameters: Mapping[str, Parameter], on: ArchitectureName
) -> Iterator[str]:
    for name, each in parameters.items():
        register = _register(contract, each.register, on)
        yield from _entry(f"{word} {name}{register}: {each.means}", "    ")


def _register(contract: StatedContract, register: OnEach[str] | None, on: ArchitectureName) -> str:
    if register is None:
        return ""
    spelled = register.on(on) or ""
    ours = contract.registers.get(spelled)
    return f" = {spelled if ours is None else ours.on(on)}"


def _sources(contract: StatedContract, references: tuple[Reference, ...]) -> Iterator[str]:
    for each in references:
        section = "" if each.section is None else f", {each.section}"
        yield from _entry(f"stated by: {contract.sources[each.source].title}{section}", "    ")


def _checks(contract: StatedContract, names: tuple[str, ...]) -> Iterator[str]:
    for name in dict.fromkeys(names):
        check = contract.checks[name]
        facts = ", ".join(each.value for each in check.facts)
        yield from _entry(f"checked ({facts}): {check.says}", "    ")


def _footer(contract: StatedContract) -> Iterator[str]:
    checked = sum(1 for call in contract.calls.values() if _is_checked(call))
    yield from filled(
        f"Of {len(contract.calls)} calls, {checked} have a fact that a test holds against an "
        "image; everything else is stated by its sources and not checked."
    )


def _is_checked(call: StatedCall) -> bool:
    return bool(call.checked_by) or any(each.checked_by for each in call.numbers)


def _entry(text: str, indent: str = "  ") -> Iterator[str]:
    yield from filled(text, indent, indent + "    ")
