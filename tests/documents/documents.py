"""Documents of every shipped contract, and readers of them that we did not write."""

import functools
import io
from typing import Any

import docutils.core
import docutils.nodes
import docutils.utils
import yaml

from hypabi.contract.file.load import shipped_contracts
from hypabi.contract.model import Contract
from hypabi.contract.stated.model import StatedContract
from hypabi.documents.hypercalls import page as hypercalls_page
from hypabi.documents.interface.page import page as contract_page
from hypabi.documents.interface.reading import Reading, reading
from hypabi.documents.markup.tree import Block, Blocks, Page
from hypabi.documents.stated.page import stated_page
from hypabi.home import CONTRACTS
from tests.contract.shipped import shipped

COMMAND = "hypabi document"
HYPERCALLS = "hypercalls"
PAGES = (*shipped_contracts(), HYPERCALLS)
HELD = tuple(name for name in shipped_contracts() if isinstance(shipped(name), Contract))
STATED = tuple(name for name in shipped_contracts() if name not in HELD)


@functools.cache
def page(name: str) -> Page:
    """Return the page of a shipped contract, or the one of all of them."""
    if name == HYPERCALLS:
        return hypercalls_page([interface(each) for each in shipped_contracts()], COMMAND)
    of = interface(name)
    return contract_page(of, COMMAND) if isinstance(of, Reading) else stated_page(of, COMMAND)


def interface(name: str) -> Reading | StatedContract:
    contract = shipped(name)
    return reading(contract, None) if isinstance(contract, Contract) else contract


def of_blocks(*blocks: Block) -> Page:
    """Return a page of nothing but these blocks."""
    return Page("made", "Made by hand", "made by hand", ("nobody's",), blocks)


@functools.lru_cache(maxsize=32)
def parsed(text: str) -> docutils.nodes.document:
    """Return what docutils reads; anything that it objects to fails the test."""
    complaints = io.StringIO()
    settings: dict[str, Any] = {
        "warning_stream": complaints,
        "report_level": docutils.utils.Reporter.WARNING_LEVEL,
        "halt_level": docutils.utils.Reporter.SEVERE_LEVEL,
        "file_insertion_enabled": False,
        "_disable_config": True,
    }
    tree = docutils.core.publish_doctree(text, settings_overrides=settings)
    assert complaints.getvalue() == ""
    return tree


def texts(tree: docutils.nodes.document, kind: type[docutils.nodes.Element]) -> list[str]:
    """Return the text of each element of a kind, spaces as one."""
    return [" ".join(each.astext().split()) for each in tree.findall(kind)]


__all__ = ["HELD", "PAGES", "STATED", "Blocks", "interface", "of_blocks", "page", "parsed", "texts"]


def source(name: str) -> dict[str, object]:
    """Return a contract as YAML: not by our reader."""
    loaded = yaml.load((CONTRACTS / f"{name}.yaml").read_bytes(), yaml.CSafeLoader)
    assert isinstance(loaded, dict)
    return loaded
