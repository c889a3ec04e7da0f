"""Where a document and the code behind it have come apart."""
