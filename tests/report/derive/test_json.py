"""A derivation as JSON."""

import json

import jsonschema_rs
import pytest

from hypabi.analysis.results.derivation import Ending, MemoryRegion, MemoryWrite, SystemEffect
from hypabi.records import replace
from hypabi.report.derive import json as derive_json
from tests.report.made_derivations import call, case, derivation, entry
from tests.report.schemas import closed, schema

LONG = " + ".join(f"mem[x{number}]" for number in range(400))
FULL = case(
    "x1 == 1",
    registers={"x0": "0x0"},
    system={"VBAR_EL2": LONG},
    memory=(MemoryWrite("0x1000", 4, "0x1"),),
    regions=(MemoryRegion("0x1000", 4, 1),),
    effects=(SystemEffect("0x1000", "DSB", ("x1",), "cpucap.40"),),
    last_place="sync",
)
STUCK = case(ends=(Ending.STUCK, "at sync"))
VALIDATOR = jsonschema_rs.Draft202012Validator(closed(schema("derive")))


def test_json_is_as_published() -> None:
    whole = entry(call("0x0", FULL, name="HVC_SET_VECTORS"), call(None, STUCK))
    printed = json.loads(derive_json.write(derivation(whole, replace(whole, table=None))))
    VALIDATOR.validate(printed)
    assert (printed["verdict"], printed["exit_status"]) == ("derived", 0)
    assert printed["counts"] == {
        "entries": {"derived": 2, "undecided": 0},
        "calls": {"derived": 4, "undecided": 0},
    }
    (made,) = printed["entries"][0]["calls"][0]["cases"]
    assert made["system_registers"] == {"VBAR_EL2": LONG}  # in full
    assert made["memory"] == [{"address": "0x1000", "size": 4, "value": "0x1"}]
    made["more"] = 1
    with pytest.raises(jsonschema_rs.ValidationError):
        VALIDATOR.validate(printed)


def test_the_published_schema_is_that_of_the_type() -> None:
    assert derive_json.schema() == schema("derive")
