"""A store as a report for kcidb, the database of the kernel's CI (schema 5).

A kernel is a checkout and a build, everything that was judged in it a test: proved is PASS, a
broken promise FAIL, undecided ERROR (it is never passed), what could not be tested SKIP.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from hypabi.analysis.results.conclusion import Weight
from hypabi.store.database import Store
from hypabi.store.records import Item, Kernel

ORIGIN: Final = "hypabi"
VERSION: Final = {"major": 5, "minor": 0}
STATUS: Final[Mapping[str, str]] = {
    Weight.GOOD.value: "PASS",
    Weight.REFUTED.value: "FAIL",
    Weight.CHANGE.value: "FAIL",
    Weight.UNDECIDED.value: "ERROR",
    Weight.DEFECT.value: "ERROR",
}
SKIPPED: Final = frozenset({"vacuous", "suppressed", "unspecified", "absent", "untold"})
"""Words of what was not tested, or is lived with."""


def kcidb_of(store: Store) -> Mapping[str, Any]:
    """Return the report of everything that a store holds."""
    kernels = store.kernels()
    return {
        "version": VERSION,
        "checkouts": [_checkout(each) for each in kernels],
        "builds": [_build(each) for each in kernels],
        "tests": [test for each in kernels for test in _tests(each, store.items(each.sha256))],
    }


def _checkout(kernel: Kernel) -> Mapping[str, Any]:
    return {
        "id": f"{ORIGIN}:{kernel.sha256}",
        "origin": ORIGIN,
        "comment": kernel.banner or kernel.release,
    }


def _build(kernel: Kernel) -> Mapping[str, Any]:
    return {
        "id": f"{ORIGIN}:{kernel.sha256}",
        "checkout_id": f"{ORIGIN}:{kernel.sha256}",
        "origin": ORIGIN,
        "architecture": kernel.architecture,
        "config_name": kernel.flavour,
        "comment": kernel.version,
        "misc": {"sha256": kernel.sha256},
    }


def _tests(kernel: Kernel, items: tuple[Item, ...]) -> Iterator[Mapping[str, Any]]:
    for number, item in enumerate(items):
        parts = (ORIGIN, item.unit, item.party, item.call, item.name)
        test: dict[str, Any] = {
            "id": f"{ORIGIN}:{kernel.sha256}:{number}",
            "build_id": f"{ORIGIN}:{kernel.sha256}",
            "origin": ORIGIN,
            "path": ".".join(re.sub(r"[^A-Za-z0-9_-]+", "_", part) for part in parts if part),
            "status": "SKIP" if item.word in SKIPPED else STATUS[item.weight],
            "misc": {"word": item.word, "rule": item.rule},
        }
        if item.text:
            test["comment"] = item.text
        yield test
