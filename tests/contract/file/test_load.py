"""A contract file is read strictly: what is right loads, what is not is refused where it stands."""

from pathlib import Path

import pytest

from hypabi.contract.file.load import (
    load_contract,
    parse_any,
    parse_contract,
    shipped_contract,
    shipped_contracts,
    shipped_or_stated,
)
from hypabi.contract.file.writer import write_contract
from hypabi.decode.place import FileError
from tests.contract.contract_example import EXAMPLE, changed
from tests.inputs import ROOT


def refusal(text: bytes) -> str:
    with pytest.raises(FileError) as refused:
        parse_contract(text, "file.yaml")
    return str(refused.value)


def line_of(text: bytes, piece: str) -> int:
    return text.decode()[: text.decode().index(piece)].count("\n") + 1


def test_the_example_loads() -> None:
    assert parse_contract(EXAMPLE.encode(), "file.yaml").name == "example"


@pytest.mark.parametrize(
    ("old", "new", "key", "what"),
    [
        # unknown keys, with the nearest known one
        ("title: an interface", "titel: an interface", "titel", "did you mean 'title'?"),
        ("    served-by: [stub]", "    servedby: [stub]", "UPGRADE.servedby", "'served-by'"),
        ("size: 16,", "size: 16, sise: 3,", "stack.sise", "did you mean 'size'?"),
        ("identifier: {arm: r0,", "identifier: {arm32: r0,", "identifier.arm32", "'arm'"),
        # missing keys
        ("    owner: people\n    cite: a stub", "    cite: a stub", "parties.stub", "'owner'"),
        # wrong types
        ("number: 0", "number: zero", "calls.SET.number", "wants a number, has the text 'zero'"),
        ("title: an interface", "title: 7", "title", "wants a text, has the number 7; quote it"),
        ("title: an interface", "title:", "title", "wants a text, has nothing"),
        ("title: an interface", "title: [a]", "title", "wants a text, has a list"),
        ("owners: {people: {section: PEOPLE}}", "owners: [people]", "owners", "has a list"),
        ("    served-by: [stub]", "    served-by: stub", "UPGRADE.served-by", "wants a list"),
        ('since: "5.0"', "since: 5", "since", "a kernel version"),
        ('since: "5.0"', 'since: "5.x"', "since", "a kernel version"),
        ("program: kernel", "program: module", "big.program", "one of kernel, decompressor"),
        ("answered: success", "answered: maybe", "rises.answered", "error, success"),
        # registers
        (
            "identifier: {arm: r0,",
            "identifier: {arm: x0,",
            "identifier",
            "arm has no register 'x0'",
        ),
        ("[x0-x18]", "[x0-x31]", "registers.may-change", "arm64 has no register 'x31'"),
        ("[x0-x18]", "[x18-x0]", "registers.may-change", "no range of registers"),
        ("[x0-x18]", "[x0-r18]", "registers.may-change", "no range of registers"),
        ("arm64: VBAR_EL2", "arm64: VBAR_EL5", "registers.base", "no register 'VBAR_EL5'"),
        ("registers: [base]", "registers: [bass]", "writes.vectors.registers", "'bass'"),
        # expressions
        ("vectors % alignment == 0", "vector % alignment == 0", "aligned.holds", "'vectors'?"),
        ("vectors % alignment == 0", "vectors % alignment", "aligned.holds", "no condition"),
        ("base == vectors,", "base = vectors,", "promises.set.ensures", "write '=='"),
        ("start: SP_EL2 - 16", "start: SP_EL9 - 16", "stack.start", "'SP_EL9'"),
        ("SOME_CAPABILITY)", "SOME_CAPABILITY, X)", "parties.big.when", "is no condition"),
        (
            "result == error, because: no",
            "old(result) == 0, because: no",
            "refused.ensures",
            "entry",
        ),
        # names
        (
            "owner: people\n    cite",
            "owner: pepole\n    cite",
            "stub.owner",
            "did you mean 'people'?",
        ),
        ("    served-by: [stub]", "    served-by: [stob]", "UPGRADE.served-by", "'stub'?"),
        (
            "    served-by: [stub]",
            "    served-by: [sink]",
            "UPGRADE.served-by",
            "answers every call",
        ),
        ("size: 8, parties: [stub]", "size: 8, parties: [big]", "log.parties", "does not serve"),
        ("users:\n  other: {calls: [SET]", "users:\n  other: {calls: [SIT]", "calls", "'SET'?"),
        ("from: stub,", "from: stab,", "transitions[0].from", "'stub'?"),
        ("call: any-other,", "call: any-others,", "transitions[1].call", "'any-other'?"),
        ("boot: stub", "boot: boat", "life-cycle.boot", "no party 'boat'"),
        ('table_of("stub")', 'table_of("stab")', "own.holds", "no party 'stab'"),
        ("constants: {alignment:", "constants: {success:", "constants.success", "means something"),
        ("constants: {alignment:", "constants: {SET:", "constants.SET", "is a call's already"),
        ("arguments: {vectors:", "arguments: {UPGRADE:", "arguments.UPGRADE", "something else"),
        ("registers: {base:", "registers: {x3:", "registers.x3", "is a register of arm64"),
        ("registers: {base:", "registers: {a-b:", "registers.a-b", "is no name"),
        ("arguments: {vectors:", "arguments: {base:", "arguments.base", "something else"),
        ("      set: {ensures", "      memory: {ensures", "promises.memory", "every row has"),
        # meaning
        (
            "set: {ensures: base == vectors,",
            "set: {",
            "promises.set",
            "wants exactly one of the keys ensures, returns",
        ),
        (
            "answered: error,",
            "answered: error, handed-to: f,",
            "stays",
            "wants exactly one of the keys",
        ),
        ("leaves-to: r4, at: hyp", "leaves-to: r4", "entered", "go together"),
        ("leaves-to: r4, at: hyp", "leaves-to: r4, at: EL2h", "entered.at", "no mode 'EL2h'"),
        ("returns: EL2h", "returns: el2", "rises.returns", "no mode 'el2'"),
        ('until: "8.0"', 'until: "6.0"', "UPGRADE.until", "does not come after 6.0"),
        ("size: 16", "size: 0", "stack.size", "empty"),
        ("number: 3", "number: -0x8000000000000001", "UPGRADE.number", "does not fit"),
        (
            "    any-call:",
            "    any-other:\n      promises: {}\n    any-call:",
            "sink",
            "exactly one",
        ),
        ("unspecified: {cite: not documented}", "promises: {}", "", ""),
        ("architecture: arm64, parties", "architecture: arm, parties", "quiet.holds", "SCTLR_EL2"),
        (
            "returns: caller, answered",
            "architecture: arm, returns: caller, answered",
            "stays",
            "arm64 only",
        ),
    ],
)
def test_what_is_wrong_is_refused_by_key(old: str, new: str, key: str, what: str) -> None:
    text = changed(old, new)
    if not key:  # the pair's other direction: this change is all right
        parse_contract(text, "file.yaml")
        return
    said = refusal(text)
    assert said.startswith("file.yaml:"), said
    assert key in said, said
    assert what in said, said


def test_a_refusal_names_the_line() -> None:
    text = changed("number: 3", "number: three")
    assert f"file.yaml:{line_of(text, 'number: three')}: " in refusal(text)


def test_what_is_no_mapping_is_no_contract() -> None:
    assert "wants a mapping, has a list" in refusal(b"[a, b]")


def test_a_missing_file_and_a_folder_are_refused_in_one_line(tmp_path: Path) -> None:
    for path in (tmp_path / "absent.yaml", tmp_path):
        with pytest.raises(FileError, match="cannot be read") as refused:
            load_contract(path)
        assert "\n" not in str(refused.value)


def test_words_that_yaml_1_1_takes_for_truth_are_text() -> None:
    contract = parse_contract(changed("title: an interface", "title: no"), "file.yaml")
    assert contract.title == "no"


def test_the_shipped_contract_loads_and_can_be_meant() -> None:
    assert "linux-hyp-abi" in shipped_contracts()
    for name in shipped_contracts():
        found = shipped_or_stated(name)
        file = Path(found.place.file)
        text = (ROOT / "hypabi" / "contracts" / file).read_bytes()
        checked = parse_any(text, file.name)
        assert write_contract(checked) == write_contract(found)
        assert checked.sha256 == found.sha256


def test_an_unknown_shipped_name_is_refused_with_the_nearest() -> None:
    with pytest.raises(FileError, match="did you mean 'linux-hyp-abi'"):
        shipped_contract("linux-hyp-api")
