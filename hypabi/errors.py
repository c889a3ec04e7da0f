"""How hypabi refuses an input.

Three kinds of failure are never mixed: *input refused* is a :class:`HypabiError`; *not known* is a
value (``Undecided`` with its reason); *our defect* is an assertion with a traceback.
"""


class HypabiError(Exception):
    """Refuse an input in one line: where it is wrong, what is wrong, what to try.

    :param where: the file, and where it helps the offset, line or key
    :param what: what is wrong there
    :param hint: what the user can do about it, empty where nothing sensible can be said
    """

    def __init__(self, where: str, what: str, hint: str = "") -> None:
        super().__init__(where, what, hint)
        self.where = where
        self.what = what
        self.hint = hint

    def __str__(self) -> str:
        line = f"{self.where}: {self.what}"
        return f"{line}; {self.hint}" if self.hint else line


class MisuseError(HypabiError):
    """Refuse what is asked for, whatever the input: options that do not go together."""
