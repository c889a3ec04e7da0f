"""``hypabi matrix IMAGE`` of small kernels: their callers, and what was said of them."""

import json
from typing import Any

from tests.cli.door import hypabi
from tests.report.schemas import strict

CALLER = """
    .globl {name}
    .type {name}, %function
{name}:
{body}
    .size {name}, . - {name}
"""


def caller(name: str, *body: str) -> str:
    """Return a function of the kernel."""
    return CALLER.format(name=name, body="\n".join(f"    {line}" for line in body))


def report(*arguments: object) -> dict[str, Any]:
    ran = hypabi("matrix", *map(str, arguments), "--format", "json")
    assert ran.stderr == ""
    found: dict[str, Any] = json.loads(ran.stdout)
    assert found["exit_status"] == ran.returncode
    strict("matrix").validate(found)
    return found


def points(found: dict[str, Any], function: str) -> dict[str, tuple[str, str]]:
    """Return what was answered of a function's one check at the stub."""
    (met,) = [
        each
        for each in found["callers"]["checks"]
        if (each["caller"]["function"], each["party"]) == (function, "stub")
    ]
    return {each["question"]: (each["verdict"], each["text"]) for each in met["answers"]}
