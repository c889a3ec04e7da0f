"""The survey of kernels that nobody pins, from what `hypabi check` says of each."""

import hashlib
import json
import re
import subprocess
from datetime import UTC, datetime
from pathlib import Path

from docs.generators import kernels

HEAD = """# Neighbouring versions against `linux-hyp-abi`

A survey of {date}, written by `docs/survey` from `hypabi check --format json` with {versions}.  These kernels
are not pinned and CI does not fetch them, so the page is what was found on that day and is not made again:
[Debian's kernels](kernels.md) is the one that is kept.  What differs between them, and why, is told in
[the case](../cases/2026-11-neighbouring-versions.md).  Seconds are of a cold process on a shared machine
with two cores, memory is its peak.

| kernel | parties found | calls | proved | refuted | undecided | vacuous | callers refuted | seconds | MB |
| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |
"""
NONE = "None.\n"
IMAGES = """
## Images

| package | version | architecture | SHA-256 of the image |
| --- | --- | --- | --- |
"""


def page(images: list[Path]) -> str:
    """Return the whole page."""
    rows, hashes = "", ""
    lists = {"refuted": "", "undecided": "", "refused": ""}
    with_what: dict[str, None] = {}
    for image in images:
        package, version, architecture = image.stem.split("_")
        name = f"{package} {version}"
        checked = check(image)
        if isinstance(checked, str):
            rows += f"| {name} | refused |{' |' * 7}\n"
            lists["refused"] += f"- {name}: {checked}\n"
        else:
            rows += kernels.row(name, checked)
            lists["refuted"] += clauses(name, checked, "refuted")
            lists["undecided"] += clauses(name, checked, "undecided")
            with_what[versions(checked)] = None
        digest = hashlib.sha256(image.read_bytes()).hexdigest()
        hashes += f"| {package} | {version} | {architecture} | `{digest}` |\n"
    head = HEAD.format(date=datetime.now(UTC).date(), versions=" and ".join(with_what))
    found = (f"\n## {title.capitalize()}\n\n{text or NONE}" for title, text in lists.items())
    return head + rows + "".join(found) + IMAGES + hashes


def check(image: Path) -> kernels.Checked | str:
    """Check an image; return the line that says why where it is refused."""
    try:
        return kernels.check(image)
    except json.JSONDecodeError:  # nothing was printed
        command = (kernels.HYPABI, "check", image)
        failed = subprocess.run(command, capture_output=True, text=True, check=False)
        return failed.stderr.strip().rpartition("\n")[2].replace(str(image), image.name)


def clauses(name: str, checked: kernels.Checked, wanted: str) -> str:
    """Return the clauses of an image with one verdict, as a list."""
    verdicts = checked.report["verdicts"]
    assert isinstance(verdicts, list)
    found = [verdict for verdict in verdicts if verdict["verdict"] == wanted]
    return "".join(
        f"- {name}: {v['party']}, {v['call'] or 'any other'}, `{v['clause']}`: {v['reason']}\n"
        for v in found
    )


def versions(checked: kernels.Checked) -> str:
    """Return what an image was checked with."""
    reproduce = checked.report["reproduce"]
    assert isinstance(reproduce, dict)
    named = " ".join(f"{name} {version}," for name, version in reproduce["versions"].items())
    return f"{named} contract `{reproduce['contract_sha256'][:12]}`"


def order(image: Path) -> tuple[str, list[int], str]:
    """Sort by architecture, then by version as Debian does: a tilde comes before everything."""
    package, version, architecture = image.stem.split("_")
    numbers = [-1 if part == "~" else int(part) for part in re.findall(r"~|[0-9]+", version)]
    return architecture, numbers, package
