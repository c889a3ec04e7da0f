"""Colours that can be told from their ground, in the light and in the dark."""

import re

import pytest

from hypabi.report.html.style import STYLE

LEAST = 4.5
"""WCAG 2.2, 1.4.3: contrast of text, level AA."""
LIGHT, DARK = (
    dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6});", part))
    for part in STYLE.split("@media (prefers-color-scheme: dark)")
)
PAIRS = [("text", "back"), ("soft", "back"), ("text", "box")] + [
    (name, f"{name}-back") for name in ("good", "bad", "open", "none", "new")
]


def luminance(colour: str) -> float:
    """WCAG 2.2, relative luminance."""
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@pytest.mark.parametrize("scheme", [LIGHT, DARK], ids=["light", "dark"])
@pytest.mark.parametrize(("text", "ground"), PAIRS)
def test_text_can_be_read_on_its_ground(scheme: dict[str, str], text: str, ground: str) -> None:
    lighter, darker = sorted((luminance(scheme[text]), luminance(scheme[ground])), reverse=True)
    assert (lighter + 0.05) / (darker + 0.05) >= LEAST


def test_the_dark_has_every_colour_of_the_light() -> None:
    assert set(LIGHT) == set(DARK)
    assert luminance(DARK["back"]) < 0.1 < luminance(LIGHT["back"])


def test_every_class_that_has_a_colour_is_a_pair() -> None:
    used = set(re.findall(r"color: var\(--([\w-]+)\); background: var\(--([\w-]+)\)", STYLE))
    assert {*used} >= {(name, f"{name}-back") for name in ("good", "bad", "open", "none", "new")}
