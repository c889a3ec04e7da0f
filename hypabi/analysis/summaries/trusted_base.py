"""What no verdict can be better than."""

from typing import TYPE_CHECKING

from hypabi.analysis.provenance import Provenance

if TYPE_CHECKING:
    from hypabi.analysis.results.check import SecondOpinion


def trusted(provenance: Provenance, second: "SecondOpinion | None" = None) -> tuple[str, ...]:
    """Return what every verdict trusts, in whole sentences.

    :param second: what another solver says, where it was asked
    """
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
    if second is not None:
        agreed = second.asked - len(second.dissents)
        solver += (
            f"; {second.solver} was asked {second.asked} obligations again, and gave the same "
            f"answer to {'each' if agreed == second.asked else agreed}"
        )
    memory = (
        "that memory which the image marks as code or read-only is changed by nothing but the "
        "patching that was followed"
    )
    return (instructions, arm, solver, memory)
