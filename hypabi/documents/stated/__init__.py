"""The page and the header of a stated contract."""
