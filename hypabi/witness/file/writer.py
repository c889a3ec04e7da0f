"""A witness as a file: JSON, keys sorted, the same bytes always."""

import json

from hypabi.decode.encoder import encode
from hypabi.witness.file.shape import WITNESS
from hypabi.witness.model import Witness


def write_witness_text(witness: Witness) -> str:
    """Return a witness as a file, ending in a newline."""
    return json.dumps(encode(witness, WITNESS), indent=1, sort_keys=True) + "\n"
