"""Sequence tokens: whose they are, how long they serve, and what ends their history."""

import pytest
from sqlalchemy import delete, select, update

from taskmanager.journal.history import load_epoch, renew_epoch
from taskmanager.journal.models import Entry
from taskmanager.kit.settings import Settings
from taskmanager.main import create_app
from tests.factories import Api, add_api_token, add_task
from tests.sync.copies import bootstrap, changes


async def test_a_token_serves_its_own_account_only(api: Api) -> None:
    anna, ben = await api.user("anna"), await api.user("ben")
    token = (await bootstrap(anna))["sequence"]
    assert (await changes(anna, token))["reset"] is False
    flipped = token[:20] + ("A" if token[20] != "A" else "B") + token[21:]
    for client, since in ((ben, token), (anna, flipped), (anna, token[:-4]), (anna, "x"), (anna, "ü")):
        answer = await client.get("/changes", params={"since": since})
        assert (answer.status_code, answer.json()["code"]) == (400, "invalid_sequence"), since
    assert (await anna.get("/changes")).status_code == 422
    assert (await anna.get("/changes", params={"since": token, "limit": 0})).status_code == 422
    assert (await anna.get("/changes", params={"since": token, "limit": 1001})).status_code == 422


async def test_an_old_token_means_to_begin_anew(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    anna = await api.user("anna")
    old = (await bootstrap(anna))["sequence"]
    await add_task(anna)
    monkeypatch.setattr("taskmanager.sync.sequences.KEPT_DAYS", 0)
    assert (await changes(anna, old))["reset"] is False
    monkeypatch.setattr("taskmanager.sync.sequences.KEPT_DAYS", -1)
    page = await changes(anna, old)
    assert (page["reset"], page["more"], page["deletions"], page["upserts"]["tasks"]) == (True, False, [], [])
    monkeypatch.undo()
    assert (await changes(anna, page["sequence"]))["reset"] is False


async def test_another_history_means_to_begin_anew(api: Api, settings: Settings) -> None:
    anna = await api.user("anna")
    await add_task(anna)
    token = (await bootstrap(anna))["sequence"]
    async with api.database.write() as session:
        await renew_epoch(session)
    # A restore happens while no server runs: the next one is of the new history.
    again = create_app(settings)
    async with again.router.lifespan_context(again), Api(again) as restarted:
        client = await restarted.enter(anna.user_id)
        assert (await changes(client, token))["reset"] is True
        token = (await bootstrap(client))["sequence"]
        task = await add_task(client, "after")
        assert (await changes(client, token))["upserts"]["tasks"] == [task]


async def test_a_restart_is_the_same_history(api: Api, settings: Settings) -> None:
    anna = await api.user("anna")
    token = (await bootstrap(anna))["sequence"]
    task = await add_task(anna)
    again = create_app(settings)
    async with again.router.lifespan_context(again), Api(again) as restarted:
        client = await restarted.enter(anna.user_id)
        assert (await changes(client, token))["upserts"]["tasks"] == [task]


async def test_a_file_put_back_by_hand_is_noticed(api: Api) -> None:
    """The entry that a token names is not there any more, or is another one."""
    anna = await api.user("anna")
    await add_task(anna)
    token = (await bootstrap(anna))["sequence"]
    async with api.database.write() as session:
        last = (await session.execute(select(Entry.seq).order_by(Entry.seq.desc()).limit(1))).scalar_one()
        await session.execute(delete(Entry).where(Entry.seq == last))
    assert (await changes(anna, token))["reset"] is True


async def test_a_journal_of_another_postgresql_server_is_noticed(api: Api, backend: str) -> None:
    anna = await api.user("anna")
    await add_task(anna)
    async with api.database.write() as session:
        epoch = await load_epoch(session)
        assert await load_epoch(session) == epoch
        await session.execute(update(Entry).values(xid=2**60))
        if backend == "postgresql":
            assert await load_epoch(session) != epoch
            assert set((await session.execute(select(Entry.xid))).scalars()) == {0}
        else:
            assert await load_epoch(session) == epoch


async def test_an_api_token_learns_of_the_account_only_by_its_scope(api: Api) -> None:
    anna = await api.user("anna")
    for more, told in (((), False), (("account:read",), True)):
        token = (await add_api_token(anna, "tasks:read", "projects:read", *more))["token"]
        script = await api.client(Authorization=f"Bearer {token}")
        start = await bootstrap(script)
        assert (start["account"] is not None) == told
        await anna.patch("/me", json={"display_name": f"Told {told}"})
        page = await changes(script, start["sequence"])
        assert (page["upserts"]["account"] is not None) == told
        assert bool(page["upserts"]["projects"]) == told
