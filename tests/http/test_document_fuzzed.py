"""The whole document against a real server, with requests that follow it and requests that do not.

TASKMANAGER_TEST_FUZZ_SECONDS makes it longer; the seed of a run stands at the end of what it says.
"""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import httpx

from tests.factories import PASSWORD
from tests.servers import ADMIN, app_server

SECONDS = os.environ.get("TASKMANAGER_TEST_FUZZ_SECONDS", "10")
# Their success ends the session of the run or its access token, or does not end at all.
ENDING = ("logout", "change_password", "end_other_sessions", "rotate_keys", "follow_changes")
# Other methods on these paths mean a thing whose id is "batch" or "validate".
SHARED = ("run_batch", "validate_filter")
EXCLUDED = ENDING + SHARED


def test_the_document_holds(tmp_path: Path) -> None:
    program = shutil.which("schemathesis", path=str(Path(sys.executable).parent))
    assert program is not None
    with app_server(tmp_path / "data", access_token_minutes="60") as server:
        body = {"username": ADMIN, "password": PASSWORD}
        token = httpx.post(f"{server.url}/login", json=body).json()["access_token"]
        run = subprocess.run(
            [
                *(program, "--config-file", Path(__file__).with_name("schemathesis.toml")),
                *("run", f"{server.url}/openapi.json", "-H", f"Authorization: Bearer {token}"),
                *("--checks", "all", "--exclude-checks", "positive_data_acceptance", "--max-time", SECONDS),
                *(word for name in EXCLUDED for word in ("--exclude-operation-id", name)),
                *("--continue-on-failure", "--generation-database", "none", "--warnings", "off", "--no-color"),
            ],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=False,
        )
        print(run.stdout)
        assert run.returncode == 0, run.stdout + run.stderr
        assert "Traceback" not in server.said()
    generated = re.search(r"(\d+) generated", run.stdout)
    assert generated is not None
    # Slow machines do less; a document that was not read would do nothing.
    assert int(generated[1]) > 100
