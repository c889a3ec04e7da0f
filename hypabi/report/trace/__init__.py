"""What ``hypabi trace`` prints."""
