"""A series as it was posted: its patches in their order, and what was answered."""

from hypabi.records import frozen


@frozen
class Trailer:
    """A line in which somebody stands up for a patch, as ``Acked-by: A <a@b>``."""

    kind: str
    """``Acked-by``, ``Reviewed-by``, ``Signed-off-by`` or ``From``, of who wrote it."""
    name: str
    address: str
    """In small letters."""


@frozen
class Patch:
    """One patch."""

    number: int
    """Counts from 1."""
    subject: str
    """Without what stands in brackets before it."""
    message_id: str
    """Without its brackets; empty where it has none."""
    trailers: tuple[Trailer, ...]
    diff: bytes
    files: tuple[str, ...]
    """What it names, before and after, in the order of the patch."""
    base: str | None
    """The commit that it says to stand on."""
    intro: str = ""
    """What stands before its diff: subject, author and message."""


@frozen
class Series:
    """Patches that were posted together."""

    title: str
    """Subject of the cover letter, else of the first patch, with its brackets."""
    message_id: str
    """Of the cover letter, else of the first patch."""
    patches: tuple[Patch, ...]
    trailers: tuple[tuple[int, Trailer], ...]
    """What was answered, with the number of the patch; 0 where it was to the series."""
    commits: tuple[str, ...] = ()
    """The commit of each patch, where they are commits of the tree."""
    notes: tuple[str, ...] = ()
    """What is to be known of how it was put together."""

    @property
    def base(self) -> str | None:
        """Return the commit that the series says to stand on."""
        return next((each.base for each in self.patches if each.base is not None), None)
