"""A stated contract: an interface as its documents and sources state it, not derived from code.

These types *are* the file format, as those of :mod:`hypabi.contract.model` are.  No image is
held against a stated contract as a whole.  Single facts of it are held against images by tests, and
``checked-by`` names them; everything else is stated and not checked.
"""

import enum
from collections.abc import Iterator, Mapping
from typing import Annotated

from hypabi.arch.names import Conduit
from hypabi.contract.architectures import ArchitectureName, OnEach
from hypabi.contract.model import Hidden, Located, Spelled, Stated, nothing
from hypabi.contract.version import Version, in_force
from hypabi.records import field, frozen


class Kind(enum.Enum):
    """Says at the top of a file that its contract is a stated one."""

    STATED = "stated"


class Fact(enum.Enum):
    """A kind of fact that a check can show."""

    NUMBER = "number"
    CONDUIT = "conduit"
    SERVED = "served"
    ARGUMENTS = "arguments"
    RESULTS = "results"
    ERRORS = "errors"


@frozen(kw_only=True, eq=False)
class Spanned(Stated):
    """Something that holds for some kernels or architectures only."""

    since: Annotated[Version | None, "First kernel version that has it, where known."] = None
    until: Annotated[Version | None, "First kernel version that no longer has it."] = None
    architectures: Annotated[
        tuple[ArchitectureName, ...] | None, "The only architectures that have it."
    ] = None

    def holds(self, architecture: ArchitectureName, version: Version | None) -> bool:
        """Tell whether it holds there; without a version, at any."""
        if self.architectures is not None and architecture not in self.architectures:
            return False
        return version is None or in_force(version, self.since, self.until)


@frozen(kw_only=True, eq=False)
class Source(Located):
    """A document or file that states facts."""

    title: Annotated[str, "What it is called."]
    where: Annotated[str | None, "Its number, or its path in the kernel's tree."] = None
    lists: Annotated[
        tuple[str, ...], "Keys of 'conduits': a document that is to list all calls of these."
    ] = ()


@frozen(kw_only=True, eq=False)
class Reference(Located):
    """A place in a source."""

    source: Annotated[str, "Key of 'sources'."]
    section: Annotated[str | None, "Section, or name of what states it."] = None


@frozen(kw_only=True, eq=False)
class Check(Located):
    """A test of ours that holds facts against images, and would fail if they were wrong."""

    says: Annotated[str, "What it shows."]
    facts: Annotated[tuple[Fact, ...], "The kinds of fact that it shows."]
    test: Annotated[str, "File of the test, '::', its name."]
    images: Annotated[tuple[str, ...], "The images that it reads."]


@frozen(kw_only=True, eq=False)
class Provider(Located):
    """Whoever serves calls."""

    title: Annotated[str, "What a report calls it."]
    section: Annotated[str | None, "Its section of MAINTAINERS, where it has one."] = None


@frozen(kw_only=True, eq=False)
class ErrorValue(Located):
    """A value that says why a call failed."""

    value: Annotated[int, "The value, signed."]
    means: Annotated[str, "What it means.", Spelled("is")]


@frozen(kw_only=True, eq=False)
class BitField(Located):
    """A part of a function identifier."""

    bits: Annotated[str, 'Its highest and its lowest bit, as in "29-24", or its one bit.']
    means: Annotated[str, "What it says.", Spelled("is")]
    values: Annotated[
        Mapping[str, int], "Names of its values; where there are any, no other is allowed."
    ] = field(default_factory=nothing)


@frozen(kw_only=True, eq=False)
class StatedConduit(Spanned):
    """An instruction that makes calls, and how it passes what a call needs."""

    summary: Annotated[str, "When it is used, in a sentence."]
    instruction: Annotated[str, "The instruction."]
    immediate: Annotated[int | None, "Its immediate, where it has one and it is one."] = None
    identifier: Annotated[OnEach[str] | None, "Register that selects the call."] = None
    fields: Annotated[Mapping[str, BitField], "What an identifier is made of."] = field(
        default_factory=nothing
    )
    arguments: Annotated[
        OnEach[tuple[str, ...]] | None, "Registers and ranges of them (r3-r10), in their order."
    ] = None
    results: Annotated[OnEach[tuple[str, ...]] | None, "Registers that answer."] = None
    may_change: Annotated[
        OnEach[tuple[str, ...]] | None, "Registers that a call may leave with any value."
    ] = None
    unserved: Annotated[
        str | None, "Key of 'errors': what a number is answered that nobody serves."
    ] = None
    source: Annotated[tuple[Reference, ...], "What states it."]
    checked_by: Annotated[tuple[str, ...], "Keys of 'checks' that show it."] = ()
    unseen: Annotated[
        Mapping[str, str], "Kinds of fact that no image shows, and why none does."
    ] = field(default_factory=nothing)

    def makes(self, made_by: Conduit, immediate: int) -> bool:
        """Tell whether it is this instruction of Arm, with this immediate."""
        return self.instruction == made_by.value and self.immediate in (None, immediate)


@frozen(kw_only=True, eq=False)
class Parameter(Located):
    """An argument, or a part of the answer."""

    register: Annotated[OnEach[str] | None, "The register that holds it.", Spelled("in")] = None
    means: Annotated[str, "What it is.", Spelled("is")]


@frozen(kw_only=True, eq=False)
class Numbered(Spanned):
    """One of several numbers that a call has."""

    value: Annotated[int, "The function identifier."]
    by: Annotated[tuple[str, ...] | None, "Only by these conduits."] = None
    kernels: Annotated[
        tuple[Version, ...] | None, "Kernel series in which it was read; of others nothing is said."
    ] = None
    checked_by: Annotated[tuple[str, ...], "Keys of 'checks' that show it."] = ()


@frozen(kw_only=True, eq=False)
class StatedCall(Spanned):
    """A hypercall."""

    summary: Annotated[str, "What it is for, in a sentence or two."]
    also: Annotated[tuple[str, ...], "Other names of it, as documents and headers spell them."] = ()
    number: Annotated[int | None, "The function identifier, where there is one only."] = None
    numbers: Annotated[tuple[Numbered, ...], "The function identifiers, where it has several."] = ()
    immediate: Annotated[int | None, "The instruction's immediate, where it selects the call."] = (
        None
    )
    by: Annotated[tuple[str, ...] | None, "Only by these conduits."] = None
    arguments: Annotated[Mapping[str, Parameter], "What the caller passes."] = field(
        default_factory=nothing
    )
    results: Annotated[Mapping[str, Parameter], "What it gets back."] = field(
        default_factory=nothing
    )
    errors: Annotated[tuple[str, ...], "Keys of 'errors' that it may answer."] = ()
    served_by: Annotated[tuple[str, ...], "Keys of 'providers'."]
    callers: Annotated[tuple[str, ...], "The kernel's functions that make it, where known."] = ()
    source: Annotated[tuple[Reference, ...], "What states it."]
    checked_by: Annotated[tuple[str, ...], "Keys of 'checks' that show facts of it."] = ()
    unseen: Annotated[
        Mapping[str, str], "Kinds of fact that no image shows, and why none does."
    ] = field(default_factory=nothing)


@frozen(kw_only=True, eq=False)
class StatedContract(Located):
    """A whole file that states an interface."""

    name: Annotated[str, "Name of the interface.", Spelled("contract")]
    kind: Annotated[Kind, "Says that nothing here is derived from code."]
    title: Annotated[str, "What a report calls it."]
    summary: Annotated[str, "What the interface is for, in a sentence or two."]
    architectures: Annotated[tuple[ArchitectureName, ...], "Where it exists."]
    read_in: Annotated[
        tuple[Version, ...], "Kernel series whose sources were read; of others less is known."
    ]
    registers: Annotated[Mapping[str, OnEach[str]], "Our names for registers."] = field(
        default_factory=nothing
    )
    sources: Annotated[Mapping[str, Source], "What states its facts."]
    checks: Annotated[Mapping[str, Check], "What holds facts of it against images."] = field(
        default_factory=nothing
    )
    unseen: Annotated[
        Mapping[str, str], "Kinds of fact that no image shows, and why; a call may say more."
    ] = field(default_factory=nothing)
    providers: Annotated[Mapping[str, Provider], "Whoever serves its calls."]
    conduits: Annotated[Mapping[str, StatedConduit], "How calls are made."]
    errors: Annotated[Mapping[str, ErrorValue], "Values that say why a call failed."] = field(
        default_factory=nothing
    )
    calls: Annotated[Mapping[str, StatedCall], "The hypercalls."]
    sha256: Annotated[str, Hidden.FIELD] = ""
    """Of the file, for provenance."""

    def numbers_of(
        self, call: StatedCall, architecture: ArchitectureName, version: Version | None = None
    ) -> Iterator[Numbered]:
        """Yield the numbers that a call has there; none where nothing is known."""
        if not call.holds(architecture, version):
            return
        if call.number is not None:
            yield Numbered(place=call.place, value=call.number, by=call.by)
        for each in call.numbers:
            in_a_read_kernel = each.kernels is None or _reads(each.kernels, version)
            if in_a_read_kernel and each.holds(architecture, version):
                yield each

    def calls_at(
        self, architecture: ArchitectureName, version: Version
    ) -> Mapping[str, StatedCall]:
        """Return the calls that are known there: in force, and with a number if they have any."""
        return {
            name: call
            for name, call in self.calls.items()
            if call.holds(architecture, version)
            and (not call.numbers or any(self.numbers_of(call, architecture, version)))
        }

    def find(
        self,
        conduit: str,
        number: int,
        architecture: ArchitectureName,
        version: Version | None = None,
    ) -> tuple[str, ...]:
        """Return the names of the calls that have a number by a conduit, in the file's order.

        :param number: the identifier, as the register holds it
        """
        return tuple(
            name
            for name, call in self.calls.items()
            if call.by is None or conduit in call.by
            for each in self.numbers_of(call, architecture, version)
            if each.value == number and (each.by is None or conduit in each.by)
        )


def _reads(kernels: tuple[Version, ...], version: Version | None) -> bool:
    """Tell whether a kernel is of one of the series that were read."""
    return version is None or any(each.numbers[:2] == version.numbers[:2] for each in kernels)
