"""A posted series of patches, held against the contract patch by patch, and who must agree to it.

``series`` reads mails, folders and commits; ``tree`` shows a source tree as it is after each patch,
in layers over it; ``programs`` builds there what the contract is about; ``judge`` answers what is
asked of a program or two, from what was ``kept`` where it can; ``step`` says what each patch newly
breaks, mends and changes, ``calls`` what becomes of names and numbers; ``agreement`` joins whom the
contract and MAINTAINERS name with what was answered to the series; ``review`` puts it together.

Guarantees: the tree stays as it is; what the base has too is never the series'; a patch that does
not apply, or does not build, is said so and is no verdict; nobody's agreement is made up.
"""

__all__ = ["configured", "findings", "review"]
