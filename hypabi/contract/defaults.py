"""The contract that is taken where none is named."""

from typing import Final

DEFAULT_CONTRACT: Final = "linux-hyp-abi"
