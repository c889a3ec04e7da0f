"""Plain values that JSON can write, and those that several reports share."""

from collections.abc import Mapping, Sequence
from typing import TypeAlias

from hypabi.analysis.results.replay import Attempt
from hypabi.analysis.results.vector_table import Table
from hypabi.image.model import Image, Loaded

Plain: TypeAlias = "bool | int | str | Sequence[Plain] | Mapping[str, Plain] | None"


def in_json(document: Mapping[str, Plain]) -> str:
    """Return a report as JSON, keys sorted, ending in a newline."""
    import json  # noqa: PLC0415 - what is printed as text does without

    return json.dumps(document, indent=2, sort_keys=True) + "\n"


def table_in_full(table: Table) -> dict[str, Plain]:
    """Return where a vector table is and how it was found."""
    return {
        "address": f"{table.address:#x}",
        "how": table.how,
        "kind": table.kind,
        "program": table.role.value,
        "symbol": table.name or None,
    }


def attempt_in_full(made: Attempt) -> dict[str, Plain]:
    """Return an attempt as plain values."""
    return {
        "verdict": made.verdict,
        "machine": made.machine,
        "reason": made.reason,
        "differences": [
            {"what": what, "predicted": predicted, "observed": observed}
            for what, predicted, observed in made.differences
        ],
        "needed": {name: f"{value:#x}" for name, value in made.needed.items()},
        "witness": made.file,
    }


def image_in_full(loaded: Loaded) -> dict[str, Plain]:
    """Return a file and the programs in it."""
    kernel = loaded.images[-1]
    return {
        "path": loaded.path,
        "sha256": loaded.sha256,
        "formats": list(loaded.formats),
        "architecture": kernel.architecture.value,
        "byte_order": kernel.byte_order.value,
        "version": kernel.version or None,
        "programs": [_program(image) for image in loaded.images],
    }


def _program(image: Image) -> dict[str, Plain]:
    return {
        "role": image.role.value,
        "sha256": image.sha256,
        "entry": f"{image.entry:#x}",
        "base": image.base,
    }
