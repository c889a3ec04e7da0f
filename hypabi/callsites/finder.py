"""All call sites of a program: find them, follow the ways to them, look at what comes after."""

from collections.abc import Container, Iterable, Iterator, Mapping
from functools import cached_property
from typing import Final

from hypabi.arch.names import Conduit, InstructionSet
from hypabi.callsites.call_ways import NO_ENTRIES, Asked, CallWays
from hypabi.callsites.draft import Draft, Listing, Wanting
from hypabi.callsites.functions import MOST_CALLERS, Functions
from hypabi.callsites.hvc_words import Word, direct_calls, hvc_words, replaced_by
from hypabi.callsites.identifier_values import constants_of
from hypabi.callsites.model import CallPath, CallSite, Reached, Start, Stranger, Unread
from hypabi.code.function_bounds import function_extent
from hypabi.symbolic.explore import Explorer

CONDUIT: Final = "smccc_patch_fw_mitigation_conduit"
"""The kernel's function that writes hvc or smc over a nop (arch/arm64/kernel/proton-pack.c)."""


class CallSites:
    """The call sites of one program; bodies of functions are read once."""

    def __init__(
        self,
        explorer: Explorer,
        vectors: Mapping[int, int] = NO_ENTRIES,
        asked: Asked | None = None,
        conduit: Conduit = Conduit.HVC,
    ) -> None:
        """Prepare to look.

        :param vectors: of a program that sets vectors of its own: by address of a table, where a
            further call enters it
        :param asked: how the calls of a contract are made; those of Linux and Xen where ``None``
        :param conduit: the instruction that makes them
        """
        self._conduit = conduit
        self.explorer = explorer
        self.image = explorer.image
        self.functions = Functions(explorer)
        self.ways = CallWays(self.functions, vectors, asked)

    def find(self, function: str | None = None) -> tuple[CallSite, ...]:
        """Return every call site, by address.

        :param function: only those in functions of this name
        """
        return self._finished(self._drafts(function), every=False)

    def find_with_callers(self) -> tuple[CallSite, ...]:
        """Return every call site, by address, with all that callers of its function do."""
        return self._finished(self._every, every=True)

    def wanted(self, by: Wanting) -> tuple[tuple[CallSite, ...], tuple[Unread, ...]]:
        """Return the call sites of which somebody wants a way, and those that may be such.

        Of their callers, all that those pass and read is found out.
        """
        drafts = [draft for draft in self._every if by.by_conduit(draft.word.immediate)]
        found = self._finished([draft for draft in drafts if draft.wanted(by)], every=True)
        unread = [draft.unread(by) for draft in drafts]
        return found, tuple(each for each in unread if each is not None)

    def strangers(self, listing: Listing, judged: Container[int]) -> Iterator[Stranger]:
        """Yield the call sites that ask for what is not listed, or for what is not known.

        :param judged: addresses of those that are looked at otherwise
        """
        drafts = [d for d in self._every if d.word.address not in judged and d.is_strange(listing)]
        self._told_where(drafts)
        reached = [draft for draft in drafts if draft.reached is not Reached.NOT_SHOWN]
        for site in self._finished(reached, every=False):
            for way in site.paths:
                why = _strange(site, way, listing)
                if why:
                    yield Stranger(site, way, why)

    def constants(self, immediate: int | None) -> Mapping[int, tuple[int, int]]:
        """Return the identifier of each call site where it is one constant on every way.

        :return: by address of the site, that of the function around it and the identifier
        """
        found = {}
        for draft in self._every:
            of = immediate in (None, draft.word.immediate)
            numbers = draft.numbers if of else set[int | None]()
            if len(numbers) == 1 and None not in numbers:
                (number,) = numbers
                assert number is not None
                found[draft.word.address] = (draft.extent.start, number)
        return found

    def calls_of(self, functions: Iterable[int]) -> Mapping[int, tuple[int, ...]]:
        """Return where functions are called directly, those that are, as far as looked for."""
        found = direct_calls(self.image, tuple(functions), MOST_CALLERS)
        return {function: tuple(calls) for function, calls in found.items() if calls}

    @cached_property
    def _every(self) -> list[Draft]:
        return self._drafts(None)

    def _drafts(self, function: str | None) -> list[Draft]:
        places = [(word, reached) for word, reached in self._places()]
        extents = {
            word: function_extent(self.image, word.address, word.state) for word, _ in places
        }
        return [
            Draft(self.ways, word, around, reached)
            for word, reached in places
            for around in (extents[word], *self.functions.running_into(extents[word], word.state))
            if function is None or around.name == function
        ]

    def _finished(self, drafts: list[Draft], *, every: bool) -> tuple[CallSite, ...]:
        """Return call sites; all code is searched for who calls their functions.

        :param every: whether all that callers pass is wanted, or only what selects a call
        """
        self._told_where(drafts)
        starts = sorted({draft.extent.start for draft in drafts if draft.needs_callers})
        calls = direct_calls(self.image, starts, MOST_CALLERS)
        return tuple(
            draft.finished(calls.get(draft.extent.start, ()), every=every) for draft in drafts
        )

    def _places(self) -> list[tuple[Word, Reached]]:
        found = [(word, Reached.FLOW) for word in hvc_words(self.image, self._conduit)]
        for symbol in self.image.symbols.find(CONDUIT) if len(self.explorer.patches) else ():
            for site in self.explorer.patches.written_by(symbol.address):
                a64, by = InstructionSet.A64, self._conduit
                word = Word(site.address, a64, 0, in_code=True, conduit=by)
                found.append((word, Reached.WRITTEN))
        return sorted(found, key=lambda each: each[0].address)

    def _told_where(self, drafts: Iterable[Draft]) -> None:
        """Say of sites that flow does not reach what they are instead."""
        lost = {
            draft.word.address: draft
            for draft in drafts
            if draft.reached is Reached.FLOW and not draft.body.reaches(draft.word.address)
        }
        copied = replaced_by(self.explorer.patches, sorted(lost)) if lost else {}
        for address, draft in lost.items():
            draft.reached = Reached.REPLACEMENT if address in copied else Reached.NOT_SHOWN


def _strange(site: CallSite, way: CallPath, listing: Listing) -> str:
    """Return why nobody knows what a way asks for, empty where it is known."""
    if not listing.has_immediate(site.immediate):
        return f"no contract has the immediate {site.immediate:#x}"
    known = constants_of(way.request.registers[site.identifier])
    for identifier in sorted(known):
        if not listing.has_number(identifier):
            return f"no contract has the identifier {identifier:#x}"
    if known or listing.passes_on(site.function) or way.start is Start.LIMIT:
        return ""
    return f"{site.identifier} is no constant, and no contract says that it is up to callers"
