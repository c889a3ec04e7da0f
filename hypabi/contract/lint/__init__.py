"""Rules that a contract should keep though nothing breaks without them."""
