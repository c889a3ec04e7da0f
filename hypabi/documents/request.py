"""What is asked of :mod:`hypabi.documents.write`, and what comes back."""

import enum
from typing import TYPE_CHECKING

from hypabi.records import frozen

if TYPE_CHECKING:
    from hypabi.analysis.results.check import CheckResult
    from hypabi.arch.names import Architecture
    from hypabi.contract.version import Version


class Kind(enum.Enum):
    """Which document is written."""

    PAGE = "page"
    """One interface: what it promises, and what images make of it."""
    HEADER = "header"
    """The numbers of one interface, for C, C++ and assembly."""
    HYPERCALLS = "hypercalls"
    """All interfaces, shorter, on one page."""


class Form(enum.Enum):
    """How a page is written; a header has one form only."""

    RST = "rst"
    HTML = "html"
    MAN = "man"


@frozen
class DocumentRequest:
    """One document that is wanted."""

    kind: Kind = Kind.PAGE
    form: Form = Form.RST
    contracts: tuple[str, ...] = ()
    """Names of shipped contracts, or files; where there are none, the default one, and for the page
    of hypercalls all that are shipped."""
    images: tuple[str, ...] = ()
    """Paths of the images whose machine code is described, each once."""
    version: "Version | None" = None
    """Only what this kernel has; where ``None``, what any has."""
    architecture: "Architecture | None" = None
    """The only architecture that is described; where ``None``, all that the contract has."""


@frozen
class Document:
    """A document, and what was judged for it."""

    text: str
    results: "tuple[CheckResult, ...]" = ()
    """What each image was found to keep, in the order in which they were named."""

    @property
    def exit_status(self) -> int:
        """Bits; all that the exit statuses of the results say."""
        status = 0
        for each in self.results:
            status |= each.exit_status
        return status
