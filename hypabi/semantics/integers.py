"""The domain of concrete values: fixed-size bit-vectors as Python integers.

Values are reduced modulo ``2**width`` and stay so.  Division by zero has SMT-LIB's answer, which is
what :mod:`hypabi.semantics` asks of every domain; Arm's own answer (zero) is in the instruction.
"""


class Integers:
    """:class:`~hypabi.semantics.domain.Domain` over integers: the operations of SMT-LIB."""

    __slots__ = ()

    def add(self, a: int, b: int, width: int) -> int:
        return a + b & (1 << width) - 1

    def sub(self, a: int, b: int, width: int) -> int:
        return a - b & (1 << width) - 1

    def mul(self, a: int, b: int, width: int) -> int:
        return a * b & (1 << width) - 1

    def udiv(self, a: int, b: int, width: int) -> int:
        return a // b if b else (1 << width) - 1

    def urem(self, a: int, b: int, width: int) -> int:
        return a % b if b else a

    def sdiv(self, a: int, b: int, width: int) -> int:
        left, right = signed(a, width), signed(b, width)
        if right == 0:
            return 1 if left < 0 else (1 << width) - 1
        quotient = abs(left) // abs(right)
        return (quotient if (left < 0) == (right < 0) else -quotient) & (1 << width) - 1

    def srem(self, a: int, b: int, width: int) -> int:
        left, right = signed(a, width), signed(b, width)
        if right == 0:
            return a
        rest = abs(left) % abs(right)
        return (-rest if left < 0 else rest) & (1 << width) - 1

    def and_(self, a: int, b: int, width: int) -> int:
        return a & b

    def or_(self, a: int, b: int, width: int) -> int:
        return a | b

    def xor(self, a: int, b: int, width: int) -> int:
        return a ^ b

    def shl(self, a: int, b: int, width: int) -> int:
        return a << b & (1 << width) - 1 if b < width else 0

    def lshr(self, a: int, b: int, width: int) -> int:
        return a >> b if b < width else 0

    def ashr(self, a: int, b: int, width: int) -> int:
        return signed(a, width) >> min(b, width) & (1 << width) - 1

    def eq(self, a: int, b: int, width: int) -> int:
        return int(a == b)

    def ult(self, a: int, b: int, width: int) -> int:
        return int(a < b)

    def ule(self, a: int, b: int, width: int) -> int:
        return int(a <= b)

    def slt(self, a: int, b: int, width: int) -> int:
        return int(signed(a, width) < signed(b, width))

    def sle(self, a: int, b: int, width: int) -> int:
        return int(signed(a, width) <= signed(b, width))

    def not_(self, a: int, width: int) -> int:
        return ~a & (1 << width) - 1

    def neg(self, a: int, width: int) -> int:
        return -a & (1 << width) - 1

    def popcount(self, a: int, width: int, to: int) -> int:
        return a.bit_count()

    def clz(self, a: int, width: int, to: int) -> int:
        return width - a.bit_length()

    def ite(self, condition: int, a: int, b: int, width: int) -> int:
        return a if condition else b

    def extract(self, a: int, low: int, size: int, width: int) -> int:
        return a >> low & (1 << size) - 1

    def concat(self, high: int, low: int, high_width: int, low_width: int) -> int:
        return high << low_width | low

    def zext(self, a: int, width: int, to: int) -> int:
        return a

    def sext(self, a: int, width: int, to: int) -> int:
        return signed(a, width) & (1 << to) - 1

    def land(self, *values: int) -> int:
        return int(all(values))

    def lor(self, *values: int) -> int:
        return int(any(values))

    def lnot(self, value: int) -> int:
        return value ^ 1


def signed(value: int, width: int) -> int:
    """Return a bit-vector of ``width`` bits as a number in two's complement."""
    return value - (1 << width) if value >> width - 1 else value
