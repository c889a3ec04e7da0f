"""One program of a boot, with what is needed to derive from it."""

from collections.abc import Iterable

from hypabi.behaviour.case import Behaviour
from hypabi.behaviour.derive import derive_behaviour
from hypabi.code.vector_tables import VectorTable, find_vector_tables
from hypabi.image.model import Image
from hypabi.symbolic.explore import Explorer
from hypabi.symbolic.setup import explorer_for


class Workbench:
    """One program of a boot, with what is needed to derive from it; behaviours are kept."""

    def __init__(self, image: Image, names: Iterable[str]) -> None:
        self.image = image
        self.explorer: Explorer = explorer_for(image)
        self.tables = {
            t.address: t for t in find_vector_tables(image, names, self.explorer.instruction)
        }
        self._behaviours: dict[int, Behaviour] = {}

    def behaviour(self, table: VectorTable, immediate: int) -> Behaviour:
        """Return what an ``hvc`` through a table does, derived once."""
        found = self._behaviours.get(table.address)
        if found is None:
            found = derive_behaviour(self.explorer, table.hvc_entry, immediate, table.state)
            self._behaviours[table.address] = found
        return found
