"""Whether the argument registers of a call are set, and hold what can be meant.

A register that nobody sets on the way to the ``hvc`` holds what it happens to hold.  An address
that becomes the vector base is that of a vector table: not one on the stack, nor 0, nor one at
which the image has something else, nor what a system register says of the CPU.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from hypabi.callsites.composition import composed
from hypabi.callsites.identifier_values import uninitialised
from hypabi.callsites.model import CallPath, CallSite, Origin, Source
from hypabi.contract.clause import Ensures
from hypabi.contract.expression import Comparison, Moment, Read, Relation
from hypabi.contract.revision import Revision, Row
from hypabi.judgement.callers.findings import CallerVerdict, Satisfied, Undecided, Violated
from hypabi.judgement.verification.lowering import Surroundings
from hypabi.smt import terms
from hypabi.smt.evaluate import evaluate
from hypabi.smt.solver import Solver, Unsatisfiable
from hypabi.smt.terms import Value

VECTOR_BASES: Final = frozenset({"VBAR_EL2", "HVBAR"})
PHYSICAL_BITS: Final = 56
"""Bits of a physical address, with FEAT_D128 (DDI 0487, D8.1.7)."""
NOBODYS: Final = frozenset({"x18", "x29", "x30", "lr"})
"""Callee-saved registers in which no function's caller keeps a value of its own."""
FIRST_RESULT: Final = "x0"
"""AAPCS64 6.9: x1 holds a result only of what has two words, and nobody passes half of such."""


def arguments_of(revision: Revision, row: Row) -> tuple[tuple[str, str], ...]:
    """Return name and register of each argument of a row's call."""
    return next((call.arguments for call in revision.calls if call.name == row.call), ())


def sensible(
    way: CallPath, row: Row, arguments: Iterable[tuple[str, str]], around: Surroundings
) -> CallerVerdict:
    """Say whether the arguments that a way brings are set, and can be what they are for.

    :param around: knows the vector tables, and what the image holds
    """
    based = frozenset(_vector_bases(row))
    registers = []
    for name, register in arguments:
        registers.append(register)
        why = unset(register, way)
        if why is not None:
            return Violated(f"{name}: {register} is uninitialised: {why}")
        why = _no_table(way, register, around) if register in based else None
        if why is not None:
            return Violated(f"{name}: {register} is {why}")
        whose = _kept_for_another(register, way)
        if whose is not None:
            return Undecided(f"{name}: {register} is what the function's caller keeps in {whose}")
    return Satisfied(", ".join(registers))


def _kept_for_another(register: str, way: CallPath) -> str | None:
    """Return which callee-saved register of the function's caller stands in one."""
    source = way.source(register)
    if source is None or source.origin is not Origin.KEPT or source.register in NOBODYS:
        return None
    return source.register


def unset(register: str, way: CallPath) -> str | None:
    """Return why nobody puts a value into a register, ``None`` where somebody may."""
    source = way.source(register)
    if source is not None and source.origin is Origin.RESULT and _is_second(source):
        return f"it is what the call at {source.address:#x} leaves in {source.register}"
    return uninitialised(register, way)


def _is_second(source: Source) -> bool:
    return source.register.startswith("x") and source.register != FIRST_RESULT


def _vector_bases(row: Row) -> Iterator[str]:
    """Yield the registers at entry that a row promises to make the vector base."""
    for clause in row.clauses:
        match clause.statement:
            case Ensures(
                holds=Comparison(
                    Relation.EQUAL,
                    Read(register=base, moment=Moment.EXIT),
                    Read(register=register, moment=Moment.ENTRY),
                )
            ) if base in VECTOR_BASES:
                yield register
            case _:
                pass


def passed_bases(
    revision: Revision, site: CallSite, call: str, calls: Sequence[int]
) -> tuple[Value, ...]:
    """Return what a call is asked to make the vector base by calls of the function around it.

    :param calls: addresses of those calls; every direct one where there are none
    """
    rows = [row for row in revision.rows if row.call == call]
    bases = sorted({base for row in rows for base in _vector_bases(row)})
    outer = [c for c in site.callers if not calls or c.address in calls]
    whole = (composed(way, each) for way in site.paths for c in outer for each in c.paths)
    passed = [way.request.registers for way in whole if way is not None]
    return tuple(each[base] for each in passed for base in bases if base in each)


def physical(
    registers: Sequence[str], site: CallSite, way: CallPath, around: Surroundings, solver: Solver
) -> CallerVerdict:
    """Say whether registers can hold the physical address of something.

    What the callers of the function around a site pass is looked at with it.
    """
    ways = [composed(way, outer) for caller in site.callers for outer in caller.paths]
    for each in [way, *(one for one in ways if one is not None)]:
        for register in registers:
            why = _no_place(each, register, around, solver)
            if why is not None:
                return Violated(f"{register} is {why}")
    return Satisfied(", ".join(registers))


def _no_place(way: CallPath, register: str, around: Surroundings, solver: Solver) -> str | None:
    """Return what a register holds, where nothing lies at that physical address."""
    value = way.request.registers[register]
    symbols = sorted(terms.symbols_of(value), key=lambda symbol: symbol.name)
    if any(symbol.name.startswith("SP_") for symbol in symbols):
        return "an address on the stack"
    constant = evaluate(value, {symbol.name: 0 for symbol in symbols})
    if not symbols and constant == 0:
        return "0"
    is_linked = constant in around.tables.values() or around.within(constant)
    if is_linked and all(_is_register_of(symbol.name, way) for symbol in symbols):
        return f"at {constant:#x} of the image as it is linked, and not where that lies"
    bits = PHYSICAL_BITS if register.startswith("x") else 32
    width = 64 if register.startswith("x") else 32
    if bits < width and symbols:
        low = terms.eq(terms.extract(value, bits, width - bits, width), 0, width - bits)
        guard = (condition.term for condition in way.request.guard)
        if isinstance(solver.feasibility(*guard, low), Unsatisfiable):
            return f"an address of more than {bits} bits"
    return None


def _is_register_of(name: str, way: CallPath) -> bool:
    """Tell whether a symbol stands for a system register, of which memory is no part."""
    source = way.sources.get(name)
    return source is not None and _is_system_register(source)


def _no_table(way: CallPath, register: str, around: Surroundings) -> str | None:
    """Return what a register holds, where that can be no vector table's address."""
    value = way.request.registers[register]
    if isinstance(value, int):
        elsewhere = value not in around.tables.values() and (not value or around.within(value))
        return f"{value:#x}, and no vector table is there" if elsewhere else None
    names = sorted(symbol.name for symbol in terms.symbols_of(value))
    if any(name.startswith("SP_") for name in names):
        return "an address on the stack"
    sources = [way.sources[name] for name in names if name in way.sources]
    if len(sources) == len(names) and all(map(_is_system_register, sources)):
        return f"made of {' and '.join(names)} alone"
    return None


def _is_system_register(source: Source) -> bool:
    return source.origin is Origin.UNMODELLED and not source.register
