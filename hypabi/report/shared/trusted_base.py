"""What no verdict can be better than."""

from collections.abc import Iterable, Iterator

from hypabi.analysis.provenance import Provenance
from hypabi.report.shared.text_layout import filled, titled


def trusted(provenance: Provenance) -> tuple[str, ...]:
    """Return what every verdict trusts, in whole sentences."""
    pypcode, ours = provenance.version("pypcode"), provenance.version("hypabi")
    instructions = (
        f"SLEIGH's reading of each instruction (pypcode {pypcode}), and where SLEIGH has none or "
        f"a wrong one, our overlay (hypabi {ours})"
    )
    arm = (
        "our reading of the Arm ARM (DDI 0487, DDI 0406C): exception entry and return, system "
        "registers, banked registers"
    )
    solver = (
        f"the solver, for each clause that is proved (bitwuzla {provenance.version('bitwuzla')}); "
        "a counterexample was evaluated again without it"
    )
    memory = (
        "that memory which the image marks as code or read-only is changed by nothing but the "
        "patching that was followed"
    )
    return (instructions, arm, solver, memory)


def trust_section(sentences: Iterable[str]) -> Iterator[str]:
    """Yield what is trusted as a section of a report."""
    yield from titled("Trusted")
    for text in sentences:
        yield from filled(text, "* ", "  ")
