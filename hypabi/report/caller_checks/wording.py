"""What a call is called in a report."""


def met(call: str, party: str) -> str:
    """Name a call with who is live meanwhile, where a party of the contract is."""
    return f"{call}, while {party} is live" if party else call
