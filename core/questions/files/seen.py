"""Which question ids have been met, in little memory."""

_BITS = 512  # of one block; ids lie close together, and a block costs some 150 bytes


class SeenIds:
    """A set of (site, question id) that takes about half a byte for each id of a whole site."""

    def __init__(self) -> None:
        self._blocks: dict[tuple[str, int], int] = {}

    def add(self, site: str, question_id: int) -> bool:
        """Add one; return whether it is new."""
        block, bit = divmod(question_id, _BITS)
        known = self._blocks.get((site, block), 0)
        self._blocks[site, block] = known | 1 << bit
        return not known >> bit & 1
