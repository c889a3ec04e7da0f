"""Write a first contract from what a program does, and take back what is not proved of it.

Whatever the contract says has been judged on the image that it was written from: a promise that
is not proved is left out, and a call of which the frame is not proved is said to be unspecified,
with the reason.  What the calls are for, why they do so and who owns them is left to its author.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, assert_never

from hypabi.analysis.case_views import answers_by_number
from hypabi.analysis.derivation import identifier_of
from hypabi.analysis.draft.reply import Reply, answered_by, reply_of
from hypabi.analysis.draft.wording import number_text
from hypabi.analysis.findings.derivation import Answer
from hypabi.analysis.program import Program
from hypabi.analysis.session import Session
from hypabi.arch.identifiers import IDENTIFIERS, IMMEDIATE, identifier_bits, whole_register
from hypabi.arch.names import Architecture
from hypabi.arch.register_order import natural_order
from hypabi.behaviour.by_number import numbers_served
from hypabi.behaviour.case import Behaviour
from hypabi.code.vector_tables import VectorTable
from hypabi.contract.clauses_of_reply import RESERVED
from hypabi.contract.file.load import parse_contract
from hypabi.contract.registers import registers_of
from hypabi.contract.version import Version
from hypabi.decode.yaml import write_yaml
from hypabi.errors import HypabiError
from hypabi.image.model import Role
from hypabi.judgement.verification.verdict import Finding, Proved, Refuted, Undecided, Vacuous
from hypabi.smt.terms import Value

MOST_ROUNDS: Final = 8
"""Times that a draft is judged; what is left then is said to be unspecified."""
FAR_BELOW: Final = 4096
"""Numbers below zero that are taken for such, as the kernel takes error values."""
OLDEST: Final = "1.0"
"""Since when a contract speaks whose program carries no kernel version."""
EDIT: Final = "Written from the image. Say here why."
HEAD: Final = """\
# A first contract, written by 'hypabi contract new' from what an image does (SHA-256
# {}).
# All that it says was proved of that image. What the calls are for, what they are called, who owns
# them, and why they do what they do, is left to you: edit it, then run 'hypabi contract lint'.

"""
EXCEPTION: Final = {
    Architecture.ARM: ["ELR_hyp", "SPSR_hyp", "HSR"],
    Architecture.ARM64: ["ELR_EL2", "SPSR_EL2", "ESR_EL2"],
}
"""What taking the exception overwrites."""


@dataclass
class _Party:
    name: str
    symbol: str
    program: Program
    table: VectorTable
    served: frozenset[int]
    replies: dict[int | None, Reply] = field(default_factory=dict)

    def serves(self, number: int) -> bool:
        """Tell whether it tells a number from those that are no call's."""
        return number in self.served


def draft_contract(
    session: Session, version: Version | None, name: str | None, vectors: tuple[str, ...] = ()
) -> str:
    """Return a contract that the image keeps, as YAML.

    :param version: of the kernel that the contract begins with; the image's own where ``None``
    :param name: of the contract; made of the image's where ``None``
    :param vectors: symbols of the tables that count; those that are found where there are none
    :raises HypabiError: no vectors of the image have a symbol, or nothing that they do is promised
    """
    draft = _Draft(session, version, name, vectors)
    for _ in range(MOST_ROUNDS):
        text = draft.text()
        amiss = draft.amiss(text)
        if not amiss:
            return text
        for finding in amiss:
            draft.take_back(finding)
    for finding in draft.amiss(draft.text()):
        draft.leave_open(finding, "it was not proved")
    return draft.text()


class _Draft:
    def __init__(
        self,
        session: Session,
        version: Version | None,
        name: str | None,
        vectors: tuple[str, ...],
    ) -> None:
        self.session = session
        self.architecture = session.kernel.architecture
        programs = tuple(session.programs.values())
        self.vectors = vectors
        self.identifier = identifier_of(programs[-1], vectors)
        self.immediate = None if self.identifier == IMMEDIATE else 0
        self.since = version or Version.parse(session.kernel.version)
        self.name = name or _slug(Path(session.loaded.path).name) or "my-contract"
        self.parties = list(self._parties(programs))
        if not self.parties:
            what = "no vectors of EL2 or HYP were found that have a symbol of their own"
            hint = "name their symbol with --vectors; a contract knows a party by it"
            raise HypabiError(session.loaded.path, what, hint)
        self.numbers = sorted({n for party in self.parties for n in party.served})
        rows = {party.name: self._rows(party) for party in self.parties}
        every = [row.does for answers in rows.values() for row in answers]
        self.answer = answered_by(every, IDENTIFIERS[self.architecture])
        self.lost = {name for does in every for each in does for name in each.general}
        for party in self.parties:
            for row in rows[party.name]:
                party.replies[row.number] = self._reply(party, row)

    def _parties(self, programs: tuple[Program, ...]) -> Iterator[_Party]:
        names: set[str] = set()
        for program in programs:
            for _, table in sorted(program.tables(self.vectors).items()):
                symbol = table.name
                if self.vectors and symbol not in self.vectors:
                    continue
                if not symbol or len(program.image.symbols.find(symbol)) != 1:
                    continue
                name = _slug(symbol) or "vectors"
                while name in names:
                    name += "-2"
                names.add(name)
                behaviour = self._behaviour(program, table)
                bits = self.architecture.bits
                served = frozenset(numbers_served(behaviour, self.identifier, bits))
                yield _Party(name, symbol, program, table, served)

    def _behaviour(self, program: Program, table: VectorTable) -> Behaviour:
        return program.behaviour(table, self.immediate, identifier=self.identifier)

    def _rows(self, party: _Party) -> tuple[Answer, ...]:
        behaviour = self._behaviour(party.program, party.table)
        solver = party.program.explorer.new_solver
        listed = dict.fromkeys(self.numbers, "")
        return answers_by_number(behaviour, self.architecture, self.identifier, listed, solver)

    def _reply(self, party: _Party, row: Answer) -> Reply:
        behaviour = self._behaviour(party.program, party.table)
        entered: dict[Value, str] = {
            value: name for name, value in behaviour.at_entry.items() if not isinstance(value, int)
        }
        asked = {} if row.number is None else {self.identifier: row.number}
        registers = registers_of(self.architecture)
        return reply_of(row.does, registers, entered, self.answer, asked)

    def text(self) -> str:
        """Return the contract as it stands."""
        names = {
            f"{self.answer} == {number_text(number)}": f"result == {name}"
            for name, number in self._values().items()
        }
        return HEAD.format(self.session.loaded.sha256) + write_yaml(_renamed(self._plain(), names))

    def _plain(self) -> dict[str, object]:
        conduit: dict[str, object] = {"instruction": "hvc"}
        if self.immediate is not None:
            conduit["immediate"] = self.immediate
        conduit["because"] = EDIT
        said: dict[str, object] = {
            "contract": self.name,
            "title": f"What {self.name} does with calls",
            "since": OLDEST if self.since is None else _release(self.since),
            "architecture": self.architecture.value,
            "conduit": conduit,
            "identifier": self.identifier,
            "result": self._result(),
            "frame": self._frame(),
            "owners": {"author": {"section": "NAME THE SECTION OF MAINTAINERS"}},
            "parties": {party.name: self._party(party) for party in self.parties},
            "calls": {self._called(number): self._call(number) for number in self.numbers},
            "unserved": {"unspecified": {"because": "Each party says itself what it answers."}},
        }
        if len(self.parties) == 1:
            said["life-cycle"] = _life_cycle(self.parties[0].name)
        return said

    def _result(self) -> dict[str, object]:
        said: dict[str, object] = {"register": self.answer}
        return {**said, **self._values(), "because": EDIT}

    def _values(self) -> dict[str, int]:
        """Return what the register that answers says on success and on error, if it does."""
        errors = {self._constant(party.replies[None]) for party in self.parties}
        error = errors.pop() if len(errors) == 1 else None
        if error is None:
            return {}
        replies = (party.replies[number] for party in self.parties for number in self.numbers)
        if error and any(self._constant(reply) == 0 for reply in replies):
            return {"success": 0, "error": error}
        return {"error": error}

    def _constant(self, reply: Reply) -> int | None:
        """Return the one number that a reply answers, ``None`` where it answers others."""
        said = reply.promises.get("answer", {}).get("ensures", "")
        found = re.fullmatch(rf"{self.answer} == (\w+)", said)
        return int(found[1], 0) if found and not reply.unspecified else None

    def _frame(self) -> dict[str, object]:
        lost = sorted(self.lost | {self.answer}, key=natural_order)
        return {
            "registers": {"may-change": lost, "because": EDIT},
            "system-registers": {
                "may-change": EXCEPTION[self.architecture],
                "because": "Taking the exception overwrites these.",
            },
            "memory": {"because": EDIT},
            "returns": {"because": "A call comes back behind its hvc, as its caller was."},
        }

    def _party(self, party: _Party) -> dict[str, object]:
        said: dict[str, object] = {
            "title": party.symbol,
            "vectors": party.symbol,
            "owner": "author",
            "because": EDIT,
        }
        if party.program.image.role is Role.DECOMPRESSOR:
            said["program"] = "decompressor"
        if any(not party.serves(number) for number in self.numbers):
            said["unserved"] = party.replies[None].plain()
        said["any-other"] = party.replies[None].plain()
        return said

    def _call(self, number: int) -> dict[str, object]:
        serving = [party for party in self.parties if party.serves(number)]
        replies = {party.name: party.replies[number] for party in serving}
        said: dict[str, object] = {
            "summary": f"What {self._called(number)} is for, say here.",
            "number": self._signed(number),
            "served-by": list(replies),
            "because": EDIT,
        }
        arguments = {name for reply in replies.values() for name in reply.arguments}
        arguments -= {whole_register(self.identifier)}
        if arguments:
            ordered = sorted(arguments, key=natural_order)
            names = {name: f"argument_{at}" for at, name in enumerate(ordered, 1)}
            said["arguments"] = {argument: name for name, argument in names.items()}
            replies = {party: reply.with_names(names) for party, reply in replies.items()}
        open_ = next((reply for reply in replies.values() if reply.unspecified), None)
        if open_ is not None:
            return said | open_.plain()
        if len(replies) == 1:
            return said | next(iter(replies.values())).plain()
        return said | _together(replies)

    def _signed(self, number: int) -> int:
        """Return a number as its author will have written it: one just below 2^n is negative."""
        limit = 1 << identifier_bits(self.identifier, self.architecture.bits)
        return number - limit if limit - number <= FAR_BELOW else number

    def _called(self, number: int) -> str:
        signed = self._signed(number)
        sign = "MINUS_" if signed < 0 else ""
        return f"CALL_{sign}{abs(signed)}" if abs(signed) < 10 else f"CALL_{sign}{abs(signed):X}"

    def amiss(self, text: str) -> list[Finding]:
        """Return what is not proved of a contract on the image."""
        contract = parse_contract(text.encode(), self.name)
        found = self.session.examine(contract, contract.since)
        return [
            finding
            for finding in found.judgement.findings
            if not isinstance(finding.verdict, Proved)
            and not (isinstance(finding.verdict, Vacuous) and finding.clause.name in RESERVED)
        ]

    def take_back(self, finding: Finding) -> None:
        """Leave a promise out that was not proved; leave a call open whose frame was not."""
        name, reply = self._said(finding)
        if name in reply.promises:
            del reply.promises[name]
            return
        match finding.verdict:
            case Refuted() as refuted if all(each.lost for each in refuted.every):
                known = registers_of(self.architecture)
                lost = {each.lost for each in refuted.every if each.lost}
                new = {name for name in lost if name in known.system} - set(reply.writes)
                if new:
                    reply.writes = sorted({*reply.writes, *new})
                    return
                self.leave_open(finding, f"{refuted.instead}.")
            case Refuted() as refuted:
                self.leave_open(finding, f"{refuted.instead}.")
            case Undecided(reason) | Vacuous(reason):
                self.leave_open(finding, f"{reason}.")
            case Proved():
                raise AssertionError(finding)
            case _:
                assert_never(finding.verdict)

    def leave_open(self, finding: Finding, why: str) -> None:
        """Say of a call that nothing is promised, and why."""
        _, reply = self._said(finding)
        reply.unspecified = f"Not proved of the image: {finding.clause.text}: {why}"

    def _said(self, finding: Finding) -> tuple[str, Reply]:
        """Return the promise that a clause was made of, and the reply that it is in."""
        party = next(each for each in self.parties if each.name == finding.party)
        number = next((n for n in self.numbers if self._called(n) == finding.call), None)
        served = number is not None and party.serves(number)
        name = finding.clause.name.removesuffix(f"-at-{party.name}")
        return name, party.replies[number if served else None]


def _life_cycle(party: str) -> dict[str, object]:
    callers = {"anybody": {"while": [party], "because": EDIT}}
    return {"boot": party, "callers": callers}


def _renamed(plain: object, names: Mapping[str, str]) -> object:
    """Return plain values in which texts have the names that the contract gives them."""
    match plain:
        case dict():
            return {key: _renamed(value, names) for key, value in plain.items()}
        case str():
            return names.get(plain, plain)
        case _:
            return plain


def _together(replies: Mapping[str, Reply]) -> dict[str, object]:
    """Return the reply of a call that several parties serve, each part for its own."""
    said: dict[str, dict[str, object]] = {}
    for party, reply in replies.items():
        for key, things in reply.plain().items():
            assert isinstance(things, dict)
            for name, thing in things.items():
                named = {**thing, "parties": [party]}
                said.setdefault(key, {})[f"{name}-at-{party}"] = named
    return dict(said)


def _release(version: Version) -> str:
    major, minor, _ = version.numbers
    return f"{major}.{minor}"


def _slug(file: str) -> str:
    """Return a file's name as that of a contract: without its ending, if that is one (``.elf``)."""
    name = re.sub(r"(?<=.)(\.[a-z][a-z0-9]{0,3})+$", "", file.lower())
    return re.sub(r"[^a-z0-9]+", "-", name).strip("-")
