"""The door: turn a command line into one command's run and its exit status."""

import argparse
import gc
import io
import os
import sys
from collections.abc import Sequence
from contextlib import suppress
from importlib import import_module
from pathlib import Path
from typing import Final, NoReturn

from hypabi.analysis.exit_status import PIPE_CLOSED, Exit
from hypabi.atomic_file import flush_output, harmless
from hypabi.cli.configuration import apply_configuration
from hypabi.cli.memory import bounded_memory
from hypabi.cli.parser import Parser
from hypabi.cli.signals import status_of
from hypabi.cli.terminal import on_terminal
from hypabi.errors import HypabiError, MisuseError
from hypabi.home import VERSION
from hypabi.report.shared.text_layout import printable

DESCRIPTION: Final = (
    "The interface between the Arm Linux kernel and its hypervisors, read from a kernel image and "
    "held against a written contract."
)

COMMANDS: Final = (
    "check", "derive", "callers", "diff", "matrix", "replay", "review", "trace", "document",
    "contract", "explain", "suppress", "sweep", "history",
)  # fmt: skip
"""Each is a module of this package, imported only where the command line could mean it."""

SLOW: Final = ("check", "derive", "callers", "diff", "matrix", "replay", "document")
"""Those that can take more than seconds, and do not say themselves how far they are."""

COLLECT_AFTER: Final = 50_000
"""How many more objects are made than freed before the collector runs: what a run makes it mostly
keeps, and at Python's 700 the collector took a tenth of a short command."""

LONGEST_LINE: Final = 2000
"""Characters of what is said on standard error: it may quote a file."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command that the arguments name and return the exit status."""
    gc.set_threshold(COLLECT_AFTER)
    if not _streams_open():
        return _say("standard output is closed")
    try:
        status = _run(arguments)
        flush_output()
    except BrokenPipeError:
        return PIPE_CLOSED
    except KeyboardInterrupt as ended:
        _say("interrupted")
        return status_of(ended)
    except HypabiError as refused:
        usage = Exit.USAGE if isinstance(refused, MisuseError) else Exit.ERROR
        return _say(str(refused)) | usage
    except MemoryError:
        return _say("out of memory")
    except RecursionError:
        return _say("the input is nested deeper than can be followed")
    except OSError as failed:
        return _failed(failed)
    except Exception as failed:  # noqa: BLE001 - nothing above could say it better
        return _unexpected(failed)
    return status


def command() -> NoReturn:
    """Run the command of this process and leave at once.

    Nothing is left to do, and to free what was made piece by piece takes 0.04 s, a sixth of a short
    command; the end of the process frees it whole.
    """
    bounded_memory(sys.argv[1:])
    status = main()
    for stream in (sys.stdout, sys.stderr):
        if stream is not None:
            with suppress(OSError, ValueError):  # closed, or nobody reads: said by the status
                stream.flush()
    os._exit(status)


def _streams_open() -> bool:
    """Make the streams print the same bytes in every locale; return whether there is an output."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(encoding="utf-8", errors="backslashreplace")
    return sys.stdout is not None  # Python has None where the caller closed it


def _run(arguments: Sequence[str] | None) -> int:
    try:
        given = sys.argv[1:] if arguments is None else arguments
        if given[:1] == ["help"]:
            given = [*given[1:], "--help"]
        parsed = parser(given[:1]).parse_args(given)
        with on_terminal(parsed.command, getattr(parsed, "output", None), slow=parsed.slow):
            return int(parsed.run(parsed))
    except SystemExit as left:  # argparse leaves so after --help, --version and a refusal
        return left.code if isinstance(left.code, int) else int(Exit.GOOD)


def parser(first: Sequence[str] = ()) -> argparse.ArgumentParser:
    """Return the grammar of the command that comes first, or else of the whole command line."""
    top = Parser(
        prog="hypabi",
        description=DESCRIPTION,
        epilog="Exit status is a set of bits: 1 error, 2 usage (with 1), 4 change, 8 refuted "
        "(with 4), 16 undecided; 0 only when everything asked was decided and good. "
        "`hypabi help COMMAND` prints the options of one.",
        allow_abbrev=False,
    )
    top.add_argument("--version", action="version", version=f"hypabi {VERSION}")
    commands = top.add_subparsers(
        metavar="COMMAND", required=True, parser_class=Parser, prog=top.prog
    )
    for name in [name for name in COMMANDS if name in first] or COMMANDS:
        module = import_module(f"hypabi.cli.{name}")
        summary = module.SUMMARY
        command = commands.add_parser(
            name, help=summary, description=module.__doc__, allow_abbrev=False
        )
        module.add_arguments(command)
        apply_configuration(command, Path.cwd())
        command.set_defaults(run=module.run, command=name, slow=name in SLOW)
    return top


def _say(line: str) -> int:
    if sys.stderr is not None:
        said = printable(line)
        if len(said) > LONGEST_LINE:
            said = f"{said[:LONGEST_LINE]}..."
        print(f"hypabi: {said}", file=sys.stderr)
    return int(Exit.ERROR)


def _unexpected(failed: Exception) -> int:
    """Say of a library that it is missing; of all else the traceback is what a report needs."""
    library = failed.name if isinstance(failed, ModuleNotFoundError) else None
    if library and library.partition(".")[0] != "hypabi":
        return _say(
            f"{library}: this Python library is not installed; `pip install hypabi` brings what is "
            "needed (beside a Debian package, README.Debian says how)"
        )
    import traceback

    if sys.stderr is not None:
        sys.stderr.write(harmless("".join(traceback.format_exception(failed))))
    return _say("this is a defect of hypabi itself: please report it with the lines above")


def _failed(failed: OSError) -> int:
    what = failed.strerror or str(failed)
    return _say(f"{os.fsdecode(failed.filename)}: {what}" if failed.filename else what)
