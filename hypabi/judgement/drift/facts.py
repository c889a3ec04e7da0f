"""The numbers and registers that a document states, held against the contract's.

Read are the entries' registers and numbers, the immediate of ``hvc``, and the registers and values
of the two sentences that the contract cites for its frame and its result.  Nothing is read off a
sentence that no clause points at.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Final, TypeVar

from hypabi.arch.names import Architecture
from hypabi.contract.model import ByArchitecture, Call, Contract
from hypabi.contract.registers import registers_of
from hypabi.contract.revision import LiveCall, Revision
from hypabi.decode.place import FileError
from hypabi.judgement.drift.citations import Changed, Found, Lookup, Vanished
from hypabi.judgement.drift.document import Document, Entry, of_register, words
from hypabi.records import frozen, replace

T = TypeVar("T")

_RANGE: Final = re.compile(
    r"\b([rxw]\d{1,2})(?:\s*(?:-|\u2013|to)\s*([rxw]\d{1,2}))?\b|\b(ip|lr)\b"
)
_IMMEDIATE: Final = re.compile(r"\bhvc\s+#(0x[0-9a-fA-F]{1,4}|\d{1,5})\b", re.IGNORECASE)
_SUCCESS: Final = re.compile(r"\b(?:is|are|=)\s+(0x[0-9a-fA-F]{1,16}|\d{1,19})\s+on\s+success\b")
_ERROR: Final = re.compile(r"\b(0x[0-9a-fA-F]{1,16}|-\d{1,9})\s*\)?\s+on\s+error\b")

_NAMING: Final = re.compile(r"#?\d\w*|[rxw]\d{1,2}|ip|lr|EL\d|[A-Z][A-Z0-9]{2,}(_\w+)?")
_MANY: Final = ("arguments", "registers", "errors")
_PARTS: Final = re.compile(r"[-/+.]")


@frozen
class Fact:
    """One thing that a document states in numbers or registers."""

    what: str
    architecture: Architecture | None
    line: int
    sentence: int | None
    document: str
    contract: str
    restate: Callable[[Contract], Contract] | None
    """Make the contract say what the document says; ``None`` where that cannot be judged."""

    @property
    def sentence_of(self) -> str:
        """Return the disagreement in words."""
        on = "" if self.architecture is None else f" on {self.architecture.value}"
        many = self.what.endswith("s") or any(word in self.what for word in _MANY)
        verb = "are" if many else "is"
        return f"{self.what}{on} {verb} {self.document}, and {self.contract} in the contract"

    @property
    def differs(self) -> bool:
        """Return whether document and contract disagree."""
        return self.document != self.contract


def names(word: str) -> bool:
    """Tell whether a word is or has a number, a register or a name: to change it changes a fact."""
    return any(_NAMING.fullmatch(part) for part in _PARTS.split(word))


def facts(
    document: Document,
    contract: Contract,
    looked_up: tuple[Lookup, ...],
    revisions: tuple[Revision, ...],
) -> tuple[Fact, ...]:
    """Return every fact that was read, in the order of the document.

    :param revisions: one for each architecture
    """
    found = [*_immediates(document, contract)]
    for revision in revisions:
        found += _of_entries(document, contract, revision)
        at = _sentence(looked_up, contract.frame.registers.cite)
        if at is not None:
            found += _frame(document, contract, revision, at)
        at = _sentence(looked_up, contract.result.cite)
        if at is not None:
            found += _result(document, contract, revision, at)
    once = {(f.what, f.architecture, f.line, f.document): f for f in found}
    return tuple(sorted(once.values(), key=lambda fact: (fact.line, fact.what)))


def _sentence(looked_up: tuple[Lookup, ...], cite: str | None) -> int | None:
    """Return the sentence that a cite stands in, changed or not."""
    if cite is None:
        return None
    for each in looked_up:
        if words(each.cite.text) == words(cite):
            match each:
                case Found(_, sentences):
                    return sentences[0]
                case Changed(_, sentence, _):
                    return sentence
                case Vanished():
                    return None
    return None


def _immediates(document: Document, contract: Contract) -> Iterator[Fact]:
    ours = contract.conduit.immediate
    if ours is None:
        return
    for at, sentence in enumerate(document.sentences):
        for found in _IMMEDIATE.finditer(sentence.text):
            said = int(found[1], 0)
            what = "the immediate of hvc"
            yield Fact(what, None, sentence.line, at, f"#{said:#x}", f"#{ours:#x}", None)


def _of_entries(document: Document, contract: Contract, revision: Revision) -> Iterator[Fact]:
    for entry in document.entries:
        call = next((call for call in revision.calls if call.name == entry.name), None)
        if call is None:
            continue
        if not entry.about(revision.architecture):
            continue
        yield from _number(entry, call)
        yield from _parties(entry, call, revision.architecture)
        yield from _identifier(entry, contract, revision)
        yield from _arguments(entry, call, revision)


def _number(entry: Entry, call: LiveCall) -> Iterator[Fact]:
    if entry.number is None or call.number is None:
        return
    said = entry.number

    def restate(of: Contract) -> Contract:
        return _with_call(of, entry.name, replace(of.calls[entry.name], number=said))

    what = f"the number of {entry.name}"
    yield Fact(what, None, entry.line, None, f"{said:#x}", f"{call.number:#x}", restate)


def _parties(entry: Entry, call: LiveCall, on: Architecture) -> Iterator[Fact]:
    """Yield who is said to serve the call."""
    said = entry.served.get(on)
    if said is not None:
        there, here = ", ".join(sorted(said)) or "nobody", ", ".join(sorted(call.served_by))
        what = f"who serves {entry.name}"
        yield Fact(what, on, entry.line, None, there, here or "nobody", None)


def _identifier(entry: Entry, contract: Contract, revision: Revision) -> Iterator[Fact]:
    on = revision.architecture
    said = entry.named.on(on) if entry.named is not None else ()
    if entry.named is None or not said:
        return
    identifier = _by(contract.identifier, on, said[0])

    def restate(of: Contract) -> Contract:
        return replace(of, identifier=identifier)

    what = f"the register that names {entry.name}"
    yield Fact(what, on, entry.named.line, None, ", ".join(said), revision.identifier, restate)


def _arguments(entry: Entry, call: LiveCall, revision: Revision) -> Iterator[Fact]:
    """Yield the arguments one by one where the contract's names tell them, else their registers."""
    on = revision.architecture
    canonical = registers_of(on).canonical
    said = [(line, canonical(name)) for line in entry.arguments for name in line.on(on)]
    ours = dict(call.arguments)
    rest = []
    for line, register in said:
        name = _told(line.value, ours)
        if name is None:
            rest.append((line, register))
            continue
        what = f"the register of {line.value} in {entry.name}"
        restate = _argument(entry.name, name, on, register)
        yield Fact(what, on, line.line, None, register, ours.pop(name), restate)
    if rest or ours:
        at = rest[0][0].line if rest else entry.line
        there = ", ".join(sorted(register for _, register in rest)) or "none"
        here = ", ".join(sorted(ours.values())) or "none"
        yield Fact(f"the other arguments of {entry.name}", on, at, None, there, here, None)


def _told(text: str, arguments: Iterable[str]) -> str | None:
    """Return the one argument whose name is in a text: ``next_x0`` in "x0's value ... the next"."""
    said = set(re.findall(r"\w+", text.casefold()))
    found = [name for name in arguments if set(name.casefold().split("_")) <= said]
    return found[0] if len(found) == 1 else None


def _argument(
    call: str, name: str, on: Architecture, register: str
) -> Callable[[Contract], Contract]:
    def restate(of: Contract) -> Contract:
        was = of.calls[call]
        arguments = {**was.arguments, name: _by(was.arguments[name], on, register)}
        return _with_call(of, call, replace(was, arguments=arguments))

    return restate


def _frame(document: Document, contract: Contract, revision: Revision, at: int) -> Iterator[Fact]:
    sentence, on = document.sentences[at], revision.architecture
    said = _registers(sentence.text, on)
    ours = contract.frame.registers.may_change.on(on)
    if not said or ours is None:
        return
    registers = registers_of(on)
    try:
        there = registers.expand(said, contract.frame.registers.place)
    except FileError as refused:
        there = (str(refused.what),)
    here = registers.expand(ours, contract.frame.registers.place)

    def restate(of: Contract) -> Contract:
        rule = of.frame.registers
        rule = replace(rule, may_change=_by(rule.may_change, on, said))
        return replace(of, frame=replace(of.frame, registers=rule))

    same = set(there) == set(here)
    what = "the registers that a call may change"
    text, wanted = ", ".join(said), ", ".join(ours)
    yield Fact(what, on, sentence.line, at, wanted if same else text, wanted, restate)


def _result(document: Document, contract: Contract, revision: Revision, at: int) -> Iterator[Fact]:
    sentence, on = document.sentences[at], revision.architecture
    said = _registers(sentence.text, on)
    if said:
        register = _by(contract.result.register, on, said[0])

        def restate(of: Contract) -> Contract:
            return replace(of, result=replace(of.result, register=register))

        what = "the register that holds the result"
        yield Fact(what, on, sentence.line, at, ", ".join(said), revision.result, restate)
    for pattern, name in ((_SUCCESS, "success"), (_ERROR, "error")):
        found = pattern.search(sentence.text)
        ours: int | None = getattr(contract.result, name)
        if found is not None and ours is not None:
            yield _value(name, int(found[1], 0), ours, sentence.line, at)


def _value(name: str, said: int, ours: int, line: int, at: int) -> Fact:
    def restate(of: Contract) -> Contract:
        result = of.result
        result = replace(result, success=said) if name == "success" else replace(result, error=said)
        return replace(of, result=result)

    return Fact(f"the value on {name}", None, line, at, f"{said:#x}", f"{ours:#x}", restate)


def _registers(text: str, on: Architecture) -> tuple[str, ...]:
    """Return the registers of an architecture in a sentence, ranges as a contract spells them."""
    found = []
    for match in _RANGE.finditer(text):
        first = match[1] or match[3]
        if of_register(first) is on:
            found.append(f"{first}-{match[2]}" if match[2] else first)
    return tuple(dict.fromkeys(found))


def _by(was: ByArchitecture[T], on: Architecture, now: T) -> ByArchitecture[T]:
    arm, arm64 = (now if on is each else was.on(each) for each in Architecture)
    return ByArchitecture(arm, arm64)


def _with_call(of: Contract, name: str, call: Call) -> Contract:
    calls: Mapping[str, Call] = {**of.calls, name: call}
    return replace(of, calls=calls)
