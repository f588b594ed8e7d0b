"""Refresh the lock files: `python scripts/lock.py [--upgrade | --upgrade-package NAME] ...`.

Needs uv (`pip install uv`). Every version and hash comes from the public index, whatever this machine's own pip and uv
settings say, and nothing of where it came from is written down. The npm lock is refreshed with
`python3 app.py npm install` in the same spirit: `web/.npmrc` keeps hosts out of it.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LOCKS = {
    "requirements.txt": ["pyproject.toml"],
    # A superset of the runtime's lock, at the same versions.
    "requirements-test.txt": ["pyproject.toml", "--group", "test", "--constraints", "requirements.txt"],
    # Traces, for those who set TASKMANAGER_OTEL; beside the runtime's.
    "requirements-otel.txt": ["--group", "otel", "--constraints", "requirements.txt"],
    # What the server is measured against; in an environment of its own.
    "requirements-peers.txt": ["--group", "peers"],
    # Node, for building the web application on machines without one.
    "requirements-node.txt": ["--group", "node"],
}


def main() -> int:
    """Write every lock file; the status is that of the first that fails."""
    uv = shutil.which("uv", path=os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")]))
    if uv is None:
        sys.exit("This needs uv. Type: pip install uv")
    own = ("UV_", "PIP_")
    environment = {name: value for name, value in os.environ.items() if not name.startswith(own)}
    for lock, choice in LOCKS.items():
        command = [
            *(uv, "pip", "compile", *choice, "--output-file", lock, "--quiet", "--no-config"),
            *("--universal", "--python-version", "3.11", "--generate-hashes", "--no-annotate"),
            *("--no-emit-index-url", "--no-emit-find-links", "--custom-compile-command", "python scripts/lock.py"),
            *sys.argv[1:],
        ]
        result = subprocess.run(command, cwd=ROOT, env=environment, check=False)
        if result.returncode:
            return result.returncode
    return 0


if __name__ == "__main__":
    sys.exit(main())
