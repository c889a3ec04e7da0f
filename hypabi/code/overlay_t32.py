"""The T32 overlay (to come in full): words that SLEIGH cannot decode, or decodes wrongly."""

from hypabi.code.instruction import Op


def decode(instruction: int, address: int) -> tuple[Op, ...] | str | None:
    """Refuse every word until the overlay is written."""
    return f"T32 is not lifted yet ({instruction:#x} at {address:#x})"
