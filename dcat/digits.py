"""Numbers as headers, addresses and forms carry them: ASCII digits and nothing else."""


def natural(text: str, most_digits: int = 15) -> int | None:
    """Read a natural number; None for anything else, signs and blanks included, and for more digits than any count has."""
    return int(text) if text.isascii() and text.isdigit() and len(text) <= most_digits else None
