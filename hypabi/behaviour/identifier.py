"""The number of a call as a term over the entry of its provider."""

from collections.abc import Mapping

from hypabi.arch.identifiers import IMMEDIATE, identifier_bits, whole_register
from hypabi.smt import terms
from hypabi.smt.terms import Term, Value


def identifier_term(name: str, bits: int) -> Value:
    """Return the number that an entry asks for, as wide as a general register.

    :param name: where it stands: ``x8``, ``w8`` or ``immediate``
    :param bits: of a general register
    """
    width = identifier_bits(name, bits)
    if width == bits:
        return terms.symbol(name, bits)
    return terms.concat(0, _narrow(name, width, bits), bits - width, width)


def with_number(name: str, number: int, bits: int) -> Mapping[Term, Value]:
    """Return what stands for the unknowns of an entry that asks for a number."""
    width = identifier_bits(name, bits)
    number %= 1 << width
    if name == IMMEDIATE:
        return {terms.symbol(IMMEDIATE, width): number}
    register = terms.symbol(whole_register(name), bits)
    if width == bits:
        return {register: number}
    above = terms.extract(register, width, bits - width, bits)
    return {register: terms.concat(above, number, bits - width, width)}


def _narrow(name: str, width: int, bits: int) -> Value:
    if name == IMMEDIATE:
        return terms.symbol(IMMEDIATE, width)
    return terms.extract(terms.symbol(whole_register(name), bits), 0, width, bits)
