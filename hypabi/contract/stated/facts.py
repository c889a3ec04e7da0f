"""The facts of a stated contract, one by one: what shows each, or why nothing does.

A fact is a number of a call, its arguments, its results, its errors, who serves it, or how a
conduit passes what a call needs.  It is checked where a test holds it against images; of those only
such count as the fact is stated of.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from hypabi.contract.architectures import ArchitectureName
from hypabi.contract.stated.model import Fact, Numbered, Spanned, StatedCall, StatedContract
from hypabi.contract.version import Version
from hypabi.records import frozen

_BUILT_FOR: Final[Mapping[str, ArchitectureName]] = {
    "arm64": ArchitectureName.ARM64,
    "armmp": ArchitectureName.ARM,
    "armhf": ArchitectureName.ARM,
    "amd64": ArchitectureName.X86,
    "ppc64el": ArchitectureName.POWERPC,
    "s390x": ArchitectureName.S390,
}
"""What an image's name says that it is built for, as Debian spells it."""


@frozen
class Shown:
    """A check, and those of its images that the fact is stated of."""

    check: str
    images: tuple[str, ...]


@frozen
class StatedFact:
    """One fact of a call or conduit."""

    of: str
    """The call's or conduit's name."""
    kind: Fact
    number: int | None
    """Of a number: which."""
    shown: tuple[Shown, ...]
    reason: str | None
    """Why no image shows it, where that is said."""

    @property
    def checked(self) -> bool:
        """Tell whether some image shows it."""
        return bool(self.shown)


def facts_of(contract: StatedContract) -> Iterator[StatedFact]:
    """Yield every fact: the conduits', then the calls', in the file's order."""
    for name, conduit in contract.conduits.items():
        shown = _shown(contract, conduit.checked_by, Fact.CONDUIT, conduit)
        yield _fact(contract, name, Fact.CONDUIT, None, shown, conduit.unseen)
    for name, call in contract.calls.items():
        yield from facts_of_call(contract, name, call)


def facts_of_call(contract: StatedContract, name: str, call: StatedCall) -> Iterator[StatedFact]:
    """Yield the facts of a call, its numbers first."""
    for each in _numbers(call):
        checks = (*call.checked_by, *each.checked_by)
        shown = _shown(contract, checks, Fact.NUMBER, call, each)
        yield _fact(contract, name, Fact.NUMBER, each.value, shown, call.unseen)
    stated = {
        Fact.ARGUMENTS: bool(call.arguments),
        Fact.RESULTS: bool(call.results),
        Fact.ERRORS: bool(call.errors),
        Fact.SERVED: True,
    }
    checks = (*call.checked_by, *(check for each in call.numbers for check in each.checked_by))
    for kind in (kind for kind, there in stated.items() if there):
        shown = _shown(contract, checks, kind, call)
        yield _fact(contract, name, kind, None, shown, call.unseen)


def tally(facts: Iterable[StatedFact]) -> tuple[int, int]:
    """Return how many facts are checked, and how many there are."""
    found = [each.checked for each in facts]
    return sum(found), len(found)


def _numbers(call: StatedCall) -> Iterator[Numbered]:
    """Yield what selects a call: its numbers, or the instruction's immediate."""
    only = call.immediate if call.number is None else call.number
    if only is not None and not call.numbers:
        yield Numbered(place=call.place, value=only)
    yield from call.numbers


def _fact(
    contract: StatedContract,
    of: str,
    kind: Fact,
    number: int | None,
    shown: tuple[Shown, ...],
    unseen: Mapping[str, str],
) -> StatedFact:
    reason = unseen.get(kind.value, contract.unseen.get(kind.value))
    return StatedFact(of, kind, number, shown, None if shown else reason)


def _shown(
    contract: StatedContract, checks: Iterable[str], kind: Fact, *within: Spanned
) -> tuple[Shown, ...]:
    found = []
    for name in dict.fromkeys(checks):
        check = contract.checks[name]
        images = tuple(e for e in check.images if all(_is_stated_of(each, e) for each in within))
        if kind in check.facts and images:
            found.append(Shown(name, images))
    return tuple(found)


def _is_stated_of(each: Spanned, image: str) -> bool:
    """Tell whether something is stated of an image; its name has version and architecture."""
    version = Version.exact(image.split("-", maxsplit=1)[0])
    architecture = next((of for word, of in _BUILT_FOR.items() if word in image.split("-")), None)
    if architecture is not None and not each.holds(architecture, version):
        return False
    read = each.kernels if isinstance(each, Numbered) else None
    if version is None or read is None:
        return True
    return any(series.numbers[:2] == version.numbers[:2] for series in read)
