"""Sequence tokens: how far a client has come. Opaque to it, sealed by us, of use to one account only."""

import hashlib
import json
from dataclasses import dataclass, field
from typing import Any

from taskmanager.auth.models import User
from taskmanager.auth.roles import Actor
from taskmanager.auth.schemas import Account
from taskmanager.journal.feed import START, Line, Position
from taskmanager.kit import clock
from taskmanager.kit.errors import AppError
from taskmanager.kit.opaque import SealBrokenError, seal, unseal

KEPT_DAYS = 35
"""How long a token serves: somewhat longer than what can be undone."""
_MARK = 8


class SequenceInvalidError(AppError):
    code = "invalid_sequence"
    title = "This sequence token is damaged, or of another account."


@dataclass(frozen=True, slots=True)
class Sequence:
    """A place in the feed of one account.

    ``mark`` recognises the entry at ``position``; ``inside`` is the number of the last task that was sent of a project
    that came into sight with the entry that follows; ``account`` is what the client knows of the account.
    """

    position: Position = START
    mark: str = ""
    inside: int = 0
    account: str = ""
    day: int = field(default_factory=lambda: clock.now().toordinal())

    @classmethod
    def at(cls, line: Line | None, account: str) -> "Sequence":
        """Return the place after an entry; None: before all."""
        return cls(account=account) if line is None else cls(line.position, mark_of(line), 0, account)

    @property
    def too_old(self) -> bool:
        return clock.now().toordinal() - self.day > KEPT_DAYS


def mark_of(line: Line) -> str:
    return line.operation_id[-_MARK:]


class Sequences:
    """Writes and reads tokens of the present history."""

    def __init__(self, secret: bytes, epoch: str) -> None:
        self._secret = secret
        self._epoch = epoch[-_MARK:]

    def token(self, sequence: Sequence, user_id: str) -> str:
        """Return a place as the client keeps it."""
        position = sequence.position
        values = [
            self._epoch, sequence.day, position.xid, position.seq, sequence.mark, sequence.inside, sequence.account,
        ]  # fmt: skip
        return seal(self._secret, values, user_id)

    def read(self, token: str, user_id: str) -> Sequence | None:
        """Return the place that a token names; None where it is of another history or too old to go on from.

        Raises :class:`SequenceInvalidError` unless the token was made for this account.
        """
        try:
            epoch, day, xid, seq, mark, inside, account = unseal(self._secret, token, user_id)
        except SealBrokenError as error:
            raise SequenceInvalidError from error
        sequence = Sequence(Position(xid, seq), mark, inside, account, day)
        return None if epoch != self._epoch or sequence.too_old else sequence


def may_see_account(actor: Actor) -> bool:
    """Tell whether the asker may read the account: an API token needs the scope of ``GET /me`` for it."""
    return actor.scopes is None or "account:read" in actor.scopes


def account_mark(user: User, actor: Actor) -> str:
    """Return a few letters that change with what the asker may see of the account; the role is among it always."""
    told: dict[str, Any] = {"role": user.role}
    if may_see_account(actor):
        told = Account.model_validate(user).model_dump(mode="json")
    return hashlib.sha256(json.dumps(told).encode()).hexdigest()[:_MARK]
