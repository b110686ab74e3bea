"""Opaque ids of GraphQL nodes: the type's name and its key, in one base64url word.

A behavior's id holds its whole primary key (person, instant, event), so finding it needs no index of its own.
"""

import base64
import binascii
from binascii import b2a_base64
from collections.abc import Collection
from datetime import UTC, datetime, timedelta
from typing import NamedTuple
from uuid import UUID

from core.errors import InvalidInput

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_DAY_SECONDS = 86_400
_SECOND_MICROSECONDS = 1_000_000
_URL_SAFE = bytes.maketrans(b"+/", b"-_")
_UUID_BYTES = 16
_TS_BYTES = 8


class BehaviorKey(NamedTuple):
    """The primary key of a behavior."""

    user_id: UUID
    ts: datetime
    id: UUID

    @property
    def node_id(self) -> str:
        """The opaque id."""
        return behavior_node_id(self.user_id, self.ts, self.id)

    @classmethod
    def from_bytes(cls, key: bytes) -> "BehaviorKey":
        """Read 16 bytes of the person, 8 of microseconds since 1970, big-endian, and 16 of the event. ValueError."""
        if len(key) != 2 * _UUID_BYTES + _TS_BYTES:
            raise ValueError("not a behavior's key")
        micros = int.from_bytes(key[_UUID_BYTES:-_UUID_BYTES], signed=True)
        try:
            ts = _EPOCH + micros * _MICROSECOND
        except OverflowError as error:
            raise ValueError("not a behavior's key") from error
        return cls(UUID(bytes=key[:_UUID_BYTES]), ts, UUID(bytes=key[-_UUID_BYTES:]))


def encode_node_id(type_name: str, key: bytes) -> str:
    """The opaque id of the node of that type and key."""
    word = b2a_base64(type_name.encode() + b":" + key, newline=False)
    return word.translate(_URL_SAFE, b"=").decode("ascii")


def behavior_node_id(user_id: UUID, ts: datetime, event_id: UUID) -> str:
    """The opaque id of the behavior with that key. In one piece, for a page has a thousand of them."""
    since = ts - _EPOCH
    micros = (since.days * _DAY_SECONDS + since.seconds) * _SECOND_MICROSECONDS + since.microseconds
    key = b"Behavior:" + user_id.bytes + micros.to_bytes(_TS_BYTES, signed=True) + event_id.bytes
    return b2a_base64(key, newline=False).translate(_URL_SAFE, b"=").decode("ascii")


def decode_node_id(text: str) -> tuple[str, bytes] | None:
    """The type's name and key, or None when `text` is no id of ours."""
    try:
        word = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
        name, colon, key = word.partition(b":")
        return (name.decode("ascii"), key) if colon else None
    except (binascii.Error, ValueError):
        return None


def checked_node_id(text: str, type_names: Collection[str]) -> tuple[str, bytes]:
    """The type's name and key of a node's opaque id. InvalidInput for what is no such id, a plain UUID included."""
    decoded = decode_node_id(text)
    if decoded is None or decoded[0] not in type_names or not _is_key(*decoded):
        raise InvalidInput(
            "`id` is no opaque id of anything: pass the `id` of an object, unchanged. Plain ids (`uuid`) do not tell "
            "of what kind they are: ask `organization(id:)`, `extensionUser(id:)` or `team(id:)`, which take both. "
            "Sessions are parts of an answer: ask for them again by `sessions`.",
            "id",
        )
    return decoded


def checked_uuid(text: str, type_name: str) -> UUID | None:
    """The UUID that an id argument means for nodes of `type_name`, opaque or plain; None for an id of another type.

    InvalidInput for what is no id at all.
    """
    uuid = uuid_of(text, type_name)
    if uuid is None:
        decoded = decode_node_id(text)
        if decoded is None or not _is_key(*decoded):
            raise InvalidInput("`id` is no id: pass the `id` or the `uuid` of an object, unchanged.", "id")
    return uuid


def _is_key(type_name: str, key: bytes) -> bool:
    if type_name != "Behavior":
        return len(key) == _UUID_BYTES
    try:
        BehaviorKey.from_bytes(key)
    except ValueError:
        return False
    return True


def behavior_key(text: str) -> BehaviorKey | None:
    """The primary key that an id argument means for behaviors; None for what is no id of one."""
    decoded = decode_node_id(text)
    if decoded is None or decoded[0] != "Behavior":
        return None
    try:
        return BehaviorKey.from_bytes(decoded[1])
    except ValueError:
        return None


def uuid_of(text: str, type_name: str) -> UUID | None:
    """The UUID that an id argument means for nodes of `type_name`: an opaque id of that type, or the plain UUID.

    None for an id of another type, or for what is no id at all: such an object does not exist.
    """
    decoded = decode_node_id(text)
    if decoded is not None and decoded[0] == type_name and len(decoded[1]) == _UUID_BYTES:
        return UUID(bytes=decoded[1])
    try:
        return UUID(text)
    except ValueError:
        return None
