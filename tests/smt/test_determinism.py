"""The same input gives the same bytes, whatever the hash seed and whatever was built before."""

import os
import subprocess
import sys

from hypabi.smt import terms
from hypabi.smt.term import Value

PROGRAM = """
import sys
from hypabi.smt import terms
from hypabi.smt.bitwuzla import BitwuzlaSolver
from hypabi.smt.smtlib import query
from tests.smt.test_determinism import expressions

noise = [terms.symbol(f"r{i}", 64) for i in range(int(sys.argv[1]))]
values = expressions()
for value in values:
    print(terms.text(value, 64))
    print(terms.text(terms.simplify_under(value, frozenset(_conditions := [
        terms.eq(terms.symbol("r3", 64), 5, 64), terms.ult(terms.symbol("r4", 64), 9, 64)
    ])), 64))
conditions = [terms.ult(value, 1 << 60, 64) for value in values]
print(query(conditions))
print(sorted(s.name for s in terms.symbols_of(*values)))
print(BitwuzlaSolver().check(*conditions[:4]))
"""


def expressions() -> list[Value]:
    """Build expressions whose operands have no order of their own."""
    names = [f"r{i}" for i in range(8)]
    values: list[Value] = []
    for i in range(24):
        a, b, c = (terms.symbol(names[(i * k) % 8], 64) for k in (1, 3, 5))
        build = (terms.add, terms.mul, terms.xor, terms.and_, terms.or_)[i % 5]
        other = (terms.xor, terms.or_, terms.add)[i % 3]
        value = build(other(a, b, 64), terms.mul(b, c, 64), 64)
        condition = terms.lor(terms.eq(a, b, 64), terms.eq(c, value, 64), terms.ult(b, a, 64))
        values.append(terms.ite(condition, value, values[-1] if values else 3, 64))
    return values


def _run(seed: str, noise: str) -> str:
    environment = {**os.environ, "PYTHONHASHSEED": seed}
    ran = subprocess.run(
        [sys.executable, "-c", PROGRAM, noise],
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr
    return ran.stdout


def test_same_bytes_under_two_hash_seeds_and_two_histories() -> None:
    first = _run("1", "0")
    assert "r0" in first and "(check-sat)" in first and "Satisfiable" in first
    assert _run("2", "0") == first
    assert _run("77", "8") == first
