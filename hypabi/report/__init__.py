"""What was found, as text and JSON: a folder for each command, a file for each form.

Guarantees: the answer comes first and what is needed to repeat it last; the same value gives the
same bytes; text is readable without colour, at most 75 columns wide, and holds nothing that a
terminal would obey.  ``*.schema.json`` are the published schemas.
"""

__all__ = [
    "callers.findings",
    "callers.html",
    "callers.json",
    "callers.text",
    "check.findings",
    "check.html",
    "check.json",
    "check.short",
    "check.text",
    "contract.stated_text",
    "contract.text",
    "derive.json",
    "derive.text",
    "diff.findings",
    "diff.html",
    "diff.json",
    "diff.text",
    "drift.findings",
    "drift.json",
    "drift.text",
    "findings.finding",
    "forms.write",
    "matrix.findings",
    "matrix.html",
    "matrix.json",
    "matrix.text",
    "replay.json",
    "replay.text",
    "review.checks",
    "review.json",
    "review.text",
    "shared.calls",
    "shared.register_sets",
    "shared.rule_text",
    "shared.text_layout",
    "trace.chrome",
    "trace.json",
    "trace.json_lines",
    "trace.text",
    "trace.timeline",
]
