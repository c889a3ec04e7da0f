"""The page of one interface, section by section, as blocks without a form."""
