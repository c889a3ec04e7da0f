"""The same input gives the same bytes, whatever the hash seed and whatever was built before."""

import os
import subprocess
import sys

PROGRAM = """
import sys
from hypabi.smt import terms
from hypabi.smt.bitwuzla import BitwuzlaSolver
from hypabi.smt.smtlib import query
from tests.smt.expressions import expressions

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
