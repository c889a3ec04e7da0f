"""``hypabi document --drift`` in this process, as its result."""

from pathlib import Path

import hypabi


def held(
    document: Path, contract: Path | str, *images: Path, kernel_version: str | None = None
) -> hypabi.DriftResult:
    return hypabi.drift(document, *images, contract=str(contract), kernel_version=kernel_version)
