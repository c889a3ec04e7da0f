"""Read a saved form that anybody may have written: everything is bounded, or refused in a line."""

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Final, NoReturn

from hypabi.arch.names import Architecture
from hypabi.behaviour.case import Behaviour, Case
from hypabi.behaviour.outcome import (
    Called,
    CalledBack,
    Condition,
    Effect,
    Faulted,
    Left,
    Outcome,
    Requested,
    Returned,
    Store,
    Stuck,
    Undecided,
)
from hypabi.behaviour.saved.terms import SavedTerms
from hypabi.behaviour.saved.writer import NAME, VERSION, Saved, SavedParty
from hypabi.errors import HypabiError
from hypabi.regular import read_regular
from hypabi.smt.terms import Term, Value

MOST_BYTES: Final = 16 << 20
MOST_ITEMS: Final = 4096
"""In any one list or table of the file but ``terms``."""
MOST_TEXT: Final = 4096
MOST_STORED: Final = 16
"""Bytes of one store."""

HINT: Final = "save it again with `hypabi derive --save`"
ENDS: Final[Mapping[str, str]] = {
    "returned": "",
    "left": "target mode status",
    "called-back": "target mode",
    "stuck": "",
    "faulted": "what",
    "called": "name",
    "requested": "immediate",
    "undecided": "reason",
}
"""What is said besides of each way to end."""

_REGISTER: Final = re.compile(r"[A-Za-z][A-Za-z0-9_.]{0,39}")
_SHA256: Final = re.compile(r"[0-9a-f]{64}")


def is_saved(path: Path) -> bool:
    """Tell whether a file is a saved form, by how it begins."""
    try:
        return read_regular(path, 256).lstrip().startswith(b"{")
    except OSError:
        return False


def read_saved(path: Path) -> Saved:
    """Read a saved form.

    :raises HypabiError: it cannot be read, or is none
    """
    try:
        content = read_regular(path, MOST_BYTES + 1)
    except OSError as failed:
        raise HypabiError(str(path), failed.strerror or str(failed)) from None
    return parse_saved(content, str(path))


def parse_saved(content: bytes, file: str) -> Saved:
    """Read a saved form from its bytes.

    :param file: what refusals call it
    :raises HypabiError: it is none
    """
    if len(content) > MOST_BYTES:
        raise HypabiError(file, f"it has more than {MOST_BYTES} bytes", HINT)
    return _Reader(file).saved(_decoded(content, file))


def _decoded(content: bytes, file: str) -> object:
    def refuse(what: str) -> NoReturn:
        raise HypabiError(file, what, HINT)

    def table(pairs: list[tuple[str, object]]) -> dict[str, object]:
        found = dict(pairs)
        if len(found) != len(pairs):
            refuse("a key stands twice in one table")
        return found

    def whole(digits: str) -> int:
        return int(digits) if len(digits) <= 20 else refuse("a number has more than 20 digits")

    try:
        return json.loads(
            content.decode(),
            object_pairs_hook=table,
            parse_int=whole,
            parse_float=lambda _: refuse("a number has a fraction"),
            parse_constant=lambda _: refuse("a number is none"),
        )
    except UnicodeDecodeError:
        refuse("it is no UTF-8")
    except json.JSONDecodeError as failed:
        refuse(f"line {failed.lineno}: this is no JSON: {failed.msg}")
    except RecursionError:
        refuse("it is nested too deep")


class _Reader:
    def __init__(self, file: str) -> None:
        self.file = file
        self.terms = SavedTerms((), self.refuse)
        self.assumptions: list[str] = []
        self.bits = 0

    def refuse(self, where: str, what: str) -> HypabiError:
        return HypabiError(f"{self.file}: {where}", what, HINT)

    def saved(self, plain: object) -> Saved:
        keys = "schema image contract tables capabilities parties behaviours assumptions terms"
        top = self.table(plain, "the file", keys)
        schema = self.table(top["schema"], "schema", "name version")
        if schema != {"name": NAME, "version": VERSION} or schema["version"] is True:
            raise self.refuse("schema", f"it is not {NAME} of version {VERSION}")
        image = self.table(top["image"], "image", "sha256 version architecture")
        contract = self.table(top["contract"], "contract", "name version")
        able = self.table(top["capabilities"], "capabilities", "known lacks")
        architecture = self.architecture(image["architecture"])
        self.bits = architecture.bits
        rows = top["terms"]
        if not isinstance(rows, list):
            raise self.refuse("terms", "it is no list")
        self.terms = SavedTerms(rows, self.refuse)
        self.assumptions = self.texts(top["assumptions"], "assumptions")
        behaviours = [
            self.behaviour(each, f"behaviours[{at}]")
            for at, each in enumerate(self.items(top["behaviours"], "behaviours"))
        ]
        parties = self.items(top["parties"], "parties")
        return Saved(
            self.matching(image["sha256"], _SHA256, "image.sha256"),
            self.text(image["version"], "image.version"),
            architecture,
            self.text(contract["name"], "contract.name"),
            self.text(contract["version"], "contract.version"),
            self.tables(top["tables"]),
            tuple(self.texts(able["known"], "capabilities.known")),
            tuple(self.texts(able["lacks"], "capabilities.lacks")),
            tuple(self.party(p, f"parties[{at}]", behaviours) for at, p in enumerate(parties)),
        )

    def architecture(self, plain: object) -> Architecture:
        for each in Architecture:
            if plain == each.value:
                return each
        raise self.refuse("image.architecture", "it is neither arm nor arm64")

    def tables(self, plain: object) -> Mapping[str, str]:
        found = self.mapping(plain, "tables")
        return {name: self.text(value, f"tables.{name}") for name, value in found.items()}

    def party(self, plain: object, where: str, behaviours: list[Behaviour]) -> SavedParty:
        keys = "name program symbol address how behaviour"
        found = self.table(plain, where, keys)
        index = self.whole(found["behaviour"], f"{where}.behaviour", len(behaviours))
        texts = [self.text(found[key], f"{where}.{key}") for key in ("name", "program", "symbol")]
        address = self.terms.value(found["address"], self.bits, f"{where}.address")
        if not isinstance(address, int):
            raise self.refuse(f"{where}.address", "it is no constant")
        how = self.text(found["how"], f"{where}.how")
        return SavedParty(texts[0], texts[1], texts[2], address, how, behaviours[index])

    def behaviour(self, plain: object, where: str) -> Behaviour:
        found = self.table(plain, where, "at_entry link status holds widths cases")
        widths = {
            self.matching(name, _REGISTER, f"{where}.widths"): self.whole(
                width, f"{where}.widths.{name}", 129
            )
            for name, width in self.mapping(found["widths"], f"{where}.widths").items()
        }
        entered = self.mapping(found["at_entry"], f"{where}.at_entry")
        cases = self.items(found["cases"], f"{where}.cases")
        return Behaviour(
            0,
            {name: self.entered(v, f"{where}.at_entry.{name}") for name, v in entered.items()},
            self.matching(found["link"], _REGISTER, f"{where}.link"),
            self.matching(found["status"], _REGISTER, f"{where}.status"),
            tuple(self.case(c, f"{where}.cases[{at}]", widths) for at, c in enumerate(cases)),
            widths,
            self.conditions(found["holds"], f"{where}.holds"),
        )

    def entered(self, plain: object, where: str) -> Value:
        """Read a register at entry: a constant of at most, a term of exactly our width."""
        return self.terms.value(plain, self.bits, where)

    def case(self, plain: object, where: str, widths: Mapping[str, int]) -> Case:
        found = self.table(plain, where, "guard registers stores effects outcome assumptions")
        registers: dict[str, Value] = {}
        for name, value in self.mapping(found["registers"], f"{where}.registers").items():
            at = f"{where}.registers.{name}"
            if widths.get(name, 0) < 1:
                raise self.refuse(at, "widths does not name it")
            registers[name] = self.terms.value(value, widths[name], at)
        stores = self.items(found["stores"], f"{where}.stores")
        effects = self.items(found["effects"], f"{where}.effects")
        rests = self.items(found["assumptions"], f"{where}.assumptions")
        most = len(self.assumptions)
        return Case(
            tuple(Condition(0, each) for each in self.conditions(found["guard"], f"{where}.guard")),
            registers,
            tuple(self.store(each, f"{where}.stores[{at}]") for at, each in enumerate(stores)),
            tuple(self.effect(each, f"{where}.effects[{at}]") for at, each in enumerate(effects)),
            self.outcome(found["outcome"], f"{where}.outcome"),
            tuple(
                self.assumptions[self.whole(each, f"{where}.assumptions", most)] for each in rests
            ),
            None,
        )

    def conditions(self, plain: object, where: str) -> tuple[Value, ...]:
        return tuple(self.terms.value(each, 1, where) for each in self.items(plain, where))

    def store(self, plain: object, where: str) -> Store:
        items = self.items(plain, where)
        if len(items) != 4:
            raise self.refuse(where, "a store has base, offset, size and value")
        base = None if items[0] is None else self.terms.value(items[0], self.bits, where)
        offset = self.terms.value(items[1], self.bits, where)
        size = self.whole(items[2], where, MOST_STORED + 1)
        if isinstance(base, int) or isinstance(offset, Term) or not size:
            raise self.refuse(where, "a base is a term, an offset a constant, a size at least 1")
        return Store(base, offset, size, self.terms.value(items[3], 8 * size, where))

    def effect(self, plain: object, where: str) -> Effect:
        items = self.items(plain, where)
        if len(items) != 3:
            raise self.refuse(where, "an effect has a name, operands and a guard")
        operands = tuple(self.terms.loose(each, where) for each in self.items(items[1], where))
        return Effect(0, self.text(items[0], where), operands, self.terms.value(items[2], 1, where))

    def outcome(self, plain: object, where: str) -> Outcome:
        ends = self.mapping(plain, where).get("ends")
        keys = ENDS.get(ends) if isinstance(ends, str) else None
        if keys is None:
            raise self.refuse(where, "this is no way to end")
        found = self.table(plain, where, f"ends {keys}")
        match ends:
            case "returned":
                return Returned()
            case "left":
                at = found["status"]
                status = None if at is None else self.terms.value(at, self.bits, where)
                target = self.terms.value(found["target"], self.bits, where)
                return Left(target, self.text(found["mode"], where), status)
            case "called-back":
                target = self.terms.value(found["target"], self.bits, where)
                return CalledBack(target, self.text(found["mode"], where))
            case "stuck":
                return Stuck(0)
            case "faulted":
                return Faulted(0, self.text(found["what"], where))
            case "called":
                return Called(self.text(found["name"], where), 0)
            case "requested":
                return Requested(0, self.whole(found["immediate"], where, 1 << 16))
            case _:
                return Undecided(0, self.text(found["reason"], where))

    def table(self, plain: object, where: str, keys: str) -> dict[str, object]:
        found = self.mapping(plain, where)
        for key in keys.split():
            if key not in found:
                raise self.refuse(where, f"{key!r} is missing")
        for key in found:
            if key not in keys.split():
                raise self.refuse(where, f"{key[:40]!r} has no meaning here")
        return found

    def mapping(self, plain: object, where: str) -> dict[str, object]:
        if not isinstance(plain, dict):
            raise self.refuse(where, "it is no table")
        if len(plain) > MOST_ITEMS:
            raise self.refuse(where, f"it has more than {MOST_ITEMS} keys")
        for key in plain:
            self.text(key, where)
        return plain

    def items(self, plain: object, where: str) -> list[object]:
        if not isinstance(plain, list):
            raise self.refuse(where, "it is no list")
        if len(plain) > MOST_ITEMS:
            raise self.refuse(where, f"it has more than {MOST_ITEMS} items")
        return plain

    def texts(self, plain: object, where: str) -> list[str]:
        return [
            self.text(each, f"{where}[{at}]") for at, each in enumerate(self.items(plain, where))
        ]

    def text(self, plain: object, where: str) -> str:
        if not isinstance(plain, str) or len(plain) > MOST_TEXT or not plain.isprintable():
            raise self.refuse(where, f"it is no printable text of at most {MOST_TEXT} characters")
        return plain

    def matching(self, plain: object, pattern: re.Pattern[str], where: str) -> str:
        text = self.text(plain, where)
        if pattern.fullmatch(text) is None:
            raise self.refuse(where, f"{text[:40]!r} is not spelled as it has to be")
        return text

    def whole(self, plain: object, where: str, end: int) -> int:
        """Read a whole number of 0 to ``end - 1``."""
        if type(plain) is not int or not 0 <= plain < end:
            raise self.refuse(where, f"it is no number below {end}")
        return plain
