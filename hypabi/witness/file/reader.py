"""Read a witness file, strictly."""

from hypabi.decode.decoder import decode
from hypabi.decode.json import compose_json
from hypabi.decode.schema import Object, schema_of
from hypabi.witness.file.shape import BOUNDS, WITNESS
from hypabi.witness.model import Witness


def read_witness_text(where: str, text: bytes) -> Witness:
    """Return the witness that a file holds.

    :raises FileError: it holds none, with line and key
    """
    return decode(compose_json(text, where, BOUNDS), WITNESS, Witness)


def witness_schema() -> Object:
    """Return the JSON Schema of a witness file: ``report/witness.schema.json``."""
    title = "A hypabi witness: one counterexample as a machine state that anyone can run"
    return schema_of(title, WITNESS)
