"""Is a call site served by whoever can be live when it runs, and does it get what it needs.

One check for each caller and live party.
"""
