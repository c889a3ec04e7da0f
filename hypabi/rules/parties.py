"""Rules of what is there: parties, who installs them, where they lie, tables that nobody claims."""

from collections.abc import Mapping
from typing import Final

from hypabi.analysis.results.check import InstallerWord, PartyWord, PlacementWord
from hypabi.analysis.results.conclusion import Weight
from hypabi.rules.rule import Rule

PARTY: Final[Mapping[PartyWord, Rule | None]] = {
    PartyWord.FOUND: None,
    PartyWord.ABSENT: None,
    PartyWord.MISSING: Rule(
        "HYP-PARTY-MISSING",
        Weight.UNDECIDED,
        "A party that should be in the image was not found",
        "The contract has a party whose vectors were looked for by symbol, by shape and by who "
        "installs them, and something in the image says that it should be there: its program "
        "begins with it, a symbol names it, or its kin is there.",
        "Nothing that it does was judged. An image in which the vectors have been renamed or moved "
        "would otherwise look good.",
        "If it was renamed, name the new symbol in the contract (`vectors`, `also-at`). If it was "
        "left out on purpose, say for which kernels the contract has it (`until`).",
    ),
    PartyWord.UNTESTED: Rule(
        "HYP-PARTY-UNTESTED",
        Weight.UNDECIDED,
        "A party was found, and nothing of one of its calls could be tested",
        "Every clause of one call of the party is vacuous: no state meets what they presuppose.",
        "The call counts as judged to whoever reads only the numbers, and nothing was shown of it.",
        "Read the reasons of the vacuous clauses; most often a premise of the contract excludes "
        "what the code does.",
    ),
}
"""By the word for a party."""

INSTALLER: Final[Mapping[InstallerWord, Rule | None]] = {
    InstallerWord.FOUND: None,
    InstallerWord.ABSENT: None,
    InstallerWord.MISSING: Rule(
        "HYP-INSTALLER-MISSING",
        Weight.UNDECIDED,
        "Code that makes a party live was not found",
        "The contract names code that puts the vectors of a party in place without a call. None "
        "of its names is in the image, though another installer of the same party is.",
        "What it leaves in the registers of EL2 or HYP was not judged.",
        "If it was renamed, name it in the contract (`also-at` of the installer); if this kernel "
        "has none, say so there (`until`).",
    ),
}
"""By the word for an installer."""

PLACEMENT: Final[Mapping[PlacementWord, Rule | None]] = {
    PlacementWord.KEPT: None,
    PlacementWord.UNTOLD: None,
    PlacementWord.BROKEN: Rule(
        "HYP-PLACEMENT",
        Weight.REFUTED,
        "Code or a table does not lie where it has to",
        "The contract says where something has to lie: between two symbols, in a copied page that "
        "must not refer out of itself, within so many bytes, or with a landing instruction first. "
        "It does not.",
        "It works until memory is mapped otherwise: after the MMU of EL2 is turned on or off, in "
        "the copy, or where a probe enters it.",
        "Put it into the section that the contract names, or what it refers to into its copy.",
    ),
}
"""By the word for where something lies."""

UNCLAIMED: Final = Rule(
    "HYP-TABLE-UNCLAIMED",
    Weight.GOOD,
    "A vector table of EL2 or HYP that the contract does not speak of",
    "The image holds a vector table that is no party's.",
    "If it can be live, it answers hypercalls in a way that nobody has written down and nothing "
    "here was asked of.",
    "`hypabi derive --entry ADDRESS` says what it does; make it a party of the contract, if it is.",
)
