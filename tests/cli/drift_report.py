"""``hypabi document --drift`` in this process, as its result."""

from argparse import Namespace
from pathlib import Path

from hypabi.analysis.results.drift import DriftResult
from hypabi.cli import drift


def arguments(
    document: Path, contract: "Path | str", *images: Path, **more: str | None
) -> Namespace:
    given = {"kernel_version": None, "format": "text", "output": None, "architecture": None}
    return Namespace(
        drift=str(document),
        contract=str(contract),
        images=[str(image) for image in images],
        **{**given, **more},
    )


def held(document: Path, contract: "Path | str", *images: Path, **more: str | None) -> DriftResult:
    return drift.held(arguments(document, contract, *images, **more), ("hypabi",))
