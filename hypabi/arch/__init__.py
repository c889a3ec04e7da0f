"""What Arm says, as tables without behaviour.

Registers and their widths, processor modes and exception levels, the geometry of vector tables,
syndromes, system registers by encoding, the procedure-call standards.  Names are the Arm ARM's own:
``VBAR_EL2``, ``HVBAR``, ``ELR_hyp``.  General registers are lower case (``x0``, ``r0``), the banked
ones carry their bank (``SP_EL2``, ``SP_hyp``, ``LR_usr``).
"""

__all__ = [
    "aarch32",
    "aarch32_exceptions",
    "aarch32_maintenance",
    "aarch32_registers",
    "aarch32_system",
    "aarch64",
    "aarch64_access",
    "aarch64_system",
    "exception_routing",
    "identifiers",
    "names",
    "optional_registers",
    "register_order",
    "vector_entries",
]
