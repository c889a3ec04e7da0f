"""All paths from an entry, symbolically, with explicit limits."""
