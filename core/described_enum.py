"""Enums whose members have a description, which the GraphQL schema shows."""

from enum import Enum
from typing import Self


class DescribedEnum(Enum):
    """An enum whose members are written `NAME = "value", "A description."`. TypeError for one without a description."""

    _value_: str
    description: str

    def __new__(cls, value: str, description: str = "") -> Self:
        if not description:
            raise TypeError(
                f"{cls.__name__} has a member without a description, {value!r}. Write one after the value, as in "
                f'`NAME = {value!r}, "A description for the GraphQL schema."`.'
            )
        member = object.__new__(cls)
        member._value_ = value
        member.description = description
        return member
