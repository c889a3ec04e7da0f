"""A replay as text and as JSON: the verdict first, what was claimed, predicted and observed."""

import json

import jsonschema_rs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hypabi.analysis.results.shared import ReplayVerdict
from hypabi.records import replace
from hypabi.report.replay import json as replay_json
from hypabi.report.replay.text import write
from tests.report.made import COLUMNS
from tests.report.made_replay import replayed
from tests.report.schemas import schema, strict


@pytest.mark.parametrize("word", ReplayVerdict)
def test_it_starts_with_what_the_machine_says(word: ReplayVerdict) -> None:
    assert write(replayed(word)).splitlines()[:3] == [
        f"stub, HVC_SET_VECTORS (0): system-registers: {word.value.upper()}",
        f"1 replay: 1 {word.value}",
        "",
    ]


def test_what_differs_is_shown_as_predicted_and_as_observed() -> None:
    text = write(replayed(ReplayVerdict.NOT_REPRODUCED))
    assert "* HVBAR\n  predicted   0x40\n  observed    0x0\n" in text
    assert "a defect of hypabi until it is explained" in " ".join(text.split())


def test_addresses_are_those_at_which_the_machine_has_it() -> None:
    text = write(replayed(ReplayVerdict.CONFIRMED))
    assert "  entered at  r0 = 0x2, mem[0x40000100] = 0x1\n" in text
    assert "0x40000000 above its link addresses" in text


def test_of_the_registers_observed_those_that_were_predicted_are_shown() -> None:
    _, _, seen = write(replayed(ReplayVerdict.CONFIRMED)).partition("\nObserved\n")
    assert "  registers   r0 = 0x0, HVBAR = 0x0\n  memory      0x40000100: 00 ff\n" in seen


def test_where_nothing_ran_nothing_is_observed() -> None:
    text = write(replayed(ReplayVerdict.NOT_RUN))
    assert "\nObserved\n" not in text
    assert "  not run     it is not installed\n" in text


@pytest.mark.parametrize("word", ReplayVerdict)
def test_json_is_as_published(word: ReplayVerdict) -> None:
    printed = json.loads(replay_json.write(replayed(word)))
    validator = strict("replay")
    validator.validate(printed)
    assert printed["verdict"] == printed["replay"]["verdict"] == word.value
    printed["claim"]["more"] = 1
    with pytest.raises(jsonschema_rs.ValidationError):
        validator.validate(printed)


def test_the_published_schema_is_that_of_the_type() -> None:
    assert replay_json.schema() == schema("replay")


TEXT = st.text(max_size=120)


@given(TEXT, TEXT, st.sampled_from(ReplayVerdict))
def test_no_line_is_wider_than_a_mail_or_moves_a_cursor(
    name: str, why: str, word: ReplayVerdict
) -> None:
    made = replayed(word, machine=name)
    claim = replace(made.claim, party=name, call=why, statement=why, promised=name)
    image = replace(made.image, name=name, version=why)
    result = replace(made, claim=claim, image=image, entered={name: "0x1"})
    for line in write(result).split("\n"):
        assert len(line) <= COLUMNS
        assert line.isprintable()
