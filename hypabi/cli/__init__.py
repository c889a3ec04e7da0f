"""The door: one small module per command, which reads its arguments, asks ``analysis`` and prints.

A command's module has its ``SUMMARY``, its arguments and ``run``; whatever it needs besides is
imported when it runs.  Guarantees: standard output is data and standard error is talk; bad input is
one line; the exit status is a set of bits, the same for all commands.
"""

__all__ = ["start"]
