"""Fetch the real kernels that the tests and the demo read.

Kernels are inputs, not part of the project: they come from the Debian archive that this machine's
apt is configured for, live in a cache outside the repository, and are known by SHA-256
(``pins.toml``).  Nothing here names an archive's address.  What the cache holds under its final
name is whole and as pinned.
"""
