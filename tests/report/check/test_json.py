import copy
import json

import jsonschema_rs
import pytest
from hypothesis import given

from hypabi.analysis.results.check import CheckResult
from hypabi.analysis.results.plain import plain
from hypabi.contract.clause import Authority
from hypabi.judgement.verification.verdict import Undecided, Unspecified, Vacuous
from hypabi.report.check import json as check_json
from hypabi.report.check.json import write
from tests.report import made
from tests.report.made import LOST, checks
from tests.report.schemas import schema, strict


def of_every_kind() -> CheckResult:
    return made.check(
        made.proved(),
        made.finding(LOST, "registers", authority=Authority(cite="a sentence")),
        made.finding(Undecided("why"), "memory"),
        made.finding(Vacuous("never"), "upgraded", call=None),
        missing=("kvm-init",),
        unspecified=(Unspecified("stub", None, "not documented"),),
        unclaimed=1,
        assumes=(made.premise("own-vectors", "because"),),
    )


def test_the_published_schema_is_one() -> None:
    for name in ("check", "derive"):
        jsonschema_rs.meta.validate(schema(name))


def test_the_published_schema_is_that_of_the_result() -> None:
    assert schema("check") == json.loads(json.dumps(check_json.schema()))


def test_the_report_begins_with_what_it_amounts_to() -> None:
    result = of_every_kind()
    printed = json.loads(write(result))
    assert (printed["verdict"], printed["exit_status"]) == ("refuted", 28)
    clauses = {"proved": 1, "refuted": 1, "suppressed": 0, "undecided": 1, "vacuous": 1}
    parties = {"found": 0, "absent": 1, "missing": 0, "untested": 1}
    assert printed["counts"] == {"clauses": clauses, "parties": parties}


def test_what_is_printed_is_what_is_published() -> None:
    jsonschema_rs.Draft202012Validator(schema("check")).validate(json.loads(write(of_every_kind())))


def test_nothing_is_printed_that_is_not_published() -> None:
    printed = json.loads(write(of_every_kind()))
    strict("check").validate(printed)
    printed["verdicts"][0]["more"] = 1
    with pytest.raises(jsonschema_rs.ValidationError):
        strict("check").validate(printed)


@pytest.mark.parametrize("field", sorted(schema("check")["required"]))
def test_the_schema_asks_for_every_field(field: str) -> None:
    printed = json.loads(write(of_every_kind()))
    del printed[field]
    with pytest.raises(jsonschema_rs.ValidationError):
        jsonschema_rs.Draft202012Validator(schema("check")).validate(printed)


def test_a_refuted_verdict_without_its_counterexample_is_refused() -> None:
    printed = json.loads(write(of_every_kind()))
    refuted = next(each for each in printed["verdicts"] if each["verdict"] == "refuted")
    for field in ("counterexample", "path", "disassembly", "observed"):
        broken = copy.deepcopy(printed)
        del broken["verdicts"][printed["verdicts"].index(refuted)][field]
        with pytest.raises(jsonschema_rs.ValidationError):
            jsonschema_rs.Draft202012Validator(schema("check")).validate(broken)


def test_the_issue_s_fields_are_there() -> None:
    printed = json.loads(write(of_every_kind()))
    assert printed["schema"] == {"name": "hypabi-check", "version": 2}
    assert printed["exit_status"] == 28
    for field in ("image", "parties", "verdicts", "assumptions"):
        assert printed[field]
    for verdict in printed["verdicts"]:
        assert {"party", "call", "clause", "verdict", "reason"} <= verdict.keys()
    assert [each["verdict"] for each in printed["verdicts"]] == [
        "proved",
        "refuted",
        "undecided",
        "vacuous",
    ]


def test_values_of_64_bits_are_hexadecimal_strings() -> None:
    refuted = json.loads(write(of_every_kind()))["verdicts"][1]
    assert refuted["counterexample"]["SCTLR_EL2"] == "0x30c50830"
    assert refuted["observed"] == [{"name": "x19", "entry": "0x10", "exit": "0x11"}]
    assert refuted["path"][0] == f"{made.STUB:#x}"
    assert refuted["disassembly"][0] == {
        "place": "vectors",
        "symbol": "vectors",
        "text": "mov x0, #0x1",
    }


def test_a_party_that_is_missing_is_said_to_be() -> None:
    parties = {each["name"]: each for each in json.loads(write(of_every_kind()))["parties"]}
    assert parties["stub"]["table"]["address"] == f"{made.STUB:#x}"
    assert (parties["kvm-init"]["found"], parties["kvm-init"]["table"]) == (False, None)


@given(checks())
def test_any_check_is_printed_as_json_that_can_be_read_back(check: CheckResult) -> None:
    text = write(check)
    assert text.isascii()
    assert text.endswith("}\n")
    printed = json.loads(text)
    assert {**printed, **json.loads(json.dumps(plain(check)))} == printed
