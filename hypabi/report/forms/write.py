"""Findings in a form by its name."""

from collections.abc import Callable
from importlib import import_module
from typing import Final, Literal, cast, get_args

from hypabi.report.findings.finding import Findings

Form = Literal["sarif", "ktap", "junit", "github", "gitlab"]
FORMS: Final[tuple[str, ...]] = get_args(Form)
"""Each is a module of this package, imported where it is asked for."""


def write_form(findings: Findings, form: str) -> str:
    """Return findings in a form.

    :param form: one of ``FORMS``
    """
    assert form in FORMS, form
    writer = cast(Callable[[Findings], str], import_module(f"hypabi.report.forms.{form}").write)
    return writer(findings)
