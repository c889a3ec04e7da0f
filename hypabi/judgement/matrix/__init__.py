"""Each caller's promise against each live party, as cells."""
