"""From a file to one side of a comparison: an image, or the saved form of one."""

from collections.abc import Mapping
from pathlib import Path

from hypabi.behaviour.case import Behaviour, guard_terms
from hypabi.behaviour.saved.reader import is_saved, read_saved
from hypabi.behaviour.saved.symbolic_names import table_symbol
from hypabi.behaviour.saved.writer import Saved
from hypabi.contract.model import Contract
from hypabi.contract.registers import registers_of
from hypabi.contract.resolve import revision_of
from hypabi.contract.revision import Revision
from hypabi.contract.version import Version, in_force
from hypabi.errors import HypabiError
from hypabi.judgement.difference.side import Side
from hypabi.judgement.verification.lowering import Surroundings
from hypabi.judgement.verification.observables import map_observables
from hypabi.records import frozen
from hypabi.smt import terms
from hypabi.smt.terms import Term, Value
from hypabi.unknowns import is_of_one_build, marked


@frozen
class Opened:
    """One file: its saved form, what it is held to, and as what it is compared."""

    path: str
    saved: Saved
    contract: Contract
    revision: Revision


def opened(path: str, contract: str | None, version: Version | None) -> Opened:
    """Open an image or a saved form.

    :param contract: the one that was asked for; where ``None``, the saved form's own, or the
        shipped one that speaks of the image
    :raises HypabiError: it is neither, or the contract does not speak of it
    """
    from hypabi.analysis.options import contract_of, named_contract

    if is_saved(Path(path)):
        saved = read_saved(Path(path))
        held = contract_of(contract) if contract else _contract_of(path, saved)
    else:
        from hypabi.analysis.saved_form import save_image
        from hypabi.analysis.session import open_image

        session = open_image(path)
        held = named_contract(contract) or session.contract(version)
        saved = save_image(session.examine(held, version))
    at = version or Version.parse(saved.contract_version)
    if at is None:
        raise HypabiError(path, f"{saved.contract_version!r} is no kernel version")
    _check_widths(path, saved)
    return Opened(path, saved, held, revision_of(held, at, saved.architecture))


def _contract_of(path: str, saved: Saved) -> Contract:
    """Return the shipped contract that a saved form names; no file is opened by its word."""
    from hypabi.contract.file.load import shipped_contract, shipped_contracts

    if saved.contract not in shipped_contracts():
        what = f"it was saved under the contract {saved.contract[:60]!r}, which is not shipped"
        raise HypabiError(path, what, "name it with --contract, --old-contract or --new-contract")
    return shipped_contract(saved.contract)


def _check_widths(path: str, saved: Saved) -> None:
    """Refuse a register of another width than the architecture's."""
    registers = registers_of(saved.architecture)
    for party in saved.parties:
        symbols = terms.symbols_of(*_all_values(party.behaviour))
        widths = {**party.behaviour.widths, **{each.name: each.width for each in symbols}}
        for name, width in widths.items():
            known = registers.width(name)
            if known is not None and known != width:
                raise HypabiError(path, f"{name} has {known} bits and not {width}")


def _all_values(behaviour: Behaviour) -> list[Value]:
    found: list[Value] = [*behaviour.at_entry.values(), *behaviour.holds]
    for case in behaviour.cases:
        found += guard_terms(case)
        found += case.registers.values()
        for store in case.stores:
            found += [store.value, 0 if store.base is None else store.base]
        for effect in case.effects:
            found += effect.operands
        for name in ("target", "status"):
            value = getattr(case.outcome, name, None)
            if value is not None:
                found.append(value)
    return found


def sides(old: Opened, new: Opened) -> tuple[Side, Side]:
    """Return both as they are compared.

    :raises HypabiError: they are of different architectures, or one name has two widths in them
    """
    if old.saved.architecture is not new.saved.architecture:
        what = f"it is {new.saved.architecture.value}, the other {old.saved.architecture.value}"
        raise HypabiError(new.path, what, "compare images of one architecture")
    one_program = old.saved.sha256 == new.saved.sha256
    one = _side(old, None if one_program else "old")
    another = _side(new, None if one_program else "new")
    _check_shared(new.path, one, another)
    return one, another


def _check_shared(path: str, one: Side, another: Side) -> None:
    widths: dict[str, int] = {}
    for side in (one, another):
        for behaviour in side.behaviours.values():
            named = [(s.name, s.width) for s in terms.symbols_of(*_all_values(behaviour))]
            for name, width in (*named, *behaviour.widths.items()):
                if widths.setdefault(name, width) != width:
                    raise HypabiError(
                        path, f"{name} has {width} bits, and {widths[name]} elsewhere"
                    )


def _side(opened_: Opened, name: str | None) -> Side:
    saved = opened_.saved
    bits = saved.architecture.bits
    made: dict[int, Behaviour] = {}
    for party in saved.parties:
        made.setdefault(id(party.behaviour), _prepared(party.behaviour, name))
    known, lacks = frozenset(saved.known), frozenset(saved.lacks)
    surroundings = Surroundings(
        {party: table_symbol(name, bits) for party, name in saved.tables.items()},
        lambda name: 0 if name in known else None,
        lambda name: name in lacks,
        called=lambda name, _: name,
        by_name=lambda name: table_symbol(name, bits),
    )
    revision = opened_.revision
    behaviours = {
        party.name: made[id(party.behaviour)]
        for party in saved.parties
        if revision.party(party.name) is not None
    }
    users = {
        name: user.calls
        for name, user in opened_.contract.users.items()
        if user.architecture in (None, saved.architecture)
        and in_force(revision.version, user.since, user.until)
    }
    return Side(revision, behaviours, surroundings, saved.sha256, users)


def _prepared(behaviour: Behaviour, side: str | None) -> Behaviour:
    """Return a behaviour in which what is of its build alone is named so, and what holds is in."""
    replacements: dict[Term, Value] = dict(_settled(behaviour.holds))
    if side is not None:
        for symbol in terms.symbols_of(*_all_values(behaviour)):
            if is_of_one_build(symbol.name):
                replacements[symbol] = terms.symbol(marked(symbol.name, side), symbol.width)
    return map_observables(behaviour, replacements)


def _settled(holds: tuple[Value, ...]) -> Mapping[Term, Value]:
    """Return the registers of which bits are known at entry, with those bits in them.

    Which instruction set and byte order HYP has (HSCTLR.TE, HSCTLR.EE) is each image's own.
    """
    found: dict[Term, Value] = {}
    for condition in holds:
        bit, value = condition, 1
        if isinstance(bit, Term) and bit.op == "not":
            bit, value = bit.args[0], 0
        if not isinstance(bit, Term) or bit.op != "extract" or bit.width != 1:
            continue
        of = bit.args[0]
        if isinstance(of, Term) and of.op == "symbol":
            mask = 1 << bit.low
            cleared = terms.and_(found.get(of, of), ~mask & (1 << of.width) - 1, of.width)
            found[of] = terms.or_(cleared, value << bit.low, of.width)
    return found
