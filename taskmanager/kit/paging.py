"""Lists in pages by keyset: a cursor names the last row seen, so rows that come and go shift nothing."""

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any, TypeVar, TypeVarTuple

from fastapi import Depends, Query
from sqlalchemy import ColumnElement, Select, SQLColumnExpression, and_, or_
from starlette.requests import Request
from starlette.responses import Response

from taskmanager.kit.columns import instant_text
from taskmanager.kit.errors import AppError
from taskmanager.kit.opaque import SealBrokenError, seal, unseal

MAX_LIMIT = 200
DEFAULT_LIMIT = 50

Row = TypeVar("Row")
Columns = TypeVarTuple("Columns")


class CursorInvalidError(AppError):
    code = "invalid_cursor"
    title = "This cursor is damaged."


class CursorMismatchError(AppError):
    code = "cursor_mismatch"
    title = "This cursor belongs to another filter or sort."


@dataclass(frozen=True)
class SortKey:
    """One column of an order; ``read`` gets its value from a row."""

    column: SQLColumnExpression[Any]
    read: Callable[[Any], Any]
    descending: bool = False


class Pager:
    """One request's page: how many rows, and after which one."""

    def __init__(self, request: Request, response: Response, limit: int, cursor: str | None) -> None:
        self.limit = limit
        self._request = request
        self._response = response
        self._cursor = cursor
        self._secret: bytes = request.app.state.cursor_secret

    def apply(self, statement: Select[*Columns], keys: Sequence[SortKey]) -> Select[*Columns]:
        """Return the statement ordered by ``keys``, limited, and begun after the cursor.

        One row more than the page is asked for; it tells whether there is a next page.
        """
        if self._cursor is not None:
            values = self._open(self._cursor)
            if len(values) != len(keys):
                raise CursorMismatchError
            statement = statement.where(_after(keys, values))
        order = [key.column.desc() if key.descending else key.column.asc() for key in keys]
        return statement.order_by(*order).limit(self.limit + 1)

    def page(self, rows: Sequence[Row], keys: Sequence[SortKey], out: Callable[[Row], Any]) -> dict[str, Any]:
        """Return ``{"items", "next_cursor"}`` and set the ``Link`` header (RFC 8288)."""
        shown = rows[: self.limit]
        cursor = None
        if len(rows) > self.limit:
            cursor = seal(self._secret, [self._scope(), [_plain(key.read(shown[-1])) for key in keys]])
            following = self._request.url.include_query_params(cursor=cursor)
            target = following.path + "?" + following.query
            self._response.headers["Link"] = f'<{target}>; rel="next"'
        return {"items": [out(row) for row in shown], "next_cursor": cursor}

    def _scope(self) -> str:
        # The path and every parameter but cursor and limit: what the cursor belongs to.
        items = sorted((k, v) for k, v in self._request.query_params.items() if k not in {"cursor", "limit"})
        account = getattr(self._request.state, "account_id", "")
        text = json.dumps([account, self._request.url.path, items])
        return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:16]

    def _open(self, cursor: str) -> list[Any]:
        try:
            scope, values = unseal(self._secret, cursor)
        except SealBrokenError as error:
            raise CursorInvalidError from error
        if scope != self._scope():
            raise CursorMismatchError
        return [datetime.fromisoformat(v["at"]) if isinstance(v, dict) else v for v in values]


def _plain(value: Any) -> Any:
    return {"at": instant_text(value)} if isinstance(value, datetime) else value


def _after(keys: Sequence[SortKey], values: Sequence[Any]) -> ColumnElement[bool]:
    branches = []
    for index, (key, value) in enumerate(zip(keys, values, strict=True)):
        equal = [k.column == v for k, v in zip(keys[:index], values[:index], strict=True)]
        beyond = key.column < value if key.descending else key.column > value
        branches.append(and_(*equal, beyond))
    # Implied by the branches, but an index can only begin at a bound that stands alone.
    first, value = keys[0], values[0]
    bound = first.column <= value if first.descending else first.column >= value
    return and_(bound, or_(*branches))


async def _pager(
    request: Request,
    response: Response,
    limit: Annotated[int, Query(ge=1, le=MAX_LIMIT, description="Most items on a page.")] = DEFAULT_LIMIT,
    cursor: Annotated[str | None, Query(max_length=2000, description="Where the page before ended.")] = None,
) -> Pager:
    return Pager(request, response, limit, cursor)


PagerDep = Annotated[Pager, Depends(_pager)]
