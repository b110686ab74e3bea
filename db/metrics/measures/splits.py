"""The sets of dimensions that measures can be split by."""

from core.dimensions import Dimension

ANY = frozenset(Dimension)
OF_DOMAIN = frozenset({Dimension.DOMAIN, Dimension.SITE, Dimension.CATEGORY})
"""A domain, and what is found from a domain alone."""
PEOPLE = frozenset({Dimension.EXTENSION_USER, Dimension.TEAM, Dimension.ORGANIZATION})
TIME_OF_WEEK = frozenset({Dimension.HOUR_OF_DAY, Dimension.DAY_OF_WEEK})
