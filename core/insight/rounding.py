"""Numbers as sentences show them; what is compared in words is compared as it is read."""

_FINE_BELOW = 10


def shown(value: float) -> float:
    """The number as it is shown: with one decimal below 10, whole from 10 on."""
    rounded = round(value, 1)
    return rounded if rounded < _FINE_BELOW else float(round(value))


def shown_percent(share: float) -> int:
    """A part of a whole, from 0 to 1, as the percentage that is shown."""
    return round(share * 100)
