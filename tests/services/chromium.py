"""A browser: $CHROME, else one on the PATH, else, for root on Debian and Ubuntu, the distribution's package.

The build without a window goes first: its start is two thirds of the work.
"""

import importlib.util
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from tests.services.process import ServiceError

NAMES = (
    *("chromium-headless-shell", "chrome-headless-shell"),
    *("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome", "microsoft-edge"),
)
MAC = Path("/Applications/Google Chrome.app/Contents/MacOS/Google Chrome")


def chromium() -> str:
    """Return the path of a Chromium that starts; raises ServiceError with the command that installs one."""
    _ensure("Playwright's driver", ["libatomic1"], _driver, "install libatomic")
    given = os.environ.get("CHROME")
    if given:
        path = shutil.which(given)
        if path is None or not _starts(path):
            message = f"$CHROME is {given}, which does not start. Set it to the path of Chromium, or unset it."
            raise ServiceError(message)
        return path
    packages = ["chromium-headless-shell", "chromium"]
    return _ensure("Chromium", packages, _installed, "install Chromium or Chrome, or set CHROME to its path")


def _ensure(what: str, packages: Sequence[str], find: Callable[[], str | None], otherwise: str) -> str:
    """Return what `find` finds, if need be after installing the first package that is there; or ServiceError."""
    found = find()
    apt = shutil.which("apt-get")
    if found is None and apt and os.geteuid() == 0:
        _apt(apt, "update")
        for package in packages:
            print(f"Installing {package} with apt-get, for the tests in a browser.", file=sys.stderr, flush=True)
            _apt(apt, "install", "-y", "--no-install-recommends", package)
            found = find()
            if found is not None:
                break
    if found is None:
        advice = f"Type: sudo apt-get install -y {packages[-1]}" if apt else f"Please {otherwise}"
        message = f"The tests in a browser need {what}, which does not start here. {advice}."
        raise ServiceError(message)
    return found


def _apt(apt: str, *words: str) -> None:
    quiet = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    subprocess.run([apt, "-qq", *words], env=quiet, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False)


def _driver() -> str | None:
    """Return the Node that comes with Playwright, or the one that it was told to use, if it starts."""
    package = importlib.util.find_spec("playwright")
    places = (package.submodule_search_locations or ()) if package else ()
    nodes = [os.environ.get("PLAYWRIGHT_NODEJS_PATH"), *(str(Path(place, "driver", "node")) for place in places)]
    return next((node for node in nodes if node and _starts(node)), None)


def _installed() -> str | None:
    candidates = [path for name in NAMES if (path := shutil.which(name))]
    if MAC.exists():
        candidates.append(str(MAC))
    return next((path for path in candidates if _starts(path)), None)


def _starts(path: str) -> bool:
    # Ubuntu's package is a launcher of a snap, which may not be there.
    try:
        return subprocess.run([path, "--version"], capture_output=True, check=False).returncode == 0
    except OSError:
        return False
