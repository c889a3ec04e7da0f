"""The tool's own man page and the completion of shells, from the grammar of the command line."""

import argparse
from collections.abc import Iterator
from typing import Final

from docs.generators.commands import commands_of, shown, spelled

FILES: Final = ("IMAGE", "FILE", "NAME|FILE", "FOLDER", "DIR", "WITNESS", "OLD", "NEW", "KERNEL",
                "RST", "LINUX", "SERIES")  # fmt: skip
"""What an argument is called that a file name completes."""
SHELLS: Final = {"bash": "hypabi", "zsh": "_hypabi"}
"""By shell: the name that its completion has where it looks for one."""


def man_page() -> str:
    """Return the man page."""
    from hypabi.cli.main import DESCRIPTION, parser
    from hypabi.home import VERSION

    return "\n".join(_man(parser(), DESCRIPTION, VERSION)) + "\n"


def completion(shell: str) -> str:
    """Return what a shell reads to complete a command line of ours."""
    import shtab

    from hypabi.cli.main import parser

    top = parser()
    for command in (top, *(each for each, _ in commands_of(top))):
        for action in command._actions:  # noqa: SLF001 - argparse shows its grammar nowhere else
            if action.metavar in FILES:
                action.complete = shtab.FILE  # type: ignore[attr-defined]
    return f"{shtab.complete(top, shell).rstrip()}\n"


def _man(top: argparse.ArgumentParser, description: str, version: str) -> Iterator[str]:
    yield f'.TH HYPABI 1 "" "hypabi {version}" "User Commands"'
    yield ".SH NAME"
    yield "hypabi \\- hold Arm kernels against the contract between Linux and EL2"
    yield ".SH SYNOPSIS"
    yield ".B hypabi"
    yield "COMMAND [OPTION]... [FILE]..."
    yield ".SH DESCRIPTION"
    yield _roff(description)
    yield ".SH COMMANDS"
    for command, summary in commands_of(top):
        yield f'.SS "{_roff(command.prog)}"'
        paragraphs = (command.description or summary).strip().split("\n\n")
        yield "\n.PP\n".join(_roff(" ".join(each.split())) for each in paragraphs)
        for action in filter(shown, command._actions):  # noqa: SLF001 - as above
            name, says = spelled(action)
            yield ".TP"
            yield f".B {_roff(name)}"
            yield _roff(says)
    yield ".SH EXIT STATUS"
    yield _roff(" ".join((top.epilog or "").split()))
    yield ".SH FILES"
    yield ".TP"
    yield ".B hypabi.toml\\fR, or \\fB[tool.hypabi]\\fR of \\fBpyproject.toml"
    yield _roff(
        "The nearest above the working directory sets contract, kernel-version, suppressions and "
        "format where the command line does not."
    )
    yield ".SH ENVIRONMENT"
    yield ".TP"
    yield ".B NO_COLOR"
    yield "No colour on a terminal."
    yield ".SH SEE ALSO"
    yield ".BR qemu (1)"


def _roff(text: str) -> str:
    """Return text that roff prints as it stands, its hyphens as one can copy them."""
    escaped = text.replace("\\", "\\e").replace("-", "\\-")
    return f"\\&{escaped}" if escaped.startswith((".", "'")) else escaped
