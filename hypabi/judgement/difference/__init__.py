"""What changes for a caller between two behaviours of one party, and who breaks."""
