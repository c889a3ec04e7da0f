"""Which files a compiler would read as before though what they include was changed.

Most changes of a header that everything includes mean nothing to most files that include it: what
the preprocessor makes of them is the same text, and so the object is the same.  To preprocess a
file takes a third of the time that it takes to compile it.
"""

import re
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final

from hypabi.kbuild.layers import Layers

_DEPENDENCIES: Final = re.compile(r" -Wp,-M\S+")
_WHOLE: Final = (
    "made=$(mktemp); trap 'rm -f \"$made\"' EXIT\n"
    'said() { if [ "$1" = 0 ]; then sha256sum < "$made"; else echo none; fi; }\n'
)


def preprocessing(command: str, name: str) -> str | None:
    """Return the command that only preprocesses what another one compiles.

    :param name: of what is made
    :return: ``None`` where it is no command of a compiler
    """
    first = command.partition(";")[0].rstrip()
    kinds = [kind for kind in (" -c ", " -S ") if first.count(kind) == 1]
    if len(kinds) != 1 or first.count(f" -o {name} ") != 1:
        return None
    said = _DEPENDENCIES.sub("", first).replace(kinds[0], " -E -P ")
    return said.replace(f" -o {name} ", ' -o "$made" ')


def unchanged(old: Layers, new: Layers, commands: Mapping[str, str]) -> frozenset[str]:
    """Return what of some files would be made of the same text, before and after a change.

    :param commands: by name, what makes each
    """
    asked = {
        name: said
        for name, command in commands.items()
        if (said := preprocessing(command, name)) is not None
    }
    if not asked:
        return frozenset()
    with tempfile.TemporaryDirectory(dir=new.layers[0].parent, prefix="hypabi-") as folder:
        before, after = (
            _digests(of.over(Path(folder) / when), list(asked.values()))
            for when, of in (("old", old), ("new", new))
        )
    pairs = zip(asked, before, after, strict=True)
    return frozenset(name for name, was, is_ in pairs if was == is_ != "none")


def _digests(layers: Layers, commands: Sequence[str]) -> list[str]:
    """Return a digest of what the preprocessor makes of each, ``none`` where it refuses."""
    ran = layers.run(("sh",), text=_WHOLE + "".join(_lines(commands)))
    found = [line.split()[0] for line in ran.output.splitlines() if line.strip()]
    return found if len(found) == len(commands) else ["none"] * len(commands)


def _lines(commands: Sequence[str]) -> Iterator[str]:
    for each in commands:
        yield f"{{ {each} ; }} > /dev/null 2>&1 < /dev/null; said $?\n"
