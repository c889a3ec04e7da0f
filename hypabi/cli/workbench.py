"""One program of a boot, with what is needed to derive from it."""

from collections.abc import Iterable

from hypabi.behaviour.case import Behaviour
from hypabi.behaviour.derive import derive
from hypabi.code.vectors import VectorTable, find
from hypabi.execution.explore import Explorer
from hypabi.execution.system import explorer_for
from hypabi.image.model import Image


class Workbench:
    """One program of a boot, with what is needed to derive from it; behaviours are kept."""

    def __init__(self, image: Image, names: Iterable[str]) -> None:
        self.image = image
        self.explorer: Explorer = explorer_for(image)
        self.tables = {t.address: t for t in find(image, names, self.explorer.instruction)}
        self._behaviours: dict[int, Behaviour] = {}

    def behaviour(self, table: VectorTable, immediate: int) -> Behaviour:
        """Return what an ``hvc`` through a table does, derived once."""
        found = self._behaviours.get(table.address)
        if found is None:
            found = derive(self.explorer, table.hvc_entry, immediate, table.state)
            self._behaviours[table.address] = found
        return found
