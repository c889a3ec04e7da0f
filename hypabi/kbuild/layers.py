"""A source tree as it would be with changes, while it stays as it is.

A layer is a folder that holds files of the tree that were changed or made, each at its path in the
tree.  A command sees the tree with all layers, at the tree's own path, in a mount namespace of its
own (``unshare``, overlayfs), and what it writes goes to the uppermost layer.  Needs Linux 5.11 or
later that lets a user make namespaces.
"""

import os
import re
import signal
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from hypabi.errors import HypabiError
from hypabi.records import frozen

_ENTER: Final = (
    "ulimit -v {memory} 2> /dev/null; ulimit -f {file} 2> /dev/null\n"
    'mount -t overlay overlay -o "$1" "$2" && cd "$2" && shift 2 && exec "$@"'
)
_REFUSED: Final = "this machine lets no user show a tree in layers (user namespaces, overlayfs)"
_NO_LAYERS: Final = "a tree there cannot be shown in layers"
_ERROR: Final = re.compile(
    r"error|undefined|multiple definition|cannot|overlap|no rule to make", re.IGNORECASE
)
_PASSED_ON: Final = re.compile(r"make(?:\[\d+\])?: \*\*\* \[.*\] Error \d+")
"""What make says of a command that has said itself why it failed."""
FORBIDDEN: Final = frozenset(",:\\\n")
"""What the options of a mount give a meaning to."""
PATIENCE: Final = 1800
"""Seconds that a command may take."""
MEMORY: Final = 4 << 20
"""KiB that a process may have: a line of assembly may ask for any number of instructions."""
LONGEST: Final = 400
"""Characters of a complaint."""
MOST_SAID: Final = 1 << 20
"""Bytes that are read of what a command says."""
LARGEST: Final = 1 << 21
"""Blocks of 512 bytes that a file may get."""


@frozen
class Ran:
    """What came of a command."""

    status: int
    output: str
    """Its standard output, and what it complained of behind that."""

    def complaint(self) -> str:
        """Return the first line that names an error, as far as a report bears it.

        Where none does, the last that is no warning.
        """
        every = self.output.splitlines()
        lines = [line for line in every if "warning:" not in line] or every
        said = [line for line in lines if _ERROR.search(line)]
        first = next((line for line in said if not _PASSED_ON.match(line)), None)
        return (first or next(iter(said or lines[-1:]), "it said nothing"))[:LONGEST]


@frozen
class Layers:
    """A tree below layers, the uppermost first."""

    tree: Path
    layers: tuple[Path, ...]
    """At least one; the first takes what is written."""

    def over(self, layer: Path) -> "Layers":
        """Return the tree with one more layer on top, made where it is missing."""
        layer.mkdir(parents=True, exist_ok=True)
        return Layers(self.tree, (layer, *self.layers))

    def file(self, name: str) -> Path:
        """Return where a file of the tree lies, looked for from the top.

        :raises HypabiError: no layer has it
        """
        for folder in (*self.layers, self.tree):
            path = folder / name
            if path.is_file():
                return path
            if os.path.lexists(path):
                break  # overlayfs tells by a device that a file is gone
        raise HypabiError(str(self.tree), f"it has no file {name}")

    def has(self, name: str) -> bool:
        """Tell whether a file of the tree is there."""
        try:
            self.file(name)
        except HypabiError:
            return False
        return True

    def changed(self, uppermost: int = 1) -> frozenset[str]:
        """Return the files of the uppermost layers."""
        return frozenset(
            str(path.relative_to(top))
            for top in self.layers[:uppermost]
            for path in top.rglob("*")
            if path.is_file()
        )

    def write(self, name: str, text: str) -> None:
        """Change a file in the uppermost layer."""
        path = self.layers[0] / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")

    def run(
        self,
        command: Sequence[str],
        environment: Mapping[str, str] | None = None,
        text: str = "",
    ) -> Ran:
        """Run a command in the tree as the layers show it.

        :param text: its standard input
        :raises HypabiError: no such view can be made, or the command takes too long
        """
        upper, *lower = self.layers
        work = upper.with_name(upper.name + ".work")
        work.mkdir(exist_ok=True)
        folders = ":".join(map(str, (*lower, self.tree)))
        options = f"lowerdir={folders},upperdir={upper},workdir={work},userxattr"
        if any(FORBIDDEN & set(str(each)) for each in (self.tree, *self.layers)):
            raise HypabiError(str(self.tree), "a comma or colon is in its path", _NO_LAYERS)
        enter = ["unshare", "--map-root-user", "--mount", "sh", "-c"]
        enter += [_ENTER.format(memory=MEMORY, file=LARGEST), "sh"]
        variables = {**os.environ, "LC_ALL": "C", **(environment or {})}
        try:
            ran = _ran([*enter, options, str(self.tree), *command], variables, text)
        except subprocess.TimeoutExpired:
            raise HypabiError(command[0], f"it took more than {PATIENCE} s") from None
        if ran.status and ran.output.startswith(("unshare:", "mount:")):
            raise HypabiError(str(self.tree), _REFUSED, ran.output.splitlines()[0])
        return ran


def _ran(command: Sequence[str], environment: Mapping[str, str], text: str) -> Ran:
    """Run a command; nothing that it began is left where it takes too long or is interrupted."""
    with (
        tempfile.TemporaryFile() as output,
        subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=output, stderr=subprocess.STDOUT,
            env=environment, start_new_session=True,
        ) as process,
    ):  # fmt: skip
        try:
            process.communicate(text.encode(), timeout=PATIENCE)
        except BaseException:
            os.killpg(process.pid, signal.SIGKILL)
            raise
        output.seek(0)
        return Ran(process.returncode, output.read(MOST_SAID).decode("utf-8", "replace"))
