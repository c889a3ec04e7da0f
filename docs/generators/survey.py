"""The survey of kernels that an archive drops, from what `hypabi check` and `callers` say of each."""

import hashlib
import json
import re
import subprocess
import time
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from docs.generators import kernels

HEAD = """# Neighbouring versions against `linux-hyp-abi`

A survey of {date}, written by `docs/survey` from `hypabi check` and `hypabi callers` with {versions}.  Most
of these kernels are not pinned and CI fetches none of them for this page, so it is what was found on that day
and is not made again: [Debian's kernels](kernels.md) is the one that is kept.  What differs between them, and
why, is told in [one case](../cases/2026-11-neighbouring-versions.md), what their callers ask for in
[another](../cases/2026-11-callers-of-debian.md).  Seconds are of a cold process, vector entries included, on two cores
that others use too; memory is its peak.

| kernel | parties found | calls | proved | refuted | undecided | vacuous | callers refuted | seconds | MB |
| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |
"""
CALLERS = """
## Callers

Every `hvc` of an image (`hypabi callers`), those of them that are held against the parties of `linux-hyp-abi`,
and the verdict on each of these with each party that the contract puts before it (`hypabi check`): one
call site counts once for each party.  *Not named* are those that ask for no call of a shipped contract: the
unresolved, and in 6.16 to 7.1 and 7.3 KVM's own calls, whose numbers no contract has; see the case.  *Unintended* are the slots of all parties
through which something other than a hypercall is served as one (`hypabi check --entries`, [the case](../cases/2026-11-hidden-doors.md)).

| kernel | `hvc` | not named | uninitialised | held | satisfied | beyond the contract | unspecified | depends on its caller | violated | undecided | unintended | seconds |
| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |
"""
CALLER_WORDS = (
    "satisfied",
    "satisfied beyond the contract",
    "unspecified",
    "depends on its caller",
    "violated",
    "undecided",
)
"""The words of caller checks, in the order of the columns."""
NONE = "None.\n"
IMAGES = """
## Images

| package | version | architecture | SHA-256 of the image |
| --- | --- | --- | --- |
"""


def page(images: list[Path]) -> str:
    """Return the whole page."""
    rows, callers, hashes = "", "", ""
    lists = {"refuted": "", "undecided": "", "refused": ""}
    with_what: dict[str, None] = {}
    for image in images:
        package, version, architecture = image.stem.split("_")
        name = f"{package} {version}"
        checked = check(image)
        if isinstance(checked, str):
            rows += f"| {name} | refused |{' |' * 8}\n"
            lists["refused"] += f"- {name}: {checked}\n"
        else:
            rows += kernels.row(name, checked)
            callers += callers_of(name, image, checked)
            lists["refuted"] += kernels.refuted(name, checked)
            lists["undecided"] += clauses(name, checked, "undecided")
            with_what[versions(checked)] = None
        digest = hashlib.sha256(image.read_bytes()).hexdigest()
        hashes += f"| {package} | {version} | {architecture} | `{digest}` |\n"
    head = HEAD.format(date=datetime.now(UTC).date(), versions=" and ".join(with_what))
    found = (f"\n## {title.capitalize()}\n\n{text or NONE}" for title, text in lists.items())
    return head + rows + CALLERS + callers + "".join(found) + IMAGES + hashes


def check(image: Path) -> kernels.Checked | str:
    """Check an image; return the line that says why where it is refused."""
    try:
        return kernels.check(image, "--doors")
    except json.JSONDecodeError:  # nothing was printed
        command = (kernels.HYPABI, "check", image)
        failed = subprocess.run(command, capture_output=True, text=True, check=False)
        return failed.stderr.strip().rpartition("\n")[2].replace(str(image), image.name)


def callers_of(name: str, image: Path, checked: kernels.Checked) -> str:
    """Return an image's line of the table of callers."""
    started = time.perf_counter()
    command = (kernels.HYPABI, "callers", image, "--format", "json")
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    listed: dict[str, Any] = json.loads(done.stdout)
    seconds = time.perf_counter() - started
    entries = checked.report["vector_entries"]
    counts = Counter(site["kind"] for site in listed["sites"])
    checks = (checked.report["callers"] or {}).get("checks", ())
    words = Counter(c["verdict"] for c in checks if c["when"] in kernels.COUNTED)
    cells = [
        name,
        str(len(listed["sites"])),
        str(sum(counts[kind] for kind in ("not in any contract", "no call", "unresolved"))),
        str(counts["uninitialised"]),
        str(len({check["caller"]["address"] for check in checks})),
        *(str(words[verdict]) for verdict in CALLER_WORDS),
        str(len({(d["party"], d["slot"]) for d in entries if d["found"] == "unintended entry"})),
        f"{seconds:.1f}",
    ]
    return f"| {' | '.join(cells)} |\n"


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
