"""hypabi for Python programs: ask what the commands ask, and get the same results.

Each function returns the result that the command of its name prints: the same verdict, the same
counts, the same exit status.  A result is frozen plain data, so that it can be compared, pickled
and stored; :func:`hypabi.to_plain` makes of it what ``json`` can write.  Whatever cannot be read is
refused with :class:`hypabi.HypabiError`.
"""

import os
from typing import Final, Literal

from hypabi.analysis.check import CheckWanted
from hypabi.analysis.check import check as check_examination
from hypabi.analysis.options import contract_of, suppressions_of, version_of
from hypabi.analysis.provenance import provenance
from hypabi.analysis.results.callers import CallersResult
from hypabi.analysis.results.check import CheckResult
from hypabi.analysis.results.derivation import DeriveResult
from hypabi.analysis.results.difference import DiffResult
from hypabi.analysis.results.matrix import MatrixResult
from hypabi.analysis.session import Session, open_image
from hypabi.analysis.tools import TOOLS
from hypabi.contract.defaults import DEFAULT_CONTRACT
from hypabi.documents.request import Document
from hypabi.judgement.difference.model import Direction

Image = str | os.PathLike[str] | Session
"""A file, or one that :func:`open_image` has opened already."""

DIRECTIONS: Final = {
    "both": tuple(Direction),
    "old": (Direction.OLD_CALLERS,),
    "new": (Direction.NEW_CALLERS,),
}


def check(
    image: Image,
    *,
    contract: str | None = None,
    kernel_version: str | None = None,
    suppressions: str | None = None,
    today: str | None = None,
    confirm: Literal["engine", "qemu"] | None = None,
    witnesses: str | None = None,
    entries: bool = False,
) -> CheckResult:
    """Hold what every hypercall of an image does, and every caller in it, against a contract.

    :param contract: name of a shipped contract, or a contract file; the default one where ``None``
    :param kernel_version: to take the contract at, as ``"6.1"``; the image's own where ``None``
    :param suppressions: file of what has been decided to live with
    :param today: day on which suppressions expire, as ``"2027-01-31"``; today where ``None``
    :param confirm: machine to run a witness of each refutation on
    :param witnesses: folder to write these witnesses to
    :param entries: whether to say what else than a hypercall reaches the handlers
    :raises HypabiError: the image, the contract or the suppressions cannot be read
    """
    session = _session(image)
    wanted = CheckWanted(
        suppressions=suppressions_of(suppressions, today),
        machine=confirm,
        witnesses=witnesses,
        entries=entries,
    )
    command = _command(
        "check", session, contract=contract, kernel_version=kernel_version,
        suppressions=suppressions, today=today, confirm=confirm, witness=witnesses,
    )  # fmt: skip
    examination = session.examine(contract_of(contract), version_of(kernel_version))
    return check_examination(examination, wanted, (*command, *(["--entries"] if entries else [])))


def callers(
    image: Image,
    *,
    contract: str | None = None,
    kernel_version: str | None = None,
    function: str | None = None,
) -> CallersResult:
    """List every ``hvc`` of an image, and what each asks for.

    :param contract: lends its names; the default one does if it speaks of the image where ``None``
    :param kernel_version: to take the contract at; the image's own where ``None``
    :param function: only the call sites in functions of this name
    :raises HypabiError: image or contract cannot be read, or no call site is in such a function
    """
    from hypabi.analysis.call_site_listing import callers as list_callers
    from hypabi.analysis.summaries.callers import summarize_callers

    session = _session(image)
    named = None if contract is None else contract_of(contract)
    command = _command(
        "callers", session, contract=contract, kernel_version=kernel_version, function=function
    )
    found = list_callers(session, named, version_of(kernel_version), function, command)
    return summarize_callers(found)


def derive(
    image: Image,
    *,
    contract: str | None = None,
    kernel_version: str | None = None,
    party: str | None = None,
    entry: str | None = None,
) -> DeriveResult:
    """Derive what each hypercall does at each provider of an image.

    :param contract: lends its names; the default one does if it speaks of the image where ``None``
    :param kernel_version: to take the contract at; the image's own where ``None``
    :param party: only what this party's vectors do
    :param entry: only what an ``hvc`` does that enters here: an address, a symbol, or both
    :raises HypabiError: image or contract cannot be read, or there is no such party or entry
    """
    from hypabi.analysis.derivation import Wanted, derivation
    from hypabi.analysis.summaries.derivation import summarize_derivation

    session = _session(image)
    named = None if contract is None else contract_of(contract)
    wanted = Wanted(named, version_of(kernel_version), party, entry)
    command = _command(
        "derive", session, contract=contract, kernel_version=kernel_version, party=party,
        entry=entry,
    )  # fmt: skip
    return summarize_derivation(derivation(session, wanted, command))


def matrix(
    image: Image | None = None, *, contract: str | None = None, kernel_version: str | None = None
) -> MatrixResult:
    """Hold callers against the parties whose vectors can be live.

    :param image: its own callers against its own parties; where ``None``, those of every reference
        revision that is shipped against the parties of all
    :param contract: name of a shipped contract, or a contract file
    :param kernel_version: to take the contract at; the image's own where ``None``
    :raises HypabiError: image or contract cannot be read, or nobody asks for a call
    """
    from hypabi.analysis.summaries.matrix import summarize_matrix

    if image is None:
        from hypabi.analysis.reference_matrix import CellChoice, reference_matrix

        return summarize_matrix(
            reference_matrix(CellChoice(), provenance(("hypabi", "matrix"), TOOLS))
        )
    from hypabi.analysis.matrix import image_matrix

    session = _session(image)
    command = _command("matrix", session, contract=contract, kernel_version=kernel_version)
    examination = session.examine(contract_of(contract), version_of(kernel_version))
    return summarize_matrix(image_matrix(examination, provenance(command, TOOLS)))


def diff(
    old: str | os.PathLike[str],
    new: str | os.PathLike[str],
    *,
    contract: str | None = None,
    kernel_version: str | None = None,
    callers: Literal["both", "old", "new"] = "both",
    suppressions: str | None = None,
    today: str | None = None,
) -> DiffResult:
    """Say what two images do differently for those who call them, and who breaks.

    :param old: kernel image, or what ``hypabi derive --save`` wrote of one; and so is ``new``
    :param contract: of both
    :param kernel_version: to take the contract of both at; their own where ``None``
    :param callers: whose callers are asked for
    :param suppressions: file of what has been decided to live with
    :param today: day on which suppressions expire, as ``"2027-01-31"``; today where ``None``
    :raises HypabiError: one of the files cannot be read, or they do not fit each other
    """
    from hypabi.analysis.comparison import compare
    from hypabi.analysis.difference import opened
    from hypabi.analysis.summaries.difference import summarize_diff

    version = version_of(kernel_version)
    first, second = (
        opened(os.fspath(path), contract, DEFAULT_CONTRACT, version) for path in (old, new)
    )
    command = (
        "hypabi", "diff", os.fspath(old), os.fspath(new),
        *_options(contract=contract, kernel_version=kernel_version, suppressions=suppressions,
                  today=today, callers=None if callers == "both" else callers),
    )  # fmt: skip
    lived_with = suppressions_of(suppressions, today)
    made = compare(first, second, DIRECTIONS[callers], lived_with, provenance(command, TOOLS))
    return summarize_diff(made)


def document(
    *images: str | os.PathLike[str],
    contract: str | None = None,
    form: Literal["rst", "html", "man", "header"] = "rst",
    kernel_version: str | None = None,
    architecture: Literal["arm", "arm64"] | None = None,
) -> Document:
    """Write the document of an interface from its contract, and from what images make of it.

    :param images: kernel images whose machine code is described
    :param contract: name of a shipped contract, or a contract file; the default one where ``None``
    :param form: reStructuredText, HTML, a man page, or a C header of the numbers
    :param kernel_version: only what this kernel has
    :param architecture: only this one
    :raises HypabiError: contract or image cannot be read, or there is no such document
    """
    from hypabi.arch.names import Architecture
    from hypabi.documents.request import DocumentRequest, Form, Kind
    from hypabi.documents.write import write_document

    paths = tuple(os.fspath(each) for each in images)
    request = DocumentRequest(
        kind=Kind.HEADER if form == "header" else Kind.PAGE,
        form=Form.RST if form == "header" else Form(form),
        contracts=() if contract is None else (contract,),
        images=paths,
        version=version_of(kernel_version),
        architecture=None if architecture is None else Architecture(architecture),
    )
    options = _options(
        contract=contract, format=form, kernel_version=kernel_version, architecture=architecture
    )
    return write_document(request, ("hypabi", "document", *paths, *options))


def _session(image: Image) -> Session:
    return image if isinstance(image, Session) else open_image(image)


def _command(verb: str, session: Session, **options: str | None) -> tuple[str, ...]:
    """Return the command that prints the same result."""
    return ("hypabi", verb, session.loaded.path, *_options(**options))


def _options(**options: str | None) -> tuple[str, ...]:
    given = {name: value for name, value in options.items() if value is not None}
    return tuple(
        word for name, value in given.items() for word in (f"--{name.replace('_', '-')}", value)
    )
