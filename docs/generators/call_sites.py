"""Who calls whom in a real kernel as a picture: its call sites, who calls those, and what each gets."""

import json
import subprocess
import sys
from functools import partial
from pathlib import Path
from typing import Any, Final

from docs.generators.pinned import pinned
from docs.generators.svg import Drawing

CALLERS: Final = 230
SITE: Final = 190
COLUMN: Final = 84
LINE: Final = 16
TOP: Final = 90
LONGEST: Final = 30
"""Characters of a function's name that fit."""
LONGEST_PARTY: Final = 12
CONTRACT: Final = "linux-hyp-abi"
START: Final = "import sys; from hypabi.cli.main import main; sys.exit(main())"


def page(name: str) -> str:
    """Return the picture of a pinned kernel's calls of ``linux-hyp-abi``.

    :param name: in kernels/pins.toml
    """
    pin, image = pinned(name)
    sites = [site for site in _json("callers", image)["sites"] if _asked(site)]
    title = f"Who calls whom in {pin.package} {pin.version}"
    return _drawing(title, f"vmlinuz SHA-256 {pin.image_sha256}", sites, _cells(image))


def _json(command: str, image: Path) -> dict[str, Any]:
    ran = subprocess.run(
        [sys.executable, "-c", START, command, str(image), "--format", "json"],
        capture_output=True,
        check=False,
    )
    report: dict[str, Any] = json.loads(ran.stdout)
    return report


def _asked(site: dict[str, Any]) -> str:
    """Return the call of the contract that a site makes, empty where it makes none."""
    found = [each for way in site["paths"] for each in way["asks_for"]]
    return next((str(each["call"]) for each in found if each.get("contract") == CONTRACT), "")


def _cells(image: Path) -> dict[tuple[str, str], tuple[str, bool]]:
    """Return by function and party what the call comes to, and whether it is made then."""
    return {
        (cell["caller"]["function"], cell["live"]["party"]): (
            _word(cell),
            cell["when"] != "unreachable",
        )
        for cell in _json("matrix", image)["cells"]
    }


def _word(cell: dict[str, Any]) -> str:
    if cell["verdict"] == "kept" and cell["because"]["promise"] == "unserved":
        return "refused"
    return str(cell["verdict"])


def _drawing(
    title: str,
    hashed: str,
    sites: list[dict[str, Any]],
    cells: dict[tuple[str, str], tuple[str, bool]],
) -> str:
    parties = list(dict.fromkeys(party for _, party in cells))
    heights = [max(3, len(_functions(site))) * LINE + 14 for site in sites]
    width = CALLERS + SITE + 56 + COLUMN * len(parties) + 16
    says = "; ".join(f"{', '.join(_functions(s))} by {_name(s)}: {_asked(s)}" for s in sites)
    drawing = Drawing(width, TOP + sum(heights) + 30, title, f"{hashed}. {says}.")
    drawing.text(16, 24, title, "name")
    drawing.text(16, 44, hashed, "code muted")
    drawing.text(16, 76, "called by", "muted")
    drawing.text(CALLERS + 30, 76, "function with the hvc, and its call", "muted")
    left = CALLERS + SITE + 56
    for number, party in enumerate(parties):
        at = left + COLUMN * number + COLUMN / 2
        first, _, rest = party.rpartition("-") if len(party) > LONGEST_PARTY else ("", "", party)
        drawing.text(at, 62, first, "code", "middle")
        drawing.text(at, 76, rest, "code", "middle")
    y = TOP
    for site, height in zip(sites, heights, strict=True):
        _row(drawing, site, y, height)
        for number, party in enumerate(parties):
            if (_name(site), party) in cells:
                middle = y + (height - 14) / 2
                _cell(drawing, left + COLUMN * number, middle, *cells[_name(site), party])
        y += height
    drawing.text(
        16, y + 18, "dashed: unreachable, for the contract says that it is not called then", "muted"
    )
    return drawing.svg()


def _row(drawing: Drawing, site: dict[str, Any], y: float, height: float) -> None:
    middle = y + (height - 14) / 2
    for number, function in enumerate(_functions(site)):
        at = y + 14 + LINE * number
        drawing.text(CALLERS, at, _short(function), "code", "end")
        drawing.line(CALLERS + 4, at - 4, CALLERS + 22, middle)
    drawing.box(CALLERS + 24, middle - 20, SITE + 16, 40, "hot")
    drawing.text(CALLERS + 32, middle - 4, _short(_name(site)), "code")
    drawing.text(CALLERS + 32, middle + 12, _asked(site), "code name")


def _cell(drawing: Drawing, x: float, middle: float, word: str, in_turn: bool) -> None:  # noqa: FBT001
    kinds = {"kept": "good", "refuted": "bad"}
    drawing.box(x + 3, middle - 20, COLUMN - 6, 40, "box" if in_turn else "away")
    drawing.text(
        x + COLUMN / 2, middle + 4, word, kinds.get(word, "") if in_turn else "muted", "middle"
    )


def _functions(site: dict[str, Any]) -> list[str]:
    return list(dict.fromkeys(each["function"] for each in site["callers"])) or ["not found"]


def _name(site: dict[str, Any]) -> str:
    function = site["function"]
    return str((function and function["name"]) or site["place"].partition("+")[0])


def _short(text: str) -> str:
    return text if len(text) <= LONGEST else text[: LONGEST - 1] + "…"


ARM64 = partial(page, "6.1-arm64")
