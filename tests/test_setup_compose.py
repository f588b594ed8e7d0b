"""compose.yaml names settings and secrets that there are, and versions."""

import importlib
import re
from pathlib import Path
from typing import Any

from taskmanager.kit.settings import Settings

ROOT = Path(__file__).resolve().parent.parent


def test_compose_names_what_there_is() -> None:
    yaml: Any = importlib.import_module("yaml")
    house = yaml.safe_load((ROOT / "compose.yaml").read_text(encoding="utf-8"))
    app = house["services"]["app"]
    known = {f"TASKMANAGER_{name.upper()}" for name in Settings.model_fields}
    assert app["environment"].keys() <= known
    asked = {name for service in house["services"].values() for name in service.get("secrets", [])}
    assert asked == house["secrets"].keys()
    for value in (value for service in house["services"].values() for value in service.get("environment", {}).values()):
        path = re.fullmatch(r"/run/secrets/(\w+)", str(value))
        assert path is None or path[1] in asked
    page = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")
    assert [name for name in asked if f"> secrets/{name}" not in page] == []
    images = [service["image"] for name, service in house["services"].items() if name != "app"]
    assert all(re.fullmatch(r"[\w/]+:\d+", image) for image in images), images
