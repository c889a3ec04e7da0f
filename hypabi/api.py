"""hypabi for Python programs: ask what the commands ask, and get the same results.

Each function returns the result that the command of its name prints, because the command prints
what the function returns: the same verdict, the same counts, the same exit status.  A result is
frozen plain data, so that it can be compared, pickled and stored; :func:`hypabi.to_plain` makes of
it what ``json`` can write.  Whatever cannot be read is refused with :class:`hypabi.HypabiError`.
"""

import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import PurePath
from typing import TYPE_CHECKING, Literal

from hypabi.analysis.session import Session, open_image

if TYPE_CHECKING:
    from hypabi.analysis.reference_matrix import CellChoice
    from hypabi.analysis.results.callers import CallersResult
    from hypabi.analysis.results.check import CheckResult
    from hypabi.analysis.results.derivation import DeriveResult
    from hypabi.analysis.results.difference import DiffResult
    from hypabi.analysis.results.drift import DriftResult
    from hypabi.analysis.results.matrix import MatrixResult
    from hypabi.analysis.results.replay import ReplayResult
    from hypabi.analysis.results.review import ReviewResult
    from hypabi.documents.request import Document
    from hypabi.judgement.difference.model import Direction
    from hypabi.machine.crossing import Event
    from hypabi.tracing.result import TraceResult
    from hypabi.tracing.run import Listener

Path = str | os.PathLike[str]
Image = Path | Session | Sequence[Path]
"""A file, or one that :func:`open_image` has opened already; or the objects of one program."""
Role = Literal["kernel", "decompressor"]

Option = Path | bool | Sequence[str] | None


def check(
    image: Image,
    *,
    contract: str | None = None,
    kernel_version: str | None = None,
    role: Role | None = None,
    against: Image | None = None,
    suppressions: Path | None = None,
    today: str | None = None,
    confirm: Literal["engine", "qemu"] | None = None,
    witnesses: Path | None = None,
    entries: bool = False,
    second_opinion: bool = False,
    smt2: Path | None = None,
) -> "CheckResult":
    """Hold what every hypercall of an image does, and every caller in it, against a contract.

    :param contract: name of a shipped contract, or a contract file; the default one where ``None``
    :param kernel_version: to take the contract at, as ``"6.1"``; the image's own where ``None``
    :param role: which program of a boot it is, where it does not tell itself
    :param against: another file: what is judged are its parties, and the callers of ``image`` while
        they are live
    :param suppressions: file of what has been decided to live with
    :param today: day on which suppressions expire, as ``"2027-01-31"``; today where ``None``
    :param confirm: machine to run a witness of each refutation on
    :param witnesses: folder to write these witnesses to
    :param entries: whether to say what else than a hypercall reaches the handlers
    :param second_opinion: whether to ask z3 too for every obligation
    :param smt2: folder to write every obligation to, as SMT-LIB 2
    :raises HypabiError: the image, the contract or the suppressions cannot be read, or a folder
        cannot be written
    """
    from hypabi.analysis.check import CheckWanted
    from hypabi.analysis.check import check as check_examination
    from hypabi.analysis.options import named_contract, suppressions_of, version_of

    held, version = named_contract(contract), version_of(kernel_version)
    wanted = CheckWanted(
        suppressions=suppressions_of(_text(suppressions), today),
        machine=confirm,
        witnesses=_text(witnesses),
        entries=entries,
        second_opinion=second_opinion,
        obligations=_text(smt2),
    )
    session, kernel = _session(image, role), _against(against)
    command = _command(
        "check", *session.loaded.paths, contract=contract, kernel_version=kernel_version,
        role=_role_of(session), against=_of(kernel),
        suppressions=suppressions, today=today, confirm=confirm, witness=witnesses,
        entries=entries, second_opinion=second_opinion, smt2=smt2,
    )  # fmt: skip
    return check_examination(session.examine_at(kernel, held, version), wanted, command)


def callers(
    image: Image,
    *,
    contract: str | None = None,
    kernel_version: str | None = None,
    role: Role | None = None,
    against: Image | None = None,
    function: str | None = None,
) -> "CallersResult":
    """List every ``hvc`` of an image, and what each asks for.

    :param contract: lends its names; the default one does if it speaks of the image where ``None``.
        Callers are held against one that only states an interface (SMCCC, PSCI, Xen)
    :param kernel_version: to take the contract at; the image's own where ``None``
    :param role: as for :func:`check`
    :param against: another file, against whose parties they are held; ``contract`` and
        ``kernel_version`` are that one's then
    :param function: only the call sites in functions of this name
    :raises HypabiError: image or contract cannot be read, or no call site is in such a function
    """
    from hypabi.analysis.call_site_listing import callers as list_callers
    from hypabi.analysis.options import contract_or_stated, version_of
    from hypabi.analysis.summaries.callers import summarize_callers
    from hypabi.errors import MisuseError

    named, stated = contract_or_stated(contract)
    if stated is not None and against is not None:
        what = f"{stated.name} is held by whoever makes its calls, not by a kernel"
        raise MisuseError("--against", what, "leave it out")
    session, kernel = _session(image, role), _against(against)
    command = _command(
        "callers", *session.loaded.paths, contract=contract, kernel_version=kernel_version,
        role=_role_of(session), against=_of(kernel),
        function=function,
    )  # fmt: skip
    version = version_of(kernel_version)
    held = stated if kernel is None else kernel
    found = list_callers(session, named, version, function, command, held)
    return summarize_callers(found)


def derive(
    image: Image,
    *,
    contract: str | None = None,
    kernel_version: str | None = None,
    role: Role | None = None,
    party: str | None = None,
    entry: str | None = None,
    call: str | None = None,
    all_tables: bool = False,
    follow: Sequence[str] = (),
) -> "DeriveResult":
    """Derive what each hypercall does at each provider of an image.

    :param contract: lends its names; the default one does if it speaks of the image where ``None``
    :param kernel_version: to take the contract at; the image's own where ``None``
    :param role: as for :func:`check`
    :param party: only what this party's vectors do
    :param entry: only what an ``hvc`` does that enters here: an address, a symbol, or both
    :param call: only this call, by its name or number; ``any-other`` is all numbers of none
    :param all_tables: whether also those count that no party claims, as KVM's for its guests
    :param follow: compiled functions of a kernel to follow, by symbol or address, to say which
        numbers they serve
    :raises HypabiError: image or contract cannot be read, or there is no such party, entry or call
    """
    from hypabi.analysis.derivation import Wanted, derivation
    from hypabi.analysis.options import named_contract, version_of
    from hypabi.analysis.summaries.derivation import summarize_derivation

    named = named_contract(contract)
    version = version_of(kernel_version)
    wanted = Wanted(named, version, party, entry, call, all_tables, tuple(follow))
    session = _session(image, role)
    command = _command(
        "derive", *session.loaded.paths, contract=contract, kernel_version=kernel_version,
        role=_role_of(session),
        party=party, entry=entry, call=call, all_tables=all_tables, follow=follow,
    )  # fmt: skip
    return summarize_derivation(derivation(session, wanted, command))


def matrix(
    image: Image | None = None,
    *,
    contract: str | None = None,
    kernel_version: str | None = None,
    role: Role | None = None,
    against: Image | None = None,
    architecture: Literal["arm", "arm64"] | None = None,
    instruction_set: Literal["A32", "T32", "A64"] | None = None,
    byte_order: Literal["little", "big"] | None = None,
    references: Sequence[str] = (),
    caller: str | None = None,
    party: str | None = None,
) -> "MatrixResult":
    """Hold callers against the parties whose vectors can be live.

    :param image: its own callers against its own parties; where ``None``, those of every reference
        revision that is shipped against the parties of all
    :param contract: name of a shipped contract, or a contract file
    :param kernel_version: to take the contract at; the image's own where ``None``
    :param role: as for :func:`check`
    :param against: another file, whose parties the callers of ``image`` are held against
    :param architecture: of the references, like all that follow: only those of this one
    :param instruction_set: only those built as this
    :param byte_order: only those of this order
    :param references: names of reference images; all where empty
    :param caller: only these callers, as ``"A5/__hyp_get_vectors"``, or all of ``"A5"``
    :param party: only this party live, as ``"kvm-run/A4"``, or of all revisions as ``"kvm-run"``
    :raises HypabiError: image or contract cannot be read, nobody asks for a call, or references
        are chosen among where an image was given
    """
    from hypabi.analysis.provenance import provenance
    from hypabi.analysis.summaries.matrix import summarize_matrix
    from hypabi.analysis.tools import TOOLS

    chosen: Mapping[str, Option] = {
        "architecture": architecture, "instruction_set": instruction_set,
        "byte_order": byte_order, "image": references, "caller": caller, "party": party,
    }  # fmt: skip
    of_image: Mapping[str, Option] = {
        "contract": contract, "kernel_version": kernel_version, "role": role,
        "against": _named(against),
    }  # fmt: skip
    if image is None:
        from hypabi.analysis.reference_matrix import reference_matrix

        _refuse_options(of_image, "it is for the matrix of an image", "name an image")
        command = _command("matrix", **chosen)
        choice = _cell_choice(
            architecture, instruction_set, byte_order, references, caller or "", party or ""
        )
        return summarize_matrix(reference_matrix(choice, provenance(command, TOOLS)))
    from hypabi.analysis.matrix import image_matrix
    from hypabi.analysis.options import named_contract, version_of

    _refuse_options(chosen, "it chooses among the references", "leave out the image")
    held, version = named_contract(contract), version_of(kernel_version)
    session = _session(image, role)
    kernel = _against(against)
    of_image = {**of_image, "role": _role_of(session), "against": _of(kernel)}
    command = _command("matrix", *session.loaded.paths, **of_image)
    examination = session.examine_at(kernel, held, version)
    return summarize_matrix(image_matrix(examination, provenance(command, TOOLS)))


def diff(
    old: Path,
    new: Path,
    *,
    contract: str | None = None,
    kernel_version: str | None = None,
    old_contract: str | None = None,
    old_kernel_version: str | None = None,
    new_contract: str | None = None,
    new_kernel_version: str | None = None,
    callers: Literal["both", "old", "new"] = "both",
    suppressions: Path | None = None,
    today: str | None = None,
) -> "DiffResult":
    """Say what two images do differently for those who call them, and who breaks.

    :param old: kernel image, or what ``hypabi derive --save`` wrote of one; and so is ``new``
    :param contract: of both
    :param kernel_version: to take the contract of both at; their own where ``None``
    :param old_contract: of ``old`` alone, and so on
    :param callers: whose callers are asked for
    :param suppressions: file of what has been decided to live with
    :param today: day on which suppressions expire, as ``"2027-01-31"``; today where ``None``
    :raises HypabiError: one of the files cannot be read, or they do not fit each other
    """
    from hypabi.analysis.comparison import compare
    from hypabi.analysis.difference import opened
    from hypabi.analysis.options import suppressions_of, version_of
    from hypabi.analysis.provenance import provenance
    from hypabi.analysis.summaries.difference import summarize_diff
    from hypabi.analysis.tools import TOOLS

    lived_with = suppressions_of(_text(suppressions), today)
    of_old = (old_contract or contract, version_of(old_kernel_version or kernel_version))
    of_new = (new_contract or contract, version_of(new_kernel_version or kernel_version))
    first = opened(os.fspath(old), *of_old)
    second = opened(os.fspath(new), *of_new)
    command = _command(
        "diff", old, new, contract=contract, kernel_version=kernel_version,
        old_contract=old_contract, old_kernel_version=old_kernel_version,
        new_contract=new_contract, new_kernel_version=new_kernel_version,
        callers=None if callers == "both" else callers, suppressions=suppressions, today=today,
    )  # fmt: skip
    made = compare(first, second, _directions(callers), lived_with, provenance(command, TOOLS))
    return summarize_diff(made)


def document(
    *images: Path,
    contract: str | Sequence[str] = (),
    form: Literal["rst", "html", "man", "header"] = "rst",
    kernel_version: str | None = None,
    architecture: Literal["arm", "arm64"] | None = None,
    hypercalls: bool = False,
) -> "Document":
    """Write the document of an interface from its contract, and from what images make of it.

    :param images: kernel images whose machine code is described
    :param contract: name of a shipped contract, or a contract file; the default one where empty.
        Of several only with ``hypercalls``
    :param form: reStructuredText, HTML, a man page, or a C header of the numbers
    :param kernel_version: only what this kernel has
    :param architecture: only this one
    :param hypercalls: one page of all shipped contracts, or of those named
    :raises HypabiError: contract or image cannot be read, or there is no such document
    """
    from hypabi.analysis.options import version_of
    from hypabi.arch.names import Architecture
    from hypabi.documents.request import DocumentRequest, Form, Kind
    from hypabi.documents.write import write_document
    from hypabi.errors import MisuseError

    kind = Kind.HYPERCALLS if hypercalls else Kind.PAGE
    if form == "header":
        if hypercalls:
            what = "a header has one contract"
            raise MisuseError("--format header", what, "leave --hypercalls away")
        kind = Kind.HEADER
    request = DocumentRequest(
        kind,
        Form.RST if form == "header" else Form(form),
        (contract,) if isinstance(contract, str) else tuple(contract),
        tuple(os.fspath(image) for image in images),
        version_of(kernel_version),
        None if architecture is None else Architecture(architecture),
    )
    # A document says how it is made again wherever the images lie.
    names = (PurePath(image).name for image in images)
    command = _command(
        "document", *names, contract=contract, format=None if form == "rst" else form,
        kernel_version=kernel_version, architecture=architecture, hypercalls=hypercalls,
    )  # fmt: skip
    return write_document(request, command)


def drift(
    document: Path,
    *images: Path,
    contract: str | None = None,
    kernel_version: str | None = None,
    architecture: Literal["arm", "arm64"] | None = None,
) -> "DriftResult":
    """Hold what a kernel document says against a contract, and against the code of images.

    :param document: reStructuredText, as of the kernel's ``Documentation``
    :param images: kernel images to hold it against too
    :param contract: name of a shipped contract, or a contract file; the default one where ``None``.
        One that is stated is held against the document alone
    :param kernel_version: to take the contract at; the images' own where ``None``
    :param architecture: only this one
    :raises HypabiError: document, contract or an image cannot be read, or nothing says the version
    """
    from hypabi.analysis.drift import TOOLS, Against, hold_document, hold_stated
    from hypabi.analysis.options import any_contract_of, contract_of, version_of
    from hypabi.analysis.provenance import provenance
    from hypabi.analysis.summaries.drift import summarize_drift
    from hypabi.arch.names import Architecture
    from hypabi.contract.defaults import DEFAULT_CONTRACT
    from hypabi.contract.stated.model import StatedContract

    named = DEFAULT_CONTRACT if contract is None else contract
    only = None if architecture is None else Architecture(architecture)
    command = _command(
        "document", *images, drift=document, contract=contract, kernel_version=kernel_version,
        architecture=architecture,
    )  # fmt: skip
    made = provenance(command, TOOLS)
    if not images:
        stated = any_contract_of(named)
        if isinstance(stated, StatedContract):
            version = version_of(kernel_version)
            return summarize_drift(hold_stated(document, stated, version, only, made))
    paths = tuple(os.fspath(image) for image in images)
    against = Against(contract_of(named), paths, version_of(kernel_version), only)
    return summarize_drift(hold_document(os.fspath(document), against, made))


def new_contract(
    image: Image,
    *,
    name: str | None = None,
    kernel_version: str | None = None,
    role: Role | None = None,
    vectors: Sequence[str] = (),
) -> str:
    """Write a first contract from what a program does, for its author to edit.

    :param name: of the contract; made of the image's where ``None``
    :param kernel_version: with which it begins; the image's own, else 1.0, where ``None``
    :param role: as for :func:`check`
    :param vectors: symbols of the tables of vectors that count; all that are found where empty
    :return: YAML; all that it promises was proved of the image
    :raises HypabiError: the image cannot be read, or no vectors of it have a symbol
    """
    from hypabi.analysis.draft.draft import draft_contract
    from hypabi.analysis.options import version_of

    session, version = _session(image, role), version_of(kernel_version)
    return draft_contract(session, version, name, tuple(vectors))


def replay(
    witness: Path, image: Path | None = None, *, machine: Literal["engine", "qemu"] = "engine"
) -> "ReplayResult":
    """Run a witness on a machine, and say whether what it claims is so.

    :param witness: file that :func:`check` wrote
    :param image: the image that the witness names; not needed for one that is shipped
    :param machine: what runs it
    :raises HypabiError: the witness or the image cannot be read, or they do not belong together
    """
    from hypabi.analysis.replay import replay_file
    from hypabi.analysis.summaries.replay import summarize_replay

    files = (witness,) if image is None else (witness, image)
    command = _command("replay", *files, machine=None if machine == "engine" else machine)
    return summarize_replay(replay_file(os.fspath(witness), _text(image), machine, command))


def trace(
    image: Image,
    *,
    contract: str | None = None,
    kernel_version: str | None = None,
    role: Role | None = None,
    imported: Path | None = None,
    record: Path | None = None,
    smp: int = 1,
    cpu: str | None = None,
    memory: int = 512,
    append: str = "",
    until: str | None = None,
    drive: Sequence[str] = (),
    modules: Sequence[Path] = (),
    source: Literal["auto", "plugin", "gdb-stub"] = "auto",
    callers: bool = False,
    seconds: float = 600.0,
    silence: float = 240.0,
    console: int | None = None,
    listener: "Listener | None" = None,
) -> "TraceResult":
    """Watch what a kernel does at its interface to EL2 or HYP, and judge every crossing.

    :param contract: name of a shipped contract, or a contract file; the default one where ``None``
    :param kernel_version: to take the contract at; the image's own where ``None``
    :param role: as for :func:`check`
    :param imported: file of events to read, instead of booting the image under QEMU
    :param record: file to write the events to
    :param smp: CPUs
    :param cpu: QEMU's name of the processor; one of nVHE, or of 32 bits, where ``None``
    :param memory: MiB
    :param append: to the kernel's command line
    :param until: text on the console that ends it, or a number of seconds
    :param drive: what the kernel is made to do once it is up, of
        ``hypabi.tracing.drive.initramfs.STEPS``; where one fails that was not the first, it is
        driven alone in a second boot
    :param modules: files of modules of the kernel that are loaded before that
    :param source: what of QEMU tells the events: our plugin, its GDB stub, or ``auto``, the plugin
        where QEMU can load it
    :param callers: whether the functions are told that are on the stack of whoever calls
    :param seconds: that it may take at most
    :param silence: seconds without anything printed or crossed that are a hang
    :param console: descriptor that gets what the kernel prints
    :param listener: is told of each crossing as soon as it is back
    :raises HypabiError: image, contract or events cannot be read, QEMU cannot boot it, or the
        record cannot be written
    """
    from hypabi.analysis.options import named_contract, version_of
    from hypabi.analysis.provenance import provenance
    from hypabi.analysis.tools import TOOLS
    from hypabi.tracing.boot import Source, Wanted, WantedSource, booted, find_source
    from hypabi.tracing.control import driven
    from hypabi.tracing.run import Recorder, ignore, trace_events
    from hypabi.tracing.sources import read_events

    held, version = named_contract(contract), version_of(kernel_version)
    session = _session(image, role)
    command = _command(
        "trace", *session.loaded.paths, contract=contract, kernel_version=kernel_version,
        role=_role_of(session), **{"import": imported}, record=record,
        smp=None if smp == 1 else str(smp), cpu=cpu, memory=None if memory == 512 else str(memory),
        append=append or None, until=until, drive=",".join(drive) or None,
        module=[os.fspath(each) for each in modules],
        source=None if source == "auto" else source, callers=callers,
    )  # fmt: skip
    examination = session.examine(held, version)
    told = provenance(command, TOOLS)
    hear = ignore if listener is None else listener
    wanted = Wanted(
        cpu, smp, memory, append, until, seconds, silence, console, tuple(drive),
        WantedSource(source), callers, tuple(os.fspath(each) for each in modules),
    )  # fmt: skip
    found: Source | None = None
    read: Iterable[Event] = ()
    if imported is None:
        found = find_source(examination, wanted)
        header = found.header
    else:
        architecture, sha256 = session.kernel.architecture, session.loaded.sha256
        header, read = read_events(os.fspath(imported), architecture, sha256)
    recorder = None if record is None else Recorder(os.fspath(record), header)
    try:
        if found is None:
            return trace_events(examination, header, read, told, hear, recorder)
        with booted(examination, wanted, found.plugin) as events:
            result = trace_events(examination, header, events, told, hear, recorder)
        return driven(examination, found, wanted, result)
    finally:
        if recorder is not None:
            recorder.close()


def review(
    series: Path,
    tree: Path,
    *,
    base: str | None = None,
    contract: str | None = None,
    configurations: Sequence[str] = (),
    config: Path | None = None,
    fragment: Path | None = None,
    cross_compile: Mapping[str, str] | None = None,
    compiler: str | None = None,
    image_before: Path | None = None,
    image_after: Path | None = None,
    run_builds: bool = False,
    note: bool = False,
    b4: bool = False,
    cache: Path | None = None,
    jobs: int = 2,
    say: Callable[[str], None] | None = None,
) -> "ReviewResult":
    """Say what a posted series does patch by patch, and who must agree to it.

    :param series: a mailbox with its answers, a folder of patches, ``-`` for standard input, or
        ``A..B`` in the tree
    :param tree: the kernel's sources, a git repository or an unpacked package; it stays as it is
    :param base: commit that the series stands on; the one that it names where ``None``, or else
        what is checked out
    :param contract: name of a shipped contract, or a contract file; the default one where ``None``
    :param configurations: what is built: names of ``hypabi.kbuild.configurations``, or ``all``;
        ``arm`` and ``arm64`` where empty
    :param config: a whole configuration of the kernel that is built in place of these
    :param fragment: options that each of them gets besides
    :param cross_compile: by architecture, what the names of the compiler's programs begin with
    :param compiler: gcc, or clang as it is called here; gcc where ``None``, and clang where there
        is none
    :param image_before: kernel image without the series, where the user built it
    :param image_after: kernel image with it; both or none
    :param run_builds: whether to build a patch of which the build itself would run something
    :param note: whether each commit of a series ``A..B`` gets a git note that says what came of it
    :param b4: whether standard input is one mail of the series, and b4's tracking tells the others
    :param cache: folder for what is made; the user's where ``None``
    :param jobs: how many of a kernel's objects are made at once
    :param say: is told what takes long
    :raises HypabiError: series, tree, contract or an option cannot be read
    """
    from pathlib import Path as Folder

    from hypabi.analysis.options import named_contract
    from hypabi.errors import MisuseError
    from hypabi.review.configured import configurations_of
    from hypabi.review.review import ReviewWanted, review_series

    if (image_before is None) is not (image_after is None):
        raise MisuseError("image_before", "an image is given of one side alone", "give both")
    images = None
    if image_before is not None and image_after is not None:
        images = (Folder(image_before), Folder(image_after))
    prefixes = dict(cross_compile or {})
    command = _command(
        "review", series, tree=tree, base=base, contract=contract,
        configuration=list(configurations), config=config, fragment=fragment,
        cross_compile=[f"{name}={prefix}" for name, prefix in prefixes.items()],
        compiler=compiler, image_before=image_before, image_after=image_after,
        run_builds=run_builds, b4=b4,
    )  # fmt: skip
    wanted = ReviewWanted(
        series=os.fspath(series),
        tree=Folder(tree),
        base=base,
        contract=named_contract(contract),
        configurations=configurations_of(configurations, config, fragment),
        prefixes=prefixes,
        compiler=compiler,
        images=images,
        runs_builds=run_builds,
        notes=note,
        by_b4=b4,
        cache=None if cache is None else Folder(cache),
        jobs=jobs,
        say=say or (lambda _: None),
    )
    return review_series(wanted, command)


def _session(image: Image, role: Role | None) -> Session:
    if isinstance(image, Session):
        if role is not None:
            from hypabi.errors import MisuseError

            raise MisuseError("role", "the image is open already", "give it to open_image")
        return image
    paths = (image,) if isinstance(image, str | os.PathLike) else tuple(image)
    if not paths:
        from hypabi.errors import MisuseError

        raise MisuseError("image", "no file is named")
    return open_image(*paths, role=role)


def _against(image: Image | None) -> Session | None:
    return None if image is None else _session(image, None)


def _of(session: Session | None) -> Sequence[str]:
    """Return the files of another program, as a command names them."""
    return () if session is None else session.loaded.paths


def _named(image: Image | None) -> Sequence[str]:
    """Return what names another program, for a refusal."""
    if image is None:
        return ()
    if isinstance(image, Session):
        return image.loaded.paths
    return (os.fspath(image),) if isinstance(image, str | os.PathLike) else tuple(map(str, image))


def _role_of(session: Session) -> str | None:
    """Return the role that an image was said to have."""
    return None if session.loaded.told is None else session.loaded.told.value


def _text(path: Path | None) -> str | None:
    return None if path is None else os.fspath(path)


def _directions(callers: str) -> "tuple[Direction, ...]":
    from hypabi.judgement.difference.model import Direction

    asked = {"old": (Direction.OLD_CALLERS,), "new": (Direction.NEW_CALLERS,)}
    return asked.get(callers, tuple(Direction))


def _cell_choice(
    architecture: str | None,
    instruction_set: str | None,
    byte_order: str | None,
    references: Sequence[str],
    caller: str,
    party: str,
) -> "CellChoice":
    from hypabi.analysis.reference_matrix import CellChoice
    from hypabi.arch.names import Architecture, ByteOrder, InstructionSet

    revision, _, function = caller.partition("/")
    party, _, party_revision = party.partition("/")
    return CellChoice(
        architecture=None if architecture is None else Architecture(architecture),
        instruction_set=None if instruction_set is None else InstructionSet(instruction_set),
        byte_order=None if byte_order is None else ByteOrder(byte_order),
        images=tuple(references),
        caller_revision=revision,
        caller_function=function,
        party=party,
        party_revision=party_revision,
    )


def _refuse_options(options: Mapping[str, Option], what: str, hint: str) -> None:
    from hypabi.errors import MisuseError

    if words := _words(options):
        raise MisuseError(words[0], what, hint)


def _command(verb: str, *files: Path, **options: Option) -> tuple[str, ...]:
    """Return the command that prints the same result, in the same words whoever asks."""
    return ("hypabi", verb, *(os.fspath(file) for file in files), *_words(options))


def _words(options: Mapping[str, Option]) -> tuple[str, ...]:
    """Spell options as on a command line; what is ``None``, ``False`` or empty is not given."""
    words: list[str] = []
    for name, value in options.items():
        option = f"--{name.replace('_', '-')}"
        if value is True:
            words.append(option)
        elif isinstance(value, str | os.PathLike):
            words += (option, os.fspath(value))
        elif value:
            words += (word for each in value for word in (option, each))
    return tuple(words)
