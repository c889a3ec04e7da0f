"""Values of registers and memory, as results spell them: terms, and constants in hexadecimal."""

import re
from typing import Final

_CONSTANT: Final = re.compile(r"0x[0-9a-f]+")


def constant_in(value: str) -> int | None:
    """Return the number that a value is, or ``None`` for a term."""
    return int(value, 16) if _CONSTANT.fullmatch(value) else None
