"""A browser: $CHROME, else one on the PATH, else, for root on Debian and Ubuntu, the distribution's package."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

from tests.services.process import ServiceError

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome", "microsoft-edge")
MAC = Path("/Applications/Google Chrome.app/Contents/MacOS/Google Chrome")


def chromium() -> str:
    """Return the path of a Chromium that starts; raises ServiceError with the command that installs one."""
    given = os.environ.get("CHROME")
    if given:
        path = shutil.which(given)
        if path is None or not _starts(path):
            message = f"$CHROME is {given}, which does not start. Set it to the path of Chromium, or unset it."
            raise ServiceError(message)
        return path
    found = _installed()
    apt = shutil.which("apt-get")
    if found is None and apt and os.geteuid() == 0:
        print("Installing chromium with apt-get, for the tests in a browser.", file=sys.stderr, flush=True)
        quiet = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        for words in (["update"], ["install", "-y", "--no-install-recommends", "chromium"]):
            subprocess.run([apt, "-qq", *words], env=quiet, stdout=subprocess.DEVNULL, check=False)
        found = _installed()
    if found is None:
        advice = "sudo apt-get install -y chromium" if apt else "install Chromium or Chrome"
        message = f"The tests in a browser need Chromium. Type: {advice}. Or set CHROME to its path."
        raise ServiceError(message)
    return found


def _installed() -> str | None:
    candidates = [path for name in NAMES if (path := shutil.which(name))]
    if MAC.exists():
        candidates.append(str(MAC))
    return next((path for path in candidates if _starts(path)), None)


def _starts(path: str) -> bool:
    # Ubuntu's package is a launcher of a snap, which may not be there.
    return subprocess.run([path, "--version"], capture_output=True, check=False).returncode == 0
