"""What a reviewer wants to know of a contract."""

from hypabi.decode.place import Place
from hypabi.records import frozen


@frozen
class Remark:
    """One thing to look at."""

    place: Place
    what: str

    def __str__(self) -> str:
        return f"{self.place}: {self.what}"
