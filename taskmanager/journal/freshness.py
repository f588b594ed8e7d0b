"""Whether what was read of projects and their tasks is still so, told by the journal: every change writes there."""

from typing import cast

from sqlalchemy import Table, case

from taskmanager.journal.models import ACCESS, Entry
from taskmanager.kit.db import Database
from taskmanager.kit.following import Following


class Freshness(Following):
    """Names the projects in which something changed, and the accounts that see other projects than before."""

    def __init__(self, database: Database) -> None:
        super().__init__(
            database,
            cast("Table", Entry.__table__),
            Entry.seq if database.is_sqlite else Entry.xid,
            Entry.project_before,
            Entry.project_after,
            case((Entry.entity_kind == ACCESS, Entry.entity_id)),
        )
