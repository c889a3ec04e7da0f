"""How Sphinx makes the site of `docs/`: `make docs`.

Plain on purpose: Markdown pages that read as well in the repository, one theme, nothing loaded from
elsewhere, and every warning an error.
"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
import hypabi

project = "hypabi"
author = "the authors of hypabi"
copyright = author  # noqa: A001 - Sphinx's name
release = hypabi.__version__
version = release

extensions = ["myst_parser"]
source_suffix = {".md": "markdown", ".rst": "restructuredtext"}
exclude_patterns = ["_static", "completion", "generators", "man", "pictures"]
nitpicky = True

myst_enable_extensions = ["deflist"]
myst_heading_anchors = 4
# A block whose language is not named is what a program printed.
highlight_language = "text"

html_theme = "furo"
html_title = f"hypabi {release}"
html_static_path = ["_static"]
html_css_files = ["site.css"]
html_js_files = ["site.js"]
html_copy_source = False
html_show_sphinx = False
# Pages that are there in the repository and not of the site: links to them lead to copies.
html_theme_options = {"navigation_with_keys": True}
