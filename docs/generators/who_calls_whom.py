"""Who calls whom as a picture: the callers that a contract knows, and who can be live when they call."""

from functools import partial
from typing import TYPE_CHECKING, Final

from docs.generators.svg import Drawing
from hypabi.arch.names import Architecture
from hypabi.contract.resolve import revision_of

if TYPE_CHECKING:
    from hypabi.contract.revision import CallerContext, Revision

SIDE: Final = 250
COLUMN: Final = 132
ROW: Final = 46
HEAD: Final = 78
LONGEST: Final = 34
"""Characters of code that fit beside the grid."""


def page(architecture: Architecture, version: str) -> str:
    """Return who calls whom by ``linux-hyp-abi`` on an architecture as of a kernel version."""
    from hypabi.contract.file.load import shipped_contract
    from hypabi.contract.version import Version

    parsed = Version.parse(version)
    assert parsed is not None
    return _drawing(revision_of(shipped_contract("linux-hyp-abi"), parsed, architecture))


def _drawing(revision: "Revision") -> str:
    contexts = [context for context in revision.contexts if context.states]
    parties = [each.name for each in revision.parties]
    columns = [party for party in parties if any(party in context.states for context in contexts)]
    where = revision.architecture.value
    title = f"Who calls whom by {revision.contract} on {where}, Linux {revision.version}"
    says = "; ".join(
        f"{_who(t)} calls {', '.join(t.calls)} of {', '.join(t.states)}" for t in contexts
    )
    size = (SIDE + COLUMN * len(columns) + 16, HEAD + ROW * len(contexts) + 30)
    drawing = Drawing(*size, title, f"{says}.")
    drawing.text(16, 22, title, "name")
    drawing.text(16, 56, "caller", "muted")
    for number, party in enumerate(columns):
        x = SIDE + COLUMN * number
        drawing.box(x, 38, COLUMN - 6, 28, "box")
        drawing.text(x + (COLUMN - 6) / 2, 56, party, "code", "middle")
    for row, context in enumerate(contexts):
        y = HEAD + ROW * row
        drawing.text(16, y + 17, _who(context), "name")
        drawing.text(16, y + 33, _short(", ".join(context.functions)), "code muted")
        for number, party in enumerate(columns):
            if party in context.states:
                _cell(drawing, revision, context, party, SIDE + COLUMN * number, y)
    drawing.text(16, size[1] - 12, "empty: not while that party is live", "muted")
    return drawing.svg()


def _cell(  # a place on the picture
    drawing: Drawing, revision: "Revision", context: "CallerContext", party: str, x: float, y: float
) -> None:
    served = [call for call in revision.calls if call.name in context.calls]
    refuses = any(party not in call.served_by for call in served)
    drawing.box(x, y, COLUMN - 6, ROW - 8, "away" if refuses else "hot")
    what = context.calls[0] if context.calls else "any hvc"
    drawing.text(x + 8, y + 17, what.replace("any-other", "any other call"), "code")
    answer = ("refuses", "bad") if refuses else ("serves it", "good")
    drawing.text(x + 8, y + 32, *answer)


def _who(context: "CallerContext") -> str:
    return context.name.replace("-", " ")


def _short(text: str) -> str:
    return text if len(text) <= LONGEST else text[: LONGEST - 1] + "…"


ARM = partial(page, Architecture.ARM, "6.12")
ARM64 = partial(page, Architecture.ARM64, "6.12")
