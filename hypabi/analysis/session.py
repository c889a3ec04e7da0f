"""A file that was opened once, to be asked everything."""

import os
from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Literal

from hypabi.analysis.program import Program
from hypabi.code.cpu_capabilities import Capabilities
from hypabi.contract.version import Version
from hypabi.errors import HypabiError
from hypabi.image.load import load_image
from hypabi.image.model import Image, Loaded, Role
from hypabi.smt.allowance import Allowance, counted
from hypabi.smt.bitwuzla import BitwuzlaSolver

# What a contract needs is imported where one is asked for: `derive --entry` has none.
if TYPE_CHECKING:
    from hypabi.analysis.examination import Examination, Outside
    from hypabi.contract.model import Contract
    from hypabi.contract.revision import Revision


Files = tuple[str, ...]
"""Those of one program: a whole image, or its objects."""


class Session:
    """A file that was loaded, lazily asked: whatever is found is found once and kept."""

    def __init__(self, loaded: Loaded) -> None:
        self.loaded = loaded
        self._allowance = Allowance()
        self._examinations: dict[tuple[str, str, str], Examination] = {}

    @property
    def kernel(self) -> Image:
        """The kernel, which a decompressor in front of it only unpacks."""
        return self.loaded.images[-1]

    @cached_property
    def programs(self) -> Mapping[Role, Program]:
        """Each program of the file, in the order in which they run."""
        return {image.role: Program(image, self._allowance) for image in self.loaded.images}

    @cached_property
    def capabilities(self) -> Capabilities:
        """The CPU capabilities that the kernel describes."""
        return Capabilities(self.kernel)

    def contract(self, version: Version | None = None) -> "Contract":
        """Return the shipped contract that the kernel is held to where none is named.

        :param version: of the kernel; where ``None``, the one that the image says it is
        :raises HypabiError: none speaks of such a kernel
        """
        from hypabi.contract.registry import default_contract

        at = version or Version.parse(self.kernel.version)
        symbols = self.kernel.symbols
        return default_contract(self.kernel.architecture, at, lambda name: bool(symbols.find(name)))

    def revision(self, contract: "Contract", version: Version | None = None) -> "Revision":
        """Return the contract of the kernel that the file holds.

        :param version: of the kernel; where ``None``, the one that the image says it is
        :raises HypabiError: the kernel does not say its version, or the contract does not speak
            of it
        """
        from hypabi.contract.lint.lint import boundaries
        from hypabi.contract.resolve import revision_of

        version = version or Version.parse(self.kernel.version)
        if version is None and contract.until is None and len(boundaries(contract)) == 1:
            version = contract.since  # it says the same of every kernel
        if version is None:
            raise HypabiError(
                self.loaded.path,
                "the image does not say which kernel version it is",
                "name it with --kernel-version; another program than Linux needs a contract of its"
                " own, which 'hypabi contract new' begins",
            )
        return revision_of(contract, version, self.kernel.architecture)

    def examine(
        self,
        contract: "Contract | None",
        version: Version | None = None,
        outside: "Session | None" = None,
    ) -> "Examination":
        """Hold the file against a contract, once for each contract, version and outside program.

        :param contract: where ``None``, the shipped one that speaks of the kernel
        :param version: of the kernel; where ``None``, the one that the image says it is
        :param outside: another file, whose callers are held against the parties of this one
        :raises HypabiError: the contract does not speak of its version, or the other file is for
            another architecture
        """
        from hypabi.analysis.examination import Examination

        contract = contract or self.contract(version)
        revision = self.revision(contract, version)
        other = "" if outside is None else outside.loaded.sha256
        key = (contract.sha256, str(revision.version), other)
        found = self._examinations.get(key)
        if found is None:
            made = Examination(
                self.loaded,
                contract,
                revision,
                self.programs,
                lambda: self.capabilities,
                counted(BitwuzlaSolver, self._allowance),
            )
            made.outside = None if outside is None else self._outside(outside)
            found = self._examinations[key] = made
        return found

    def examine_at(
        self, against: "Session | None", contract: "Contract | None", version: Version | None
    ) -> "Examination":
        """Hold the file against a contract, or its callers against the parties of another file.

        :param against: the other file, of which contract and version are then
        :raises HypabiError: as :meth:`examine`
        """
        if against is None:
            return self.examine(contract, version)
        return against.examine(contract, version, self)

    def _outside(self, other: "Session") -> "Outside":
        if other.kernel.architecture is not self.kernel.architecture:
            what = f"it is {other.kernel.architecture.value}, the other is not"
            raise HypabiError(other.loaded.path, what, "name files of one architecture")
        from hypabi.analysis.examination import Outside

        return Outside(other.loaded, other.programs)


def separate(paths: Sequence[str]) -> "tuple[Files, ...]":
    """Return the programs that some files are: each whole one alone, objects together as one.

    Where the two are mixed nothing tells what belongs together, and all stays one.
    """
    from hypabi.image.parts import is_part

    if len(paths) > 1 and not any(map(is_part, paths)):
        return tuple((path,) for path in paths)
    return (tuple(paths),)


def open_image(
    path: str | os.PathLike[str],
    *others: str | os.PathLike[str],
    role: Literal["kernel", "decompressor"] | None = None,
) -> Session:
    """Open a kernel image, or another file that holds one, or the objects of a program.

    :param others: further objects and archives of the same program
    :param role: which program of a boot it is, where it does not tell itself
    :raises HypabiError: a file cannot be read, or holds nothing that can be judged
    """
    return Session(load_image(path, *others, role=None if role is None else Role(role)))
