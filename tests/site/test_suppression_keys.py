"""The page of a suppression's keys names all of them, and no other."""

import re

from hypabi.judgement.suppression import ENTRY_KEYS
from tests.inputs import ROOT


def test_every_key_has_a_row() -> None:
    page = (ROOT / "docs" / "reference" / "suppressions.md").read_text(encoding="utf-8")
    rows = [line.split("|")[1] for line in page.splitlines() if line.startswith("| `")]
    assert {key for row in rows for key in re.findall(r"`([a-z]+)`", row)} == set(ENTRY_KEYS)
