"""A contract as a document reads it: one kernel version or all, one architecture or both."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Protocol, TypeVar

from hypabi.arch.names import Architecture
from hypabi.contract.clause import Authority, Clause
from hypabi.contract.expression import Value
from hypabi.contract.expression_parser import parse_value
from hypabi.contract.model import Bounded, Call, Contract, Installer, Party
from hypabi.contract.resolution import Context
from hypabi.contract.resolve import resolve, revision_of
from hypabi.contract.revision import LiveCall, Revision, Row, Service
from hypabi.contract.version import Version, in_force
from hypabi.documents.interface.clause_prose import Names
from hypabi.documents.markup.tree import Blocks, Paragraph, Words, joined, prose, quoted, words
from hypabi.records import frozen

T = TypeVar("T")


class Spanned(Protocol):
    """Whatever holds for some kernels only."""

    @property
    def since(self) -> Version | None:
        """First kernel version that has it."""

    @property
    def until(self) -> Version | None:
        """First kernel version that no longer has it."""


@frozen(eq=False)
class Reading:
    """What of a contract a document speaks of."""

    contract: Contract
    version: Version | None
    """``None`` for every version that the contract speaks of."""
    revisions: Mapping[Architecture, Revision]

    @property
    def architectures(self) -> tuple[Architecture, ...]:
        """The architectures, in their order."""
        return tuple(self.revisions)

    @property
    def parties(self) -> Mapping[str, Party]:
        """The parties that some revision has, in the order of the file."""
        live = {party.name for each in self.revisions.values() for party in each.parties}
        return {name: each for name, each in self.contract.parties.items() if name in live}

    @property
    def calls(self) -> Mapping[str, Call]:
        """The calls that some revision has, in the order of the file."""
        live = {call.name for each in self.revisions.values() for call in each.calls}
        return {name: each for name, each in self.contract.calls.items() if name in live}

    def holds(self, each: Bounded | Call | Installer) -> bool:
        """Tell whether a thing is in force in what is read."""
        if each.architecture is not None and each.architecture not in self.revisions:
            return False
        return self.version is None or in_force(self.version, each.since, each.until)

    def having(self, call: str) -> dict[Architecture, LiveCall]:
        """Return a call on each architecture that has it."""
        return {
            architecture: live
            for architecture, revision in self.revisions.items()
            for live in revision.calls
            if live.name == call
        }

    def names(self, architecture: Architecture, call: str | None) -> Names:
        """Return what a reader calls the registers of a call."""
        revision = self.revisions[architecture]
        live = self.having(call).get(architecture) if call is not None else None
        arguments = {register: name for name, register in (live.arguments if live else ())}
        return Names(architecture, arguments, revision.success, revision.error, revision.result)

    def value(self, architecture: Architecture, call: str | None, text: str) -> Value:
        """Return a value at entry that the contract spells, with the arguments of a call."""
        live = self.having(call).get(architecture) if call is not None else None
        context = Context.of(self.contract, architecture, self.version)
        scope = context.called(dict(live.arguments if live else ())).scope
        return parse_value(text, scope, self.contract.place)

    def has(
        self, architecture: Architecture, call: str | None, parties: tuple[str, ...] | None
    ) -> bool:
        """Tell whether an architecture has a call, and one of the parties where some are named."""
        if call is not None and architecture not in self.having(call):
            return False
        revision = self.revisions[architecture]
        return parties is None or any(revision.party(party) for party in parties)

    def clauses(self, wanted: Callable[[Row], bool]) -> dict[str, dict[Architecture, Clause]]:
        """Return the clauses of rows by name and architecture; a clause stands once."""
        found: dict[str, dict[Architecture, Clause]] = {}
        for architecture, revision in self.revisions.items():
            for row in filter(wanted, revision.rows):
                for clause in row.clauses:
                    found.setdefault(clause.name, {}).setdefault(architecture, clause)
        return found

    def served(self, call: str) -> dict[str, dict[Architecture, Clause]]:
        """Return what the parties that serve a call promise of it."""
        return self.clauses(lambda row: row.call == call and row.service is Service.SERVED)


def reading(
    contract: Contract, version: Version | None, architectures: tuple[Architecture, ...] = ()
) -> Reading:
    """Read a contract at a version, or at all of them, on all its architectures or on these.

    :raises FileError: the contract does not speak of the version or the architecture
    """
    chosen = architectures or contract.architectures
    if version is not None:
        return Reading(
            contract, version, {each: revision_of(contract, version, each) for each in chosen}
        )
    for each in chosen:
        if each not in contract.architectures:
            revision_of(contract, contract.since, each)  # refuses
    resolved = {each: resolve(Context.of(contract, each, None)) for each in chosen}
    return Reading(contract, None, resolved)


def span(each: Spanned) -> str:
    """Return in words which kernels have a thing, empty for all."""
    said = []
    if each.since is not None:
        said.append(f"from {each.since}")
    if each.until is not None:
        said.append(f"before {each.until}")
    return ", ".join(said)


def only(each: Bounded, parties: tuple[str, ...] | None = None) -> Words:
    """Return in brackets to which kernels, architecture and parties a thing is confined."""
    said = [span(each)] if span(each) else []
    if each.architecture is not None:
        said.append(f"{each.architecture.value} only")
    if parties is not None:
        said.append(f"at {plain_list(parties)} only")
    return words(f" ({'; '.join(said)})") if said else ()


def plain_list(names: Iterable[str], last: str = " and ") -> str:
    """Return names as a sentence lists them."""
    *most, end = names
    return f"{', '.join(most)}{last}{end}" if most else end


def why(authority: Authority) -> Blocks:
    """Return what a thing rests on: the sentence, our reason, a sentence that says otherwise."""
    said: list[Words] = []
    if authority.cite is not None:
        said.append(words("Stated: ", cited(authority.cite)))
    if authority.because is not None:
        said.append(words("Reason: ", prose(authority.because)))
    if authority.against is not None:
        said.append(words("Against: ", cited(authority.against)))
    if authority.incomplete is not None:
        said.append(words("Incomplete: ", cited(authority.incomplete)))
    return (Paragraph(joined(said, " ", " ")),) if said else ()


def cited(text: str) -> Words:
    """Return a citation that ends a sentence."""
    text = text.strip()
    return words(quoted(text), "" if text.endswith(".") else ".")


def boundaries(reading_: Reading) -> tuple[Version, ...]:
    """Return the kernel versions at which what is read changes, the first it speaks of first."""
    contract = reading_.contract
    spans: list[Spanned] = [*reading_.parties.values(), *reading_.calls.values()]
    found = {contract.since}
    for each in spans:
        found |= {version for version in (each.since, each.until) if version is not None}
    return tuple(
        sorted(version for version in found if in_force(version, contract.since, contract.until))
    )


def grouped(
    items: Iterable[tuple[T, Authority]],
) -> Iterator[tuple[list[T], Authority]]:
    """Yield runs of items that rest on the same words."""
    run: list[T] = []
    last = Authority()
    for item, authority in items:
        if run and authority != last:
            yield run, last
            run = []
        run.append(item)
        last = authority
    if run:
        yield run, last
