import pytest

from hypabi.cli.parser import MACHINE_FORMS
from hypabi.report.forms.write import FORMS, write_form
from tests.report.forms.every import EVERY


def test_the_command_line_offers_the_forms_that_there_are() -> None:
    assert MACHINE_FORMS == FORMS


@pytest.mark.parametrize("form", FORMS)
def test_a_form_is_written_by_its_name_the_same_every_time(form: str) -> None:
    findings = EVERY["check"]
    text = write_form(findings, form)
    assert text == write_form(findings, form)
    assert text.endswith("\n")
    assert "HYP-CLAUSE-REGISTERS" in text
