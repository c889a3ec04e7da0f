"""What no verdict can be better than."""

from hypabi.analysis.provenance import Provenance


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
