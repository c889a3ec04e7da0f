"""What was found, as text, JSON and documents.

A report is a value first (``check``, ``callers``, ``derive``, ``diff``, ``drift``, ``matrix``,
``witness``), and ``*_text`` and ``*_json`` write it; ``*.schema.json`` are the published schemas.
``document`` is a tree of blocks; ``document_rst``, ``document_html`` and ``document_man`` write it.

Guarantees: the answer comes first and what is needed to repeat it last; the same value gives the
same bytes; text is readable without colour, at most 75 columns wide, and holds nothing that a
terminal would obey; nothing that a contract or an image says is markup in a document.
"""
