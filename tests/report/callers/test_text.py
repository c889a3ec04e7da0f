"""The list of call sites as text and as JSON."""

import json

import jsonschema_rs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hypabi.analysis.results.callers import (
    ContractCall,
    Kind,
    NoCall,
    SharedNumber,
    SiteVerdict,
    UninitialisedIdentifier,
    UnlistedCall,
    UnresolvedIdentifier,
)
from hypabi.callsites.model import Start
from hypabi.image.model import Role
from hypabi.records import replace
from hypabi.report.callers import json as callers_json
from hypabi.report.callers.text import write
from tests.report import made
from tests.report.made import COLUMNS
from tests.report.made_callers import (
    PASSED_ON,
    SET_VECTORS,
    callers,
    of_every_kind,
    site,
    way,
)
from tests.report.schemas import closed, schema


def test_the_first_lines_say_the_verdict_and_how_it_comes_about() -> None:
    lines = write(of_every_kind()).splitlines()
    assert lines[0] == "6.1.0-test: REFUTED and UNDECIDED"
    assert " ".join(lines[1:3]) == (
        "3 call sites: 1 named, 1 unresolved, 1 uninitialised; in 2 functions; by "
        "contract: 1 linux-hyp-abi"
    )
    assert lines[3] == "1 finding: the identifier is uninitialised."


def test_a_file_that_does_not_say_its_version_goes_by_its_name() -> None:
    assert write(callers(site(SET_VECTORS), version="")).startswith("vmlinuz: NAMED\n")


def test_nothing_found_is_not_everything_named() -> None:
    lines = write(callers()).splitlines()
    assert lines[:2] == ["6.1.0-test: UNDECIDED", "0 call sites: none judged; in 0 functions"]


def test_what_is_left_to_chance_comes_first_and_in_full() -> None:
    text = write(of_every_kind())
    titles = ["Uninitialised identifier", "Calls of linux-hyp-abi", "Unresolved", "Assumed"]
    places = [text.index(f"\n{title}\n") for title in titles]
    assert places == sorted(places)
    assert "    asks for   x0 is uninitialised: nobody sets it\n               x0 = 0x0\n" in text
    assert "    with       x1 = vectors\n" in text
    assert "    reads then x30\n    its caller x19-x20, callee-saved\n" in text
    assert "    answer     x0: returned, tested: x0 after the call == 0\n" in text


def test_a_call_of_another_contract_is_a_line() -> None:
    shared = SharedNumber("0xc6000002", (ContractCall("arm-smccc", "A"), ContractCall("kvm", "B")))
    text = write(callers(site(shared)))
    title = "Calls of arm-smccc"
    assert (
        f"\n{title}\n{'-' * len(title)}\nf+0x4: A of arm-smccc or B of kvm (0xc6000002)\n" in text
    )


def test_a_function_that_only_passes_on_is_told_by_what_its_callers_ask_for() -> None:
    line = write(callers(site(SET_VECTORS, paths=(way(PASSED_ON),)))).partition("abi\n---")[2]
    assert "\nf+0x4: HVC_SET_VECTORS (0x0)\n" in line


def test_all_is_told_of_one_function() -> None:
    asked = replace(of_every_kind(), function="f", sites=of_every_kind().sites[2:])
    text = write(asked)
    assert "\nf+0x4 of the decompressor: hvc #0\n" in text
    assert "    called by  g+0x8: HVC_SET_VECTORS (0x0)\n" in text
    assert "    asks for   unresolved: x0 depends on what the call at sync returns\n" in text


def test_a_way_that_was_not_followed_to_the_entry_says_from_where() -> None:
    inside = way(SET_VECTORS, start=Start.INSIDE, where=("x1 == 0", f"x2 < {made.STUB:#x}"))
    text = write(callers(site(SET_VECTORS, paths=(inside,))))
    assert "    where      x1 == 0\n    where      x2 < vectors\n" in text
    assert "    followed   from vectors+0x10, in inside\n" in text


CALL = {"contract": "linux-hyp-abi", "call": "HVC_SET_VECTORS"}


def test_json_is_as_published() -> None:
    printed = json.loads(callers_json.write(of_every_kind()))
    jsonschema_rs.Draft202012Validator(closed(schema("callers"))).validate(printed)
    assert printed["verdict"] == "refuted" and printed["exit_status"] == 28
    (name,) = printed["sites"][0]["asks_for"]
    assert name == {"kind": "named", "identifier": "0x0", **CALL}
    name["owner"] = "nobody"
    with pytest.raises(jsonschema_rs.ValidationError):
        jsonschema_rs.Draft202012Validator(closed(schema("callers"))).validate(printed)


def test_the_published_schema_is_that_of_the_type() -> None:
    assert callers_json.schema() == schema("callers")


NAMES = st.text(max_size=120)


@given(NAMES, NAMES, NAMES)
def test_no_line_is_wider_than_a_mail_or_moves_a_cursor(place: str, name: str, why: str) -> None:
    asked = (
        UninitialisedIdentifier(name, why, (place,)),
        UnresolvedIdentifier(why),
        UnlistedCall(why, name),
        NoCall(name),
        SharedNumber(name, (ContractCall(place, why),)),
    )
    told = [
        site(
            each,
            kind=Kind.UNINITIALISED,
            verdict=SiteVerdict.UNINITIALISED,
            place=place,
            paths=(path,),
        )
        for each in asked
        for path in (way(each, start=Start.LIMIT, where=(why, name)),)
    ]
    told.append(site(*asked, place=place, program=Role.DECOMPRESSOR))
    made_of = replace(callers(*told, version=name), contracts=(place, name), contract=why)
    for line in write(made_of).split("\n"):
        assert len(line) <= COLUMNS
        assert line.isprintable()
