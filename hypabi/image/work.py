"""Count what reading costs, so that a file of many attempts ends where one attempt would.

What is counted is the same in every run: bytes read and written by decoders, words looked at.
"""


class Work:
    """What is left of the work that one search may do.

    :param most: how much it may do in all
    """

    def __init__(self, most: int) -> None:
        self.left = most

    def spend(self, cost: int) -> None:
        """Count a cost."""
        self.left -= cost

    @property
    def spent(self) -> bool:
        """Tell whether nothing is left."""
        return self.left <= 0
