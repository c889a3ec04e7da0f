"""What a page says of an image is what derive and check say of it."""

import json
import re
from typing import Any

import docutils.nodes
import pytest

from tests.cli.door import hypabi
from tests.inputs import Kernel
from tests.report.documents import parsed, texts


def expand(text: str) -> set[str]:
    """Spell out ``x0-x2, x4``."""
    found: set[str] = set()
    for each in text.split(", "):
        first, dash, last = each.partition("-")
        if dash and re.fullmatch(r"[xr]\d+", first):
            numbers = range(int(first[1:]), int(last[1:]) + 1)
            found |= {f"{first[0]}{number}" for number in numbers}
        elif each != "no general register":
            found.add(each)
    return found


def sections(tree: docutils.nodes.document) -> dict[str, docutils.nodes.section]:
    return {
        next(each.findall(docutils.nodes.title)).astext(): each
        for each in tree.findall(docutils.nodes.section)
    }


def items(section: docutils.nodes.section) -> dict[str, str]:
    """Return the items of a section that speak of what parties do."""
    found = {}
    for each in section.findall(docutils.nodes.list_item):
        party, colon, said = " ".join(each.astext().split()).partition(": loses ")
        if colon:
            found[party] = said
    return found


@pytest.mark.parametrize("name", ["6.1-arm64", "7.2-armmp"])
def test_registers_that_are_lost_are_those_of_derive(name: str, kernel: Kernel) -> None:
    image = kernel(name)
    ran = hypabi("document", image)
    assert (ran.returncode, ran.stderr) == (0, "")
    shown = sections(parsed(ran.stdout))
    derived: dict[str, Any] = json.loads(hypabi("derive", image, "--format", "json").stdout)
    compared = 0
    for entry in derived["entries"]:
        for call in entry["calls"]:
            if not entry["parties"] or call["call"] is None or call["call"] not in shown:
                continue
            said = items(shown[call["call"]])[" and ".join(entry["parties"])]
            lost = {each for case in call["cases"] for each in case["registers"]}
            changed = {each for case in call["cases"] for each in case["system_registers"]}
            assert expand(said.partition("; ")[0]) == lost, (entry["parties"], call["call"])
            may_change = "".join(re.findall(r"may change ([^;]*);", said))
            assert set(re.findall(r"[A-Z]\w*", may_change)) == changed
            compared += 1
    assert compared >= 8


@pytest.mark.parametrize("name", ["6.1-arm64", "7.2-arm64"])
def test_verdicts_are_those_of_check(name: str, kernel: Kernel) -> None:
    image = kernel(name)
    ran = hypabi("document", image)
    checked = hypabi("check", image, "--format", "json")
    report = json.loads(checked.stdout)
    found = {verdict["verdict"] for verdict in report["verdicts"]}
    assert ran.returncode == (12 if "refuted" in found else 0) | (16 if "undecided" in found else 0)
    tree = parsed(ran.stdout)
    text = " ".join(tree.astext().split())
    assert report["image"]["sha256"] in text
    words = [verdict["verdict"] for verdict in report["verdicts"]]
    tally = ", ".join(
        f"{words.count(each)} {each}" for each in ("proved", "refuted", "undecided", "vacuous")
    )
    assert tally in text
    shown = sections(tree)
    for verdict in report["verdicts"]:
        if verdict["verdict"] == "refuted":
            said = items(shown[verdict["call"]])
            theirs = [each for party, each in said.items() if verdict["party"] in party]
            assert any(f"refuted: {verdict['clause']}" in each for each in theirs)


def test_the_page_of_all_interfaces_marks_what_was_checked(kernel: Kernel) -> None:
    plain = hypabi("document", "--hypercalls", "--contract", "linux-hyp-abi").stdout
    held = hypabi("document", "--hypercalls", "--contract", "linux-hyp-abi", kernel("6.1-arm64"))
    assert "Derived from the image" not in plain
    assert texts(parsed(plain), docutils.nodes.field_body).count("stated, not checked") == 6
    tree = parsed(held.stdout)
    served = [name for name, each in sections(tree).items() if items(each)]
    # Two calls of the contract are not of 6.1: HVC_VHE_RESTART and HVC_GET_ICH_VTR_EL2.
    assert served.count("HVC_FINALISE_EL2") == 1
    assert texts(tree, docutils.nodes.field_body).count("stated, not checked") == 2


def test_a_page_names_no_folder_of_the_machine(kernel: Kernel) -> None:
    image = kernel("6.1-arm64")
    for form in ("rst", "html", "man"):
        text = hypabi("document", "--format", form, image).stdout
        assert str(image.parent) not in text
