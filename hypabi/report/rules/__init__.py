"""The rules: what a finding is called, for good, and what there is to know about its kind."""
