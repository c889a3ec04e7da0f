"""What is handed to a worker."""

from hypabi.records import frozen


@frozen
class Package:
    """A package of an archive, which has to be fetched."""

    file: str
    """Path below the archive's root."""
    sha256: str
    size: int
    """In bytes."""


@frozen
class Candidate:
    """Something that a source names and that may hold a kernel."""

    name: str
    """Path, or archive and package."""
    identity: str
    """What is the same as long as the content is: of a file its size and times, of a package its
    hash."""
    path: str
    """Of the file; empty for a package."""
    package: Package | None = None


@frozen
class Missing:
    """Something that a source names and that is not there."""

    name: str
    reason: str


@frozen
class Task:
    """What a worker does with one candidate."""

    candidate: Candidate
    questions: tuple[str, ...]
    contract: str | None
    folder: str
    """For what has to be fetched."""
    retries: int


@frozen(kw_only=True)
class SweepWanted:
    """How a sweep goes about it."""

    sources: tuple[str, ...]
    store: str
    questions: tuple[str, ...] = ("check",)
    contract: str | None = None
    jobs: int = 2
    limit: float = 300.0
    """Seconds that one image may take, fetching included."""
    disk: int = 2 << 30
    """Bytes of packages that may lie on the disk at once."""
    retries: int = 2
    again: bool = False
    """Judge also what the store has."""
    cluster: str | None = None
    """Address of a scheduler; ``None`` for processes of this machine."""
