"""Witnesses of refuted clauses, made once and shared by the tests."""

import functools
from pathlib import Path
from typing import Protocol

import pytest

from hypabi.analysis.confirmation import Witnesses
from hypabi.analysis.examination import Examination
from hypabi.analysis.options import contract_of
from hypabi.analysis.session import open_image
from hypabi.contract.version import Version
from hypabi.home import CONTRACTS, REFERENCES
from hypabi.judgement.verification.verdict import Finding, Refuted
from hypabi.machine.engine.machine import Engine
from hypabi.machine.protocol import Machine
from hypabi.machine.qemu.machine import Qemu
from hypabi.machine.qemu.plugin import find_plugin
from hypabi.machine.qemu.target import Refused
from hypabi.witness.builder import NotMade
from hypabi.witness.model import Witness
from hypabi.witness.replay import Replay, replay_witness
from tests.inputs import find_tool, skip_for

FOLDER = REFERENCES
CONTRACT = "linux-hyp-abi"


class Made:
    """The refuted clauses of one file, and a witness of each."""

    def __init__(self, examination: Examination) -> None:
        self.examination = examination
        self.witnesses = Witnesses(examination)
        self._made: dict[int, Witness | NotMade] = {}

    def refuted(self) -> list[Finding]:
        """Return what is refuted of calls; code that installs is run on no machine."""
        rows = {(row.party, row.call) for row in self.examination.revision.rows}
        return [
            each
            for each in self.examination.judgement.findings
            if isinstance(each.verdict, Refuted) and (each.party, each.call) in rows
        ]

    def finding(self, party: str, call: str | None, clause: str) -> Finding:
        (found,) = (
            each
            for each in self.refuted()
            if (each.party, each.call, each.clause.name) == (party, call, clause)
        )
        return found

    def attempt(self, finding: Finding) -> Witness | NotMade:
        """Return the witness of one of these findings, searched for once, or why there is none."""
        if id(finding) not in self._made:
            self._made[id(finding)] = self.witnesses.of(finding)
        return self._made[id(finding)]

    def witness(self, finding: Finding) -> Witness:
        made = self.attempt(finding)
        assert not isinstance(made, NotMade), made
        return made

    def run(self, witness: Witness, machine: Machine) -> Replay:
        need_machine(machine.name)
        return replay_witness(witness, machine, self.witnesses.pages(witness))


@functools.cache
def of_reference(name: str, contract: str = CONTRACT, version: str = "6.1") -> Made:
    return of_file(FOLDER / f"{name}.elf", contract, version)


class Changed(Protocol):
    """Make the witnesses of a kernel under the shipped contract with some of its text replaced."""

    def __call__(self, image: Path, *changes: tuple[str, str]) -> Made:
        """Return them, made once."""
        ...


def of_file(path: Path, contract: str = CONTRACT, version: str | None = None) -> Made:
    parsed = None if version is None else Version.parse(version)
    return Made(open_image(path).examine(contract_of(contract), parsed))


MACHINES: tuple[Machine, ...] = (Engine(), Qemu())

on_each_machine = pytest.mark.parametrize("machine", MACHINES, ids=lambda machine: machine.name)


def need_machine(name: str) -> None:
    """Skip the test where a machine is not installed."""
    if name == Qemu().name:
        for tool in ("qemu-system-arm", "qemu-system-aarch64"):
            find_tool(tool)


def need_plugin() -> None:
    """Skip the test where QEMU loads no plugin of ours."""
    try:
        find_plugin("qemu-system-aarch64", 20.0)
    except Refused as why:
        skip_for("qemu-plugin", str(why))


def mutated(folder: Path, *changes: tuple[str, str]) -> str:
    """Write the shipped contract, changed, and return its path."""
    text = (CONTRACTS / f"{CONTRACT}.yaml").read_text("utf-8")
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    path = folder / "mutated.yaml"
    path.write_text(text, encoding="utf-8")
    return str(path)
