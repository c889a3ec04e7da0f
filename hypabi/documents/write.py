"""Write a document of an interface: a request in, a text out, with the results that it rests on.

Refuses what no document says: a header of an image, a version of what is only stated, a page of
two contracts.
"""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Final, assert_never

from hypabi.analysis.options import any_contract_of, contract_of
from hypabi.analysis.provenance import quoted
from hypabi.contract.defaults import DEFAULT_CONTRACT
from hypabi.contract.file.load import shipped_contracts
from hypabi.contract.model import Contract
from hypabi.contract.stated.model import StatedContract
from hypabi.documents import header, hypercalls
from hypabi.documents.interface.page import page
from hypabi.documents.interface.reading import reading
from hypabi.documents.markup import html, man, rst
from hypabi.documents.markup.tree import Page
from hypabi.documents.request import Document, DocumentRequest, Form, Kind
from hypabi.documents.stated import header as stated_header
from hypabi.documents.stated.page import stated_page
from hypabi.errors import HypabiError, MisuseError

if TYPE_CHECKING:
    from hypabi.documents.images import Shown

MOST_IMAGES: Final = 16
"""Images of one page; each takes about two seconds."""


def write_document(request: DocumentRequest, command: tuple[str, ...]) -> Document:
    """Write the document that is wanted.

    :param command: what the reader types to make it again, for the document to say so
    :raises HypabiError: a contract or an image is refused, or there is no such document
    """
    if request.kind is Kind.HYPERCALLS:
        return _hypercalls(request, command)
    named = request.contracts or (DEFAULT_CONTRACT,)
    if len(named) > 1:
        raise MisuseError(f"--contract {named[1]}", "a page has one contract", "add --hypercalls")
    contract = any_contract_of(named[0])
    if not isinstance(contract, Contract):
        return Document(_stated(request, contract, _typed(command)))
    return _held(request, contract, command)


def _held(request: DocumentRequest, contract: Contract, command: tuple[str, ...]) -> Document:
    """Write the document of a contract that images can be held against."""
    chosen = () if request.architecture is None else (request.architecture,)
    of = reading(contract, request.version, chosen)
    if request.kind is Kind.HEADER:
        if request.images:
            raise HypabiError(request.images[0], "a header has nothing to say of an image")
        return Document(header.write(of, _typed(command)))
    found = _shown(request, contract, command)
    made = page(of, _typed(command), tuple(each.evidence for each in found))
    return _document(made, request.form, found)


def _stated(request: DocumentRequest, contract: StatedContract, command: str) -> str:
    """Write the document of a contract that no image is held against."""
    for option, given in (
        ("IMAGE", request.images),
        ("--kernel-version", request.version),
        ("--architecture", request.architecture),
    ):
        if given:
            what = f"{contract.name} only states an interface"
            raise HypabiError(option, what, "its document has no such choice")
    if request.kind is Kind.HEADER:
        return stated_header.write(contract, command)
    return _formatted(stated_page(contract, command), request.form)


def _hypercalls(request: DocumentRequest, command: tuple[str, ...]) -> Document:
    """Write the page of several interfaces; images are held against the default contract."""
    if request.version is not None or request.architecture is not None:
        raise MisuseError("--hypercalls", "this page has every version and every architecture")
    contracts = [any_contract_of(name) for name in request.contracts or shipped_contracts()]
    interfaces = [reading(each, None) if isinstance(each, Contract) else each for each in contracts]
    held = contract_of(DEFAULT_CONTRACT)
    if request.images and held.name not in [each.name for each in contracts]:
        what = f"images are held against {held.name}, which this page has not"
        raise HypabiError(request.images[0], what, f"add --contract {held.name}")
    found = _shown(request, held, command)
    shown = tuple((each.check, each.evidence) for each in found)
    made = hypercalls.page(interfaces, _typed(command), held.name, shown)
    return _document(made, request.form, found)


def _shown(
    request: DocumentRequest, contract: Contract, command: tuple[str, ...]
) -> "tuple[Shown, ...]":
    """Return what each image shows."""
    if not request.images:
        return ()
    from hypabi.documents.images import show_image  # noqa: PLC0415 - most pages have no image

    if len(request.images) > MOST_IMAGES:
        raise HypabiError(request.images[MOST_IMAGES], f"a page has {MOST_IMAGES} images at most")
    images = dict.fromkeys(request.images)
    return tuple(show_image(each, contract, request.version, command) for each in images)


def _document(made: Page, form: Form, found: "Iterable[Shown]") -> Document:
    return Document(_formatted(made, form), tuple(each.result for each in found))


def _formatted(made: Page, form: Form) -> str:
    match form:
        case Form.RST:
            return rst.write(made)
        case Form.HTML:
            return html.write(made)
        case Form.MAN:
            return man.write(made)
        case _:
            assert_never(form)


def _typed(command: tuple[str, ...]) -> str:
    return " ".join(map(quoted, command))
