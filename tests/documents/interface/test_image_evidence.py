"""What a page says of an image is what derive and check say of it."""

import functools
import json
import re
from pathlib import Path
from typing import Any

import docutils.nodes
import pytest

from tests.cli.door import Ran, hypabi
from tests.documents.documents import parsed, texts
from tests.inputs import Kernel, KernelResult
from tests.kernel_results import JSON


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


def items(section: docutils.nodes.section) -> dict[str, list[str]]:
    """Return what a section says of each party: one text for each way in which its code ends."""
    found = {}
    for listed in section.findall(docutils.nodes.bullet_list):
        if isinstance(listed.parent, docutils.nodes.list_item):
            continue
        for each in listed.findall(docutils.nodes.list_item):
            if each.parent is not listed:
                continue
            first, *rest = each.children
            party, colon, said = " ".join(first.astext().split()).partition(": ")
            if (colon and "clauses proved" in said) or "nothing is promised" in said:
                ways = [" ".join(way.astext().split()) for way in _ways(rest)]
                found[party] = [said, *ways]
    return found


def _ways(blocks: list[docutils.nodes.Node]) -> list[docutils.nodes.Node]:
    return [way for block in blocks for way in block.findall(docutils.nodes.list_item)]


@functools.lru_cache(maxsize=2)
def documented(image: Path) -> Ran:
    return hypabi("document", image)


WAYS = {"goes on elsewhere": "leaves", "calls compiled code": "calls", "returns": "returns"}


def told(said: list[str]) -> dict[str, tuple[set[str], set[str]]]:
    """Return for each way of ending the general and the system registers that are named."""
    found = {}
    for text in said:
        match = re.match(r"(.*?) in \d+ cases?; loses ([^;.]*)(.*)", text)
        if match:
            changed = "".join(re.findall(r"may change ([^;.]*)", match[3]))
            found[WAYS[match[1]]] = (expand(match[2]), set(re.findall(r"[A-Z]\w*", changed)))
    return found


@pytest.mark.parametrize("name", ["6.1-arm64", "7.2-armmp"])
def test_registers_that_are_lost_are_those_of_derive(
    name: str, kernel: Kernel, kernel_result: KernelResult
) -> None:
    ran = documented(kernel(name))
    assert (ran.returncode, ran.stderr) == (0, "")
    shown = sections(parsed(ran.stdout))
    derived: dict[str, Any] = json.loads(JSON["derive"](kernel_result("derive", name)))
    compared = 0
    for entry in derived["entries"]:
        for call in entry["calls"]:
            if not entry["parties"] or call["call"] is None or call["call"] not in shown:
                continue
            said = told(items(shown[call["call"]])[" and ".join(entry["parties"])])
            assert set(said) == {case["ends"] for case in call["cases"]}
            for way, (lost, changed) in said.items():
                cases = [case for case in call["cases"] if case["ends"] == way]
                assert lost == {each for case in cases for each in case["registers"]}
                assert changed == {each for case in cases for each in case["system_registers"]}
            compared += 1
    assert compared >= 8


@pytest.mark.parametrize("name", ["6.1-arm64", "7.2-arm64"])
def test_verdicts_are_those_of_check(
    name: str, kernel: Kernel, kernel_result: KernelResult
) -> None:
    ran = documented(kernel(name))
    report = json.loads(JSON["check"](kernel_result("check", name)))
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
            assert any(f"refuted: {verdict['clause']}" in each[0] for each in theirs)


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
    for text in (documented(image).stdout, hypabi("document", "--format", "man", image).stdout):
        assert text
        assert str(image.parent) not in text
