"""Whether calls are made in the order that the life cycle asks for.

Which party is live at an instruction is not known; what a call just made has done to it is.  So a
function is walked from every party that can be live to whatever the calls on a way leave, and a
call is out of order where none that can still be live is one that the contract has it made to.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import product
from typing import Final

from hypabi.arch.names import InstructionSet
from hypabi.callsites.call_order import Asked, CallOrder, Live
from hypabi.callsites.finder import CallSites
from hypabi.callsites.model import CallSite
from hypabi.contract.clause import Clause
from hypabi.contract.model import Program
from hypabi.contract.resolve import ANY, ANY_OTHER
from hypabi.contract.revision import CallerContext, Move, Revision, Service
from hypabi.judgement.callers.arguments import passed_bases
from hypabi.judgement.callers.findings import CallerVerdict, Undecided, Violated
from hypabi.judgement.callers.makers import MakerCheck, Reach, given_that
from hypabi.records import frozen
from hypabi.smt import terms
from hypabi.smt.evaluate import evaluate
from hypabi.smt.terms import Value

SERVICE: Final = 0xFF000000
"""Bits of an SMCCC identifier that say whose call it is (DEN0028, 2.5)."""


@frozen
class Known:
    """A call site of which it is known what it asks for."""

    site: int
    function: int
    """Address of the function around it."""
    identifier: int | None
    """``None`` where the contract says that whatever it is will do."""
    contexts: tuple[CallerContext, ...]
    """What the contract says of when it runs."""


@frozen
class OrderCheck:
    """A call that is made while none is live to whom it is made, or ways that were not walked."""

    function: str
    """From which on it is known who is live."""
    address: int
    call: str
    live: tuple[str, ...]
    verdict: CallerVerdict


@frozen
class Order:
    """The program of which the order of calls is asked."""

    which: Program
    sites: CallSites
    judged: Sequence[CallSite]
    """The call sites that the contract is about."""
    contexts: Mapping[int, tuple[CallerContext, ...]]
    """What it says of when they run, by address."""
    tables: Mapping[str, Value]
    """Address of each party's vector table."""


def hold_order(revision: Revision, order: Order) -> tuple[OrderCheck, ...]:
    """Walk every function that makes hypercalls, or calls such, and return what is out of order."""
    known = tuple(_known(revision, order))
    callers, functions = _walked(order, known)
    own = callers | {each.function for each in known if each.identifier is None}
    held = _Held(revision, order, {each.site: each for each in known})
    for state in _states(order):
        walk = CallOrder(order.sites, functions, held.answer, state, held.anybody)
        for start in sorted(functions):
            held.root = start
            boot = held.at_boot(start)
            if boot and start not in own:
                continue  # who calls it is walked, and says who is live; else nobody calls it
            for live in boot or (held.anybody,):
                if not walk.walk(start, live, None if boot else held.anybody).whole:
                    held.note_cut_short()
    return tuple(held.found.values())


def hold_stays(revision: Revision, order: Order, reach: Reach) -> Iterator[MakerCheck]:
    """Yield the functions behind which another party is live than the one they make live."""
    known = tuple(_known(revision, order))
    _, functions = _walked(order, known)
    held = _Held(revision, order, {each.site: each for each in known})
    for move in revision.moves:
        asked = [
            (name, address, given)
            for name in move.stays
            for address, given in product(reach.find(name), move.given.get(name, ({},)))
        ]
        for name, address, given in asked if move.source in held.anybody else ():
            for state in _states(order):
                walk = CallOrder(order.sites, functions, held.answer, state, held.anybody)
                shut = reach.unreached(address, given) if given else frozenset[int]()
                ends = walk.walk(address, held.anybody, held.anybody, shut).ends
                if wrong := sorted(_listed(live) for live in ends if move.to not in live):
                    said = Violated(f"it leaves {wrong[0]} live, and not {move.to}")
                    about = (move.call, (move.source,), given_that(said, given))
                    yield MakerCheck(name, address, *about)


def _walked(
    order: Order, known: Iterable[Known]
) -> tuple[frozenset[int], Mapping[int, frozenset[int]]]:
    """Return the functions that call such as make hypercalls, and with those their call sites."""
    callers = frozenset(caller.function.address for s in order.judged for caller in s.callers)
    functions: dict[int, frozenset[int]] = dict.fromkeys(callers, frozenset())
    for each in known:
        functions[each.function] = functions.get(each.function, frozenset()) | {each.site}
    return callers, functions


def _states(order: Order) -> list[InstructionSet]:
    return sorted({site.state for site in order.judged}, key=lambda state: state.value)


def _known(revision: Revision, order: Order) -> Iterator[Known]:
    """Yield the call sites of the contract's calls, and of calls to whoever they make live.

    The latter are of the same SMCCC service as an identifier that the contract names.
    """
    named = {n & SERVICE for context in revision.contexts for n in context.identifiers}
    constants = order.sites.constants(revision.immediate)
    numbered = {
        address: (function, number)
        for address, (function, number) in constants.items()
        if any(revision.numbered(number)) or number & SERVICE in named
    }
    for address, (function, number) in numbered.items():
        yield Known(address, function, number, order.contexts.get(address, ()))
    for site in order.judged:
        spoken = order.contexts.get(site.address, ())
        if site.address not in numbered and any(ANY_OTHER in each.calls for each in spoken):
            yield Known(site.address, site.function.address, None, spoken)


class _Held:
    """What is known of calls, and what was found out of order."""

    def __init__(self, revision: Revision, order: Order, known: Mapping[int, Known]) -> None:
        self.revision = revision
        self.order = order
        self.sites = order.sites
        self.known = known
        own = [party.name for party in revision.parties if party.program is order.which]
        self.anybody: Live = frozenset(own)
        self.judged = {site.address: site for site in order.judged}
        self._passed: dict[tuple[int, str, tuple[int, ...]], tuple[Value, ...]] = {}
        self.found: dict[tuple[int, int], OrderCheck] = {}
        self.root = 0

    def at_boot(self, start: int) -> tuple[Live, ...]:
        """Return who is live when a function runs that only the boot calls, nothing of others.

        All of a decompressor is such, and where it was not entered in HYP nobody is live.
        """
        boot = self.revision.boot
        named = self._name(start) in self.revision.at_boot
        if boot in self.anybody and self.order.which is Program.DECOMPRESSOR:
            return (frozenset({boot}), frozenset())
        return (frozenset({boot}),) if boot is not None and named else ()

    def answer(self, asked: Asked) -> Live:
        """Return who can be live behind a call, and note it where it is out of order."""
        known = self.known[asked.site]
        if known.contexts and not any(each.states for each in known.contexts):
            return asked.live  # nobody calls, says the contract
        numbered = () if known.identifier is None else self.revision.numbered(known.identifier)
        call = next((each.name for each in numbered), ANY_OTHER)
        stack = [self._name(address) for address in (*asked.calls, asked.site)]
        live = asked.live & self._served(known, call)
        moves = [
            move
            for move in self.revision.moves
            if move.source in live and self._makes(move, call, known)
        ]
        named = {move.source for move in moves if set(move.made_by) & set(stack)}
        mine = [m for m in moves if m.source not in named or set(m.made_by) & set(stack)]
        there = self._set_to(known, call, asked)
        why = self._out_of_order(asked.live, live, mine, stack)
        if not why and there and mine and not there & {m.to for m in mine}:
            why = f"it is not for {_listed(there)} to be made live by it"
        mine = [m for m in mine if not there or m.to in there]
        if why:
            self._note(asked, call, why, stack)
            return self.anybody
        moved = {move.source for move in mine if not self._may_fail(move)}
        return frozenset(move.to for move in mine) | (live - moved)

    def _set_to(self, known: Known, call: str, asked: Asked) -> Live:
        """Return whose vectors a call installs, nobody where its caller does not say it.

        Of a function that others call each of them is walked, and says it.
        """
        key = (known.site, call, asked.calls[-1:])
        if key not in self._passed:
            site = self.judged.get(known.site)
            told = site is not None and bool(asked.calls or not site.callers)
            found = passed_bases(self.revision, site, call, key[2]) if site and told else ()
            self._passed[key] = found
        passed = [_unmoved(value) for value in self._passed[key]]
        tables = self.order.tables
        parties = [{n for n, at in tables.items() if at == value} for value in passed]
        return frozenset().union(*parties) if parties and all(parties) else frozenset()

    def note_cut_short(self) -> None:
        """Note that not every way through the function was walked."""
        why = Undecided("it has more ways than are walked, so not every order of calls is seen")
        check = OrderCheck(self._name(self.root), self.root, ANY, tuple(sorted(self.anybody)), why)
        self.found.setdefault((self.root, self.root), check)

    def _name(self, address: int) -> str:
        symbol = self.sites.image.symbols.around(address)
        return symbol.name if symbol is not None else ""

    def _may_fail(self, move: Move) -> bool:
        """Tell whether the contract says what holds where the call answers an error."""
        row = self.revision.find(move.source, move.call)
        return row is not None and any(map(self._is_of_error, row.clauses))

    def _is_of_error(self, clause: Clause) -> bool:
        return clause.answered is not None and clause.answered.value == self.revision.error

    def _makes(self, move: Move, call: str, known: Known) -> bool:
        if call == ANY_OTHER and not any(known.identifier in c.identifiers for c in known.contexts):
            return move.call == ANY
        return move.call in (call, ANY)

    def _served(self, known: Known, call: str) -> Live:
        """Return the parties to which a call can be made."""
        said = frozenset(state for context in known.contexts for state in context.states)
        name = None if call == ANY_OTHER else call
        return said or frozenset(p for p in self.anybody if not self._refuses(p, name))

    def _refuses(self, party: str, call: str | None) -> bool:
        row = self.revision.find(party, call)
        if row is None or row.unspecified is not None:
            return False
        return not row.handed_to and row.service in (Service.REFUSED, Service.OTHER)

    def _out_of_order(
        self, before: Live, live: Live, moves: Sequence[Move], stack: Sequence[str]
    ) -> str:
        """Return why a call is out of order, empty where it is not."""
        if not live:
            return f"only {_listed(before)} can be live then"
        for move in moves:
            through = set(move.made_by) & set(stack[1:])
            if move.after and through and before != {move.source}:
                return f"{move.after} is not made before it on this way"
        return ""

    def _note(self, asked: Asked, call: str, why: str, stack: Sequence[str]) -> None:
        inner = asked.calls[-1] if asked.calls else asked.site
        at = f"{stack[-1]} at {asked.site:#x}" if stack[-1] else f"{asked.site:#x}"
        number = self.known[asked.site].identifier
        spelled = call
        if call == ANY_OTHER:
            spelled = "no call by its number" if number is None else f"identifier {number:#x}"
        through = "".join(f", called at {address:#x}" for address in reversed(asked.calls))
        said = Violated(f"{at}{through} asks for {spelled}: {why}")
        check = OrderCheck(self._name(self.root), self.root, call, tuple(sorted(asked.live)), said)
        self.found.setdefault((asked.site, inner), check)


def _unmoved(value: Value) -> int:
    """Return an address without the words of memory that move it from where it is linked."""
    return evaluate(value, {symbol.name: 0 for symbol in terms.symbols_of(value)})


def _listed(live: Live) -> str:
    return " or ".join(sorted(live)) or "nobody"
