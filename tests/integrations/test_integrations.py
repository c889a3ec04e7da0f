"""Each file of `integrations` does what it says, as far as a machine without a network can tell."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.cli.kernel import SLOTS, stub
from tests.inputs import ROOT, Assemble, find_tool
from tests.integrations.door import Shop
from tests.report.forms.ktap_reader import read_ktap

MAKE = ROOT / "integrations" / "linux.mk"
KSELFTEST = ROOT / "integrations" / "kselftest" / "hypabi.sh"
OPEN = ".inst 0x00c0ffee"
"""What makes a stub undecided: status 16."""


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    return Shop(tmp_path)


def built(shop: Shop, image: Path) -> None:
    (shop.folder / "vmlinux").write_bytes(image.read_bytes())


@pytest.mark.parametrize(
    ("success", "more", "status"),
    [
        ("nop", (), 0),
        ("add x19, x19, #1", (), 2),
        ("add x19, x19, #1", ("HYPABI_TOLERATE=16",), 2),
        (OPEN, (), 2),
        (OPEN, ("HYPABI_TOLERATE=16",), 0),
    ],
)
def test_make_fails_as_the_exit_status_says(
    shop: Shop, assemble: Assemble, success: str, more: tuple[str, ...], status: int
) -> None:
    built(shop, stub(assemble, success=success))
    ran = shop.run(find_tool("make"), "-f", MAKE, "hypabi", *more)
    assert "5.10.0-made: " in ran.stdout
    assert ran.returncode == status


def test_make_checks_objects_at_the_release_of_the_tree(shop: Shop, assemble: Assemble) -> None:
    release = shop.folder / "include" / "config"
    release.mkdir(parents=True)
    (release / "kernel.release").write_text("5.10.3\n")
    built(shop, stub(assemble, version="none", table=SLOTS))
    words = ("HYPABI_OBJECTS=vmlinux", "HYPABIFLAGS=-q")
    ran = shop.run(find_tool("make"), "-f", MAKE, "hypabi-objects", *words)
    assert ran.stdout == "5.10.3: PROVED\n"
    none = shop.run(find_tool("make"), "-f", MAKE, "hypabi-objects")
    assert none.returncode != 0
    assert "no object is built" in none.stderr


@pytest.mark.parametrize(("success", "status"), [("nop", 0), ("add x19, x19, #1", 1), (OPEN, 1)])
def test_the_selftest_says_in_ktap_what_was_found(
    shop: Shop, assemble: Assemble, success: str, status: int
) -> None:
    ran = shop.run(KSELFTEST, stub(assemble, success=success))
    assert ran.returncode == status
    assert all(each.ok for each in read_ktap(ran.stdout)) is (status == 0)


def test_the_selftest_is_skipped_where_there_is_nothing_to_run(shop: Shop) -> None:
    for ran in (shop.run(KSELFTEST, "missing"), shop.run(KSELFTEST, KSELFTEST, installed=False)):
        assert ran.returncode == 4
        assert ran.stdout.splitlines()[1].startswith("1..0 # SKIP ")


def steps_of_the_action() -> Iterator[dict[str, Any]]:
    action = yaml.safe_load((ROOT / "action.yml").read_text("utf-8"))
    assert action["runs"]["using"] == "composite"
    for step in action["runs"]["steps"]:
        for value in step["env"].values():
            name = value.removeprefix("${{ inputs.").removesuffix(" }}")
            assert name in action["inputs"], value
        yield step


@pytest.mark.parametrize(
    ("success", "tolerate", "status"),
    [("nop", "0", 0), ("add x19, x19, #1", "16", 1), (OPEN, "0", 1), (OPEN, "16", 0)],
)
def test_the_action_annotates_and_fails_as_it_is_asked(
    shop: Shop, assemble: Assemble, success: str, tolerate: str, status: int
) -> None:
    _, check = steps_of_the_action()
    image = stub(assemble, success=success)
    given = {"HYPABI_IMAGES": f"{image} {image}", "HYPABI_CONTRACT": "linux-hyp-abi",
             "HYPABI_SUPPRESSIONS": "", "HYPABI_TOLERATE": tolerate}  # fmt: skip
    assert set(given) == set(check["env"])
    ran = shop.run("bash", "-eo", "pipefail", "-c", check["run"], installed=True, more=given)
    assert ran.returncode == status, ran.stderr
    assert ("::error" in ran.stdout or "::warning" in ran.stdout) is (success != "nop")


@pytest.mark.parametrize(("success", "status"), [("nop", 0), ("add x19, x19, #1", 12)])
def test_the_template_of_gitlab_leaves_the_reports_that_it_names(
    shop: Shop, assemble: Assemble, success: str, status: int
) -> None:
    job = yaml.safe_load((ROOT / "integrations" / "gitlab.yml").read_text("utf-8"))["hypabi"]
    built(shop, stub(assemble, success=success))
    ran = shop.run("bash", "-e", "-c", "\n".join(job["script"]), more=job["variables"])
    assert ran.returncode == status
    quality = json.loads((shop.folder / job["artifacts"]["reports"]["codequality"]).read_text())
    assert bool(quality) is (status != 0)
    assert (shop.folder / job["artifacts"]["reports"]["junit"]).is_file()


def test_the_hook_lints_the_contracts_that_it_selects(shop: Shop) -> None:
    import re

    (hook,) = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text("utf-8"))
    assert re.search(hook["files"], "hypabi/contracts/linux-hyp-abi.yaml")
    assert not re.search(hook["files"], "docs/contracts.md")
    good = ROOT / "hypabi" / "contracts" / "linux-hyp-abi.yaml"
    assert shop.run(*hook["entry"].split(), good).returncode == 0
    bad = shop.folder / "bad.yaml"
    bad.write_text("contrct: x\n")
    assert shop.run(*hook["entry"].split(), bad).returncode != 0
