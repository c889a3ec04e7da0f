"""What `docs/generate` writes: one module for each kind of page or picture.

A module offers functions that return the whole text of a file.  Nothing here reads the page that it
writes; all has one source: the tool itself, its contracts, and the images.
"""

from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parents[2]
"""Of the repository."""
