"""The documents of today's interface, as `hypabi document` writes them."""

import subprocess
from collections.abc import Callable

from docs.generators import ROOT
from docs.generators.pinned import pinned

HYPABI = ROOT / ".venv" / "bin" / "hypabi"

NEWEST = ("7.2-arm64", "7.2-armmp")
"""The pinned kernels of which the pages speak."""

JUDGED = 4 | 8 | 16
"""Exit status of a document that was written: an image of it keeps not every promise."""


def document(*options: str, kernels: tuple[str, ...] = ()) -> Callable[[], str]:
    """Return what writes a document."""

    def text() -> str:
        images = [pinned(name)[1] for name in kernels]
        ran = subprocess.run(
            (HYPABI, "document", *options, *images), capture_output=True, text=True, check=False
        )
        if ran.returncode & ~JUDGED:
            raise SystemExit(f"docs/generate: {ran.stderr}")
        return ran.stdout

    return text


HYP_ABI = document()
HYP_ABI_7_2 = document("--kernel-version", "7.2", kernels=NEWEST)
HYPERCALLS = document("--hypercalls", kernels=NEWEST)
HEADER = document("--format", "header")
MAN = document("--format", "man")
