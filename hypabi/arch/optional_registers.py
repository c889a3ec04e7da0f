"""System registers that not every CPU has, and what the ID registers say of them.

Arm ARM DDI 0487, D19.2; DDI 0406C, B4.1.93 (ID_PFR1): each is UNDEFINED where the feature that it
belongs to is not implemented.  Only what EL2 or HYP may name is here; of a register that is not in
the table, every CPU of its level has one, or nothing tells.
"""

from collections.abc import Mapping
from typing import Final, TypeAlias

from hypabi.records import frozen


@frozen
class Field:
    """Four bits of an ID register, and which of their values say that something is there."""

    register: str
    low: int
    least: int = 1
    most: int = 15


Feature: TypeAlias = tuple[tuple[Field, ...], ...]
"""What says that something is there: any of these, each of which is all of its fields."""

FineGrained = Field("ID_AA64MMFR0_EL1", 56)
Monitors = Field("ID_AA64PFR0_EL1", 44)

FEATURES: Final[tuple[tuple[Feature, tuple[str, ...]], ...]] = (
    (((FineGrained,),), ("HFGRTR_EL2", "HFGWTR_EL2", "HFGITR_EL2", "HDFGRTR_EL2", "HDFGWTR_EL2")),
    (((FineGrained, Monitors),), ("HAFGRTR_EL2",)),
    (
        ((Field("ID_AA64MMFR0_EL1", 56, least=2),),),
        ("HFGRTR2_EL2", "HFGWTR2_EL2", "HFGITR2_EL2", "HDFGRTR2_EL2", "HDFGWTR2_EL2"),
    ),
    (((Field("ID_AA64MMFR1_EL1", 40),),), ("HCRX_EL2",)),
    (
        ((Field("ID_AA64MMFR1_EL1", 16),),),
        ("LORC_EL1", "LOREA_EL1", "LORID_EL1", "LORN_EL1", "LORSA_EL1"),
    ),
    (((Field("ID_AA64MMFR3_EL1", 0),),), ("TCR2_EL1", "TCR2_EL2")),
    (((Field("ID_AA64MMFR3_EL1", 4),),), ("SCTLR2_EL1", "SCTLR2_EL2")),
    (((Field("ID_AA64MMFR3_EL1", 8),),), ("PIRE0_EL1", "PIRE0_EL2", "PIR_EL1", "PIR_EL2")),
    (((Field("ID_AA64MMFR3_EL1", 16),),), ("POR_EL0", "POR_EL1", "POR_EL2")),
    (
        ((Field("ID_AA64DFR0_EL1", 32),),),
        (
            "PMBIDR_EL1",
            "PMBLIMITR_EL1",
            "PMBPTR_EL1",
            "PMBSR_EL1",
            "PMSCR_EL1",
            "PMSCR_EL2",
            "PMSEVFR_EL1",
            "PMSFCR_EL1",
            "PMSICR_EL1",
            "PMSIDR_EL1",
            "PMSIRR_EL1",
            "PMSLATFR_EL1",
        ),
    ),
    (
        ((Field("ID_AA64DFR0_EL1", 44),),),
        ("TRBBASER_EL1", "TRBIDR_EL1", "TRBLIMITR_EL1", "TRBMAR_EL1", "TRBPTR_EL1", "TRBSR_EL1"),
    ),
    (((Field("ID_AA64DFR0_EL1", 52),),), ("BRBCR_EL1", "BRBCR_EL2", "BRBFCR_EL1", "BRBIDR0_EL1")),
    (
        ((Field("ID_AA64DFR0_EL1", 8, most=14),),),
        (
            "PMCCFILTR_EL0",
            "PMCCNTR_EL0",
            "PMCEID0_EL0",
            "PMCEID1_EL0",
            "PMCNTENCLR_EL0",
            "PMCNTENSET_EL0",
            "PMCR_EL0",
            "PMINTENCLR_EL1",
            "PMINTENSET_EL1",
            "PMOVSCLR_EL0",
            "PMOVSSET_EL0",
            "PMSELR_EL0",
            "PMUSERENR_EL0",
        ),
    ),
    (
        ((Field("ID_AA64PFR0_EL1", 24),),),
        ("ICC_SRE_EL1", "ICC_SRE_EL2", "ICH_HCR_EL2", "ICH_VMCR_EL2", "ICH_VTR_EL2"),
    ),
    (
        ((Field("ID_AA64PFR2_EL1", 12),),),
        ("ICH_HFGITR_EL2", "ICH_HFGRTR_EL2", "ICH_HFGWTR_EL2", "ICH_VCTLR_EL2"),
    ),
    (((Field("ID_AA64PFR0_EL1", 32),),), ("ZCR_EL1", "ZCR_EL2")),
    (
        ((Field("ID_AA64PFR1_EL1", 24),),),
        ("SMCR_EL1", "SMCR_EL2", "SMIDR_EL1", "SMPRIMAP_EL2", "SMPRI_EL1", "TPIDR2_EL0"),
    ),
    (
        ((Field("ID_AA64PFR0_EL1", 40),), (Field("ID_AA64PFR1_EL1", 16),)),
        ("MPAM0_EL1", "MPAM1_EL1", "MPAM2_EL2", "MPAMIDR_EL1"),
    ),
    (((Field("ID_AA64PFR1_EL1", 44),),), ("GCSCRE0_EL1", "GCSCR_EL1", "GCSCR_EL2")),
    (
        ((Field("ID_AA64PFR1_EL1", 8, least=2),),),
        ("GCR_EL1", "RGSR_EL1", "TFSRE0_EL1", "TFSR_EL1", "TFSR_EL2"),
    ),
    (
        ((Field("ID_PFR1", 16),),),
        ("CNTHCTL", "CNTHP_CTL", "CNTHP_TVAL", "CNTKCTL", "CNTVOFF", "CNTV_CTL", "CNTV_TVAL"),
    ),
    (((Field("ID_PFR1", 28),),), ("ICC_HSRE", "ICC_SRE", "ICH_HCR", "ICH_VMCR", "ICH_VTR")),
)
"""Registers, by what says that they are there."""

OPTIONAL: Final[Mapping[str, Feature]] = {name: told for told, names in FEATURES for name in names}
"""What says that a register is there, by its name."""
