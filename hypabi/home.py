"""Which release this is, and where the data lies that is shipped with it."""

from pathlib import Path
from typing import Final

VERSION: Final = "0.2.0"

CONTRACTS: Final = Path(__file__).parent / "contracts"
"""The written interfaces, as YAML."""
REFERENCES: Final = Path(__file__).parent / "reference"
"""The reference hypervisors, built, and their index."""
