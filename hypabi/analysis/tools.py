"""The packages whose answers a verdict rests on."""

from typing import Final

TOOLS: Final = ("pypcode", "bitwuzla")
"""Packages whose answers a verdict rests on, besides our own."""
