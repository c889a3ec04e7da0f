"""Which promise applies where a caller meets a live party.

1. the row of a call that the caller makes, where its contract says that the party serves it;
2. else what its contract promises where the party does not serve the call: an error value, or the
   call served all the same;
3. else, where its contract does not speak of the party, or leaves open what it does, the row of
   the party that does serve the call: it is what the caller counts on.
"""

from collections.abc import Callable, Iterator, Mapping

from hypabi.behaviour.case import Behaviour
from hypabi.behaviour.request import Request, Requests
from hypabi.contract.revision import LiveCall, LiveParty, Revision, Row, Service
from hypabi.judgement.matrix.cell_model import Promise
from hypabi.records import frozen
from hypabi.smt import terms


@frozen
class Caller:
    """A function that asks, and the contract that it was written against."""

    name: str
    label: str
    """Of its revision."""
    image: str
    """That holds it."""
    call: str
    """What it means to call above all."""
    revision: Revision
    requests: Requests

    def calls(self) -> tuple[LiveCall | None, ...]:
        """Return the calls that it makes, the one that it means above all first.

        ``None`` is one that its contract gives no name.
        """
        calls = self.revision.calls
        named = [call for call in calls if self.name in call.callers or call.name == self.call]
        return tuple(sorted(named, key=lambda call: call.name != self.call)) or (None,)


@frozen
class Live:
    """A party whose vectors are live."""

    name: str
    label: str
    """Of its revision."""
    image: str
    """That holds it."""
    vectors: str
    """Symbol of its table."""
    revision: Revision
    """Its own."""
    tables: Mapping[str, terms.Value]
    """Address of each vector table of its image, by symbol."""
    symbol: Callable[[str], int | None]
    """Address of a symbol of its image."""
    granted: tuple[str, ...]
    """What whoever installed it has left, and its behaviour rests on."""
    behaviour: Callable[[Request], Behaviour]
    """What it does with a request: its registers at entry are the caller's."""

    def in_contract(self, revision: Revision) -> LiveParty | None:
        """Return the party that a contract knows it as: by its name, else by its vectors."""
        by_name = [party for party in revision.parties if party.name == self.name]
        by_vectors = [party for party in revision.parties if party.vectors == self.vectors]
        return next(iter((*by_name, *by_vectors)), None)


@frozen
class Promised:
    """A row of the caller's contract, and the party that it is of."""

    promise: Promise
    party: LiveParty
    row: Row


def applying(caller: Caller, live: Live) -> Iterator[Promised]:
    """Yield the promises that a live party may keep, the one it should keep first.

    Where it should refuse the call, it may serve it as well: that is what the caller asks for.
    """
    revision = caller.revision
    party = live.in_contract(revision)
    calls = caller.calls()
    for promise, row in _rows(revision, party, calls) if party is not None else ():
        if row.unspecified is None:
            assert party is not None
            yield Promised(promise, party, row)
            if promise is Promise.SERVED:
                return
    for call in calls:
        for server in call.served_by[:1] if call is not None else ():
            serving = revision.party(server)
            assert serving is not None and call is not None
            yield Promised(Promise.ELSEWHERE, serving, revision.row(server, call.name))
            return


def silence(caller: Caller, live: Live) -> str:
    """Return why nothing can be held against a live party."""
    party = live.in_contract(caller.revision)
    for _, row in _rows(caller.revision, party, caller.calls()) if party is not None else ():
        if row.unspecified is not None:
            return row.unspecified.cite or row.unspecified.because or ""
    return "the caller's contract says nothing of the call, nor of the party"


def _rows(
    revision: Revision, party: LiveParty, calls: tuple[LiveCall | None, ...]
) -> Iterator[tuple[Promise, Row]]:
    """Yield a party's rows for a caller's calls, the one of a call that it serves first."""
    found = [(call, _row(revision, party, call)) for call in calls]
    for call, row in found:
        if row is not None and call is not None and row.service is Service.SERVED:
            yield Promise.SERVED, row
    for _, row in found:
        if row is not None and row.service is not Service.SERVED:
            yield Promise.UNSERVED, row


def _row(revision: Revision, party: LiveParty, call: LiveCall | None) -> Row | None:
    """Return a party's row for a call; one without a number may be any other identifier there."""
    if call is None:
        return revision.find(party.name, None)
    row = revision.find(party.name, call.name)
    if row is None and call.number is None:
        return revision.find(party.name, None)
    return row
