"""The real kernels that pages and pictures are made from."""

from pathlib import Path

from kernels import cache
from kernels.pins import Pin, read_pins


def pinned(name: str) -> tuple[Pin, Path]:
    """Return a pinned kernel and its ``vmlinuz``.

    :param name: in kernels/pins.toml
    :raises SystemExit: the cache does not hold it
    """
    pin = read_pins()[name]
    image = cache.image_path(pin)
    if not image.is_file():
        raise SystemExit(f"docs/generate: {name} is not in the cache: kernels/fetch {name}")
    return pin, image
