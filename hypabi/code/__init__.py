"""Programs: control flow, where functions begin and end, vector tables, and what the kernel
patches.

Works on the instructions of ``lifter`` and the bytes of ``image``; gives nothing a meaning.  What
is not shown to be code, a table or a function is not taken for one.
"""

__all__ = [
    "a64_words",
    "alternatives",
    "compiled_functions",
    "control_flow",
    "cpu_capabilities",
    "displacement",
    "function_body",
    "function_bounds",
    "installed_tables",
    "opening_forms",
    "openings",
    "references",
    "register_usage",
    "system_writes",
    "t32_words",
    "vector_base_writers",
    "vector_slots",
    "vector_tables",
]
