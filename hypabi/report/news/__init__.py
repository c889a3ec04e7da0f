"""What is new since the sweep before, and nothing else: for a job that runs every night."""
