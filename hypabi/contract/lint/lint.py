"""What a loader cannot refuse and a reviewer wants to know of a contract."""

from collections.abc import Iterator
from itertools import combinations
from typing import assert_never

from hypabi.arch.names import Architecture
from hypabi.contract.clause import Ensures, Premise
from hypabi.contract.expression import (
    Capability,
    Comparison,
    Conjunction,
    Disjunction,
    Negation,
    Predicate,
    Relation,
)
from hypabi.contract.file.load import AnyContract
from hypabi.contract.lint.lint_remark import Remark
from hypabi.contract.lint.lint_stated import lint_stated
from hypabi.contract.located import located
from hypabi.contract.model import (
    Bounded,
    Call,
    Condition,
    Contract,
    FrameRule,
    Installer,
    Located,
    Permission,
    Promise,
    Scratch,
    Stated,
)
from hypabi.contract.resolve import revision_of
from hypabi.contract.revision import Revision
from hypabi.contract.stated.model import Spanned
from hypabi.contract.version import Version, in_force
from hypabi.decode.node import Node, Scalar, Sequence, Table
from hypabi.decode.place import Place
from hypabi.records import replace

_BACKED = Promise | Condition | Permission | Scratch | FrameRule | Call | Installer
"""What somebody may be held to, and so needs a sentence or a reason."""


def lint_contract(contract: AnyContract, node: Node) -> tuple[Remark, ...]:
    """Return what to look at in a contract that loads, by line.

    :param node: what the contract was read from, for the spelling of scalars
    """
    if not isinstance(contract, Contract):
        return _sorted({*_spelling(node), *lint_stated(contract)})
    remarks = {
        *_spelling(node),
        *_unsaid(contract),
        *_unbacked(contract),
        *_same_numbers(contract),
        *_unserved(contract),
        *_outside_of_its_call(contract),
        *_unused_owners(contract),
        *_of_revisions(contract),
    }
    return _sorted(remarks)


def lint_document(contract: AnyContract, text: str, version: Version | None) -> tuple[Remark, ...]:
    """Return the citations that a document does not hold, word for word but for line breaks.

    :param version: of the document; where given, only what is in force then must be in it
    """
    words = " ".join(text.split())
    remarks: set[Remark] = set()
    for thing in _in_force(contract, version):
        if isinstance(thing, Stated | Call | Installer):
            for key in ("cite", "against", "incomplete"):
                cited = getattr(thing, key)
                if cited is not None and " ".join(cited.split()) not in words:
                    what = f"the document has not the words {cited.strip()!r}"
                    remarks.add(Remark(thing.place.below(key), what))
    return _sorted(remarks)


def boundaries(contract: Contract) -> tuple[Version, ...]:
    """Return the versions at which something of a contract changes, oldest first."""
    found = {contract.since}
    for thing in located(contract):
        if isinstance(thing, Bounded | Call | Installer):
            found |= {each for each in (thing.since, thing.until) if each is not None}
    return tuple(sorted(each for each in found if in_force(each, contract.since, contract.until)))


def _sorted(remarks: set[Remark]) -> tuple[Remark, ...]:
    return tuple(sorted(remarks, key=lambda each: (each.place.line, each.place.key, each.what)))


def _in_force(contract: AnyContract, version: Version | None) -> Iterator[Located]:
    """Walk over what is in force, which nothing is that stands in something that is not."""
    if version is None:
        yield from located(contract)
        return
    if not isinstance(contract, Contract):
        yield from (each for each in located(contract) if _stated_then(each, version))
        return
    calls = {name: call for name, call in contract.calls.items() if _then(call, version)}
    parties = {name: each for name, each in contract.parties.items() if _then(each, version)}
    for thing in located(replace(contract, calls=calls, parties=parties)):
        if not isinstance(thing, Bounded | Installer) or _then(thing, version):
            yield thing


def _then(thing: Bounded | Call | Installer, version: Version) -> bool:
    return in_force(version, thing.since, thing.until)


def _stated_then(thing: Located, version: Version) -> bool:
    return not isinstance(thing, Spanned) or in_force(version, thing.since, thing.until)


def _spelling(node: Node) -> Iterator[Remark]:
    match node:
        case Scalar(surprising=True, value=value, place=place):
            yield Remark(place, f"another YAML reader takes {value} for something else; quote it")
        case Scalar(cut=True, place=place):
            yield Remark(place, "what stands behind # is a comment; quote the text if it is not")
        case Scalar():
            pass
        case Sequence(items=items):
            for each in items:
                yield from _spelling(each)
        case Table(items=items):
            for each in items.values():
                yield from _spelling(each)


def _unbacked(contract: Contract) -> Iterator[Remark]:
    for thing in located(contract):
        if isinstance(thing, _BACKED) and thing.cite is None and thing.because is None:
            yield Remark(thing.place, "no sentence is cited and no reason given")
        if isinstance(thing, _BACKED) and thing.against is not None and thing.because is None:
            yield Remark(thing.place, "stands against a sentence and gives no reason")
        if isinstance(thing, _BACKED) and thing.incomplete is not None and thing.because is None:
            yield Remark(thing.place, "calls a sentence incomplete and gives no reason")


def _unsaid(contract: Contract) -> Iterator[Remark]:
    for name, call in contract.calls.items():
        if call.summary is None:
            yield Remark(call.place.below("summary"), f"nothing says what {name} is for")


def _same_numbers(contract: Contract) -> Iterator[Remark]:
    for (one, first), (other, second) in combinations(contract.calls.items(), 2):
        if first.number is None and not _served_together(first, second):
            continue
        if first.number == second.number and _together(first, second):
            place = second.place.below("number")
            yield Remark(place, f"{other} has the number of {one} at the same version")


def _served_together(one: Call, other: Call) -> bool:
    """Tell whether some party serves both."""
    return any(
        set(one.served_by.on(each) or ()) & set(other.served_by.on(each) or ())
        for each in Architecture
    )


def _together(one: Call, other: Call) -> bool:
    if (
        None not in (one.architecture, other.architecture)
        and one.architecture != other.architecture
    ):
        return False
    starts_before_other_ends = other.until is None or one.since is None or one.since < other.until
    ends_after_other_starts = one.until is None or other.since is None or other.since < one.until
    return starts_before_other_ends and ends_after_other_starts


def _unserved(contract: Contract) -> Iterator[Remark]:
    for name, call in contract.calls.items():
        for architecture in contract.architectures:
            if call.architecture in (None, architecture) and not call.served_by.on(architecture):
                where = call.place.below("served-by")
                if call.because is None:
                    yield Remark(where, f"nobody serves {name} on {architecture.value}")


def _outside_of_its_call(contract: Contract) -> Iterator[Remark]:
    for call in contract.calls.values():
        conditions = (*call.requires.values(), *call.assumes.values())
        for part in (*call.promises.values(), *call.writes.values(), *conditions):
            early = part.until is not None and call.since is not None and part.until <= call.since
            late = part.since is not None and call.until is not None and call.until <= part.since
            if early or late:
                yield Remark(part.place, "is never in force while its call is")


def _unused_owners(contract: Contract) -> Iterator[Remark]:
    used = {
        owner
        for party in contract.parties.values()
        for owner in (party.owner.arm, party.owner.arm64)
    }
    for name, owner in contract.owners.items():
        if name not in used:
            yield Remark(owner.place, f"{name} owns nothing")


def _of_revisions(contract: Contract) -> Iterator[Remark]:
    for version in boundaries(contract):
        for architecture in contract.architectures:
            yield from _of_revision(revision_of(contract, version, architecture))


def _of_revision(revision: Revision) -> Iterator[Remark]:
    where = f"at {revision.version} on {revision.architecture.value}"
    live = {party.name for party in revision.parties}
    if revision.boot is not None and revision.boot not in live:
        place = Place("", 0, "life-cycle.boot")
        yield Remark(place, f"{revision.boot} is not there {where}")
    for row in revision.rows:
        for premise in (*row.assumes, *row.requires):
            yield from _premise(premise)
        for clause in row.clauses:
            if isinstance(clause.statement, Ensures) and _never_false(clause.statement.holds):
                yield Remark(clause.place, "compares a thing with itself and promises nothing")
            if clause.when is not None and _never_true(clause.when):
                yield Remark(clause.place, "its condition cannot hold: the promise is vacuous")


def _premise(premise: Premise) -> Iterator[Remark]:
    if _never_true(premise.holds):
        yield Remark(premise.place, "cannot hold: everything under it is vacuous")
    if _never_false(premise.holds):
        yield Remark(premise.place, "holds always and demands nothing")


def _never_false(predicate: Predicate) -> bool:
    match predicate:
        case Comparison(Relation.EQUAL | Relation.AT_MOST, left, right):
            return left == right
        case Conjunction(parts):
            return all(_never_false(part) for part in parts)
        case Disjunction(parts):
            return any(_never_false(part) for part in parts)
        case Negation(of):
            return _never_true(of)
        case Comparison() | Capability():
            return False
        case _:
            assert_never(predicate)


def _never_true(predicate: Predicate) -> bool:
    match predicate:
        case Comparison(Relation.DIFFERENT | Relation.BELOW, left, right):
            return left == right
        case Conjunction(parts):
            return any(_never_true(part) for part in parts)
        case Disjunction(parts):
            return all(_never_true(part) for part in parts)
        case Negation(of):
            return _never_false(of)
        case Comparison() | Capability():
            return False
        case _:
            assert_never(predicate)
