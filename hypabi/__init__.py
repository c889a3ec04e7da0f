"""Read a kernel image, derive what each hypercall does at EL2, hold it against a written contract.

Twelve packages, data flowing one way; ``docs/architecture.md`` says which may import which, and
``./check`` proves it.  This module, :mod:`hypabi.errors` and
:mod:`hypabi.records` import nothing of ours.
"""

__version__ = "0.1.0"
