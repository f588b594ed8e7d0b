"""Pages that are made from the code are as the code makes them."""

import json

from taskmanager.auth.audit import Event
from taskmanager.kit import settings_text
from taskmanager.kit.settings import Settings
from taskmanager.main import create_app
from tests.architecture.source import ROOT


def test_the_api_document_is_fresh() -> None:
    written = json.loads((ROOT / "docs" / "openapi.json").read_text(encoding="utf-8"))
    assert written == create_app(Settings()).openapi(), "run: taskmanager openapi --output docs/openapi.json"


def test_the_settings_pages_are_fresh() -> None:
    page = (ROOT / "docs" / "settings.md").read_text(encoding="utf-8")
    assert page == settings_text.as_markdown(), "run: taskmanager settings --markdown > docs/settings.md"
    example = (ROOT / ".env.example").read_text(encoding="utf-8")
    assert example == settings_text.as_environment(), "run: taskmanager settings --env > .env.example"
    assert {f"`TASKMANAGER_{name.upper()}`" for name in Settings.model_fields} <= set(page.split())


def test_every_event_of_the_audit_trail_is_explained() -> None:
    page = (ROOT / "docs" / "audit.md").read_text(encoding="utf-8")
    assert [event.value for event in Event if f"`{event.value}`" not in page] == []
