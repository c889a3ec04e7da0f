"""What a document rests on: each image opened and derived once, and a status that is theirs."""

from collections import Counter
from collections.abc import Callable
from typing import ParamSpec, TypeVar

import pytest

from hypabi.analysis.options import contract_of
from hypabi.analysis.session import open_image
from hypabi.contract.version import Version
from hypabi.documents import write
from hypabi.documents.request import DocumentRequest, Form, Kind
from hypabi.errors import HypabiError
from hypabi.image.load import load_image
from hypabi.symbolic.explore import Explorer
from tests.cli.door import hypabi
from tests.inputs import ROOT

REFUTED = str(ROOT / "hypabi/reference/arm64-reset-answers-2-a64.elf")
PROVED = str(ROOT / "hypabi/reference/arm64-stub-b7-a64.elf")
VERSION = Version.parse("6.12")
COMMAND = ("hypabi", "document")

P = ParamSpec("P")
T = TypeVar("T")


def counting(found: Counter[str], name: str, call: Callable[P, T]) -> Callable[P, T]:
    """Return what does the same and is counted."""

    def counted(*arguments: P.args, **named: P.kwargs) -> T:
        found[name] += 1
        return call(*arguments, **named)

    return counted


@pytest.mark.parametrize("kind", [Kind.PAGE, Kind.HEADER, Kind.HYPERCALLS])
def test_the_library_writes_what_the_command_writes(kind: Kind) -> None:
    arguments = {
        Kind.PAGE: ("--format", "man"),
        Kind.HEADER: ("--format", "header"),
        Kind.HYPERCALLS: ("--format", "man", "--hypercalls"),
    }[kind]
    request = DocumentRequest(kind, Form.MAN)
    written = write.write_document(request, (*COMMAND, *arguments))
    assert written.text == hypabi("document", *arguments).stdout
    assert (written.results, written.exit_status) == ((), 0)


def test_an_image_is_opened_and_derived_once(monkeypatch: pytest.MonkeyPatch) -> None:
    found: Counter[str] = Counter()
    opened = counting(found, "opened", load_image)
    monkeypatch.setattr("hypabi.analysis.session.load_image", opened)
    explored = counting(found, "explored", Explorer.explore)
    monkeypatch.setattr(Explorer, "explore", explored)
    open_image(REFUTED).examine(contract_of("linux-hyp-abi"), VERSION).judgement  # noqa: B018
    alone = found["explored"]
    assert alone > 0
    found.clear()
    request = DocumentRequest(images=(REFUTED, REFUTED), version=VERSION)
    written = write.write_document(request, COMMAND)
    assert found == {"opened": 1, "explored": alone}
    assert len(written.results) == 1


def test_results_are_those_of_the_images_and_the_status_is_all_of_theirs() -> None:
    images = (PROVED, REFUTED)
    request = DocumentRequest(images=images, version=VERSION)
    written = write.write_document(request, COMMAND)
    assert [each.image.path for each in written.results] == list(images)
    statuses = [each.exit_status for each in written.results]
    assert len(set(statuses)) == 2, "the images must differ for the status to say something"
    assert written.exit_status == statuses[0] | statuses[1]
    ran = hypabi("document", "--kernel-version", "6.12", *images)
    assert ran.returncode == written.exit_status


def test_a_header_has_no_image() -> None:
    with pytest.raises(HypabiError, match="nothing to say of an image"):
        write.write_document(DocumentRequest(Kind.HEADER, images=(PROVED,)), COMMAND)


def test_more_images_than_a_page_has_are_refused_before_one_is_opened() -> None:
    images = tuple(f"nowhere-{number}" for number in range(write.MOST_IMAGES + 1))
    with pytest.raises(HypabiError, match="16 images at most"):
        write.write_document(DocumentRequest(images=images), COMMAND)
