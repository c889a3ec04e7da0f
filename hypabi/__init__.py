"""Read a kernel image, derive what each hypercall does at EL2, hold it against a written contract.

The public interface: what ``__all__`` names, and nothing else.  ``docs/guides/use-from-python.md``
shows it at work; ``docs/architecture.md`` shows the packages below.  Each name is imported when it
is first used, so that importing ``hypabi`` costs nothing.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Final

from hypabi.home import VERSION

if TYPE_CHECKING:
    from hypabi.analysis.results.callers import CallersResult
    from hypabi.analysis.results.check import CheckResult
    from hypabi.analysis.results.derivation import DeriveResult
    from hypabi.analysis.results.difference import DiffResult
    from hypabi.analysis.results.drift import DriftResult
    from hypabi.analysis.results.matrix import MatrixResult
    from hypabi.analysis.results.plain import plain as to_plain
    from hypabi.analysis.results.replay import ReplayResult
    from hypabi.analysis.results.review import ReviewResult
    from hypabi.analysis.session import open_image
    from hypabi.api import (
        callers,
        check,
        derive,
        diff,
        document,
        drift,
        matrix,
        new_contract,
        replay,
        review,
        trace,
    )
    from hypabi.documents.request import Document
    from hypabi.errors import HypabiError
    from hypabi.store.records import HistoryResult, SweepResult
    from hypabi.sweeping.interface import history, sweep
    from hypabi.tracing.result import TraceResult


__version__ = VERSION

__all__ = [
    "CallersResult",
    "CheckResult",
    "DeriveResult",
    "DiffResult",
    "Document",
    "DriftResult",
    "HistoryResult",
    "HypabiError",
    "MatrixResult",
    "ReplayResult",
    "ReviewResult",
    "SweepResult",
    "TraceResult",
    "__version__",
    "callers",
    "check",
    "derive",
    "diff",
    "document",
    "drift",
    "history",
    "matrix",
    "new_contract",
    "open_image",
    "replay",
    "review",
    "sweep",
    "to_plain",
    "trace",
]

_HOMES: Final = {
    "CallersResult": "hypabi.analysis.results.callers",
    "CheckResult": "hypabi.analysis.results.check",
    "DeriveResult": "hypabi.analysis.results.derivation",
    "DiffResult": "hypabi.analysis.results.difference",
    "Document": "hypabi.documents.request",
    "DriftResult": "hypabi.analysis.results.drift",
    "HistoryResult": "hypabi.store.records",
    "HypabiError": "hypabi.errors",
    "MatrixResult": "hypabi.analysis.results.matrix",
    "ReplayResult": "hypabi.analysis.results.replay",
    "ReviewResult": "hypabi.analysis.results.review",
    "SweepResult": "hypabi.store.records",
    "TraceResult": "hypabi.tracing.result",
    "callers": "hypabi.api",
    "check": "hypabi.api",
    "derive": "hypabi.api",
    "diff": "hypabi.api",
    "document": "hypabi.api",
    "drift": "hypabi.api",
    "history": "hypabi.sweeping.interface",
    "matrix": "hypabi.api",
    "new_contract": "hypabi.api",
    "open_image": "hypabi.analysis.session",
    "replay": "hypabi.api",
    "review": "hypabi.api",
    "sweep": "hypabi.sweeping.interface",
    "to_plain": "hypabi.analysis.results.plain:plain",
    "trace": "hypabi.api",
}
"""Where each public name is defined; behind a colon its name there, where that is another."""


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    module, _, there = _HOMES[name].partition(":")
    return getattr(import_module(module), there or name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
