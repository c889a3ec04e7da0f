"""``hypabi document --drift`` in this process, and its published schema."""

import json
from argparse import Namespace
from pathlib import Path

from hypabi.analysis.results.drift import DriftReport
from hypabi.cli import drift
from tests.inputs import ROOT

SCHEMA = json.loads((ROOT / "hypabi/report/drift.schema.json").read_text(encoding="utf-8"))


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


def held(document: Path, contract: "Path | str", *images: Path, **more: str | None) -> DriftReport:
    return drift.held(arguments(document, contract, *images, **more), ("hypabi",))
