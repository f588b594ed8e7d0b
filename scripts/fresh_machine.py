"""Try the two commands on a machine with nothing but python3: `python scripts/fresh_machine.py [serve] [test]`.

For root on Debian or Ubuntu with debootstrap. The machine is a minimal Debian 12 (kept in a cache folder between runs)
in name spaces of its own, so that nothing of it is left running. This checkout is copied in as a clone would have it.
"""

import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
CACHE = Path(os.environ.get("TASKMANAGER_FRESH_CACHE", "/var/tmp/taskmanager-fresh"))
# Where this machine trusts an authority of its own, the fresh one has to as well.
CERTIFICATES = os.environ.get("SSL_CERT_FILE")
PAGES = ("/docs", "/app/")
SECONDS_TO_SERVE = 300


def main() -> int:
    """Print how long each command took from nothing; non-zero if one of them failed."""
    chosen = sys.argv[1:] or ["serve"]
    if not set(chosen) <= {"serve", "test"}:
        sys.exit(__doc__)
    base = CACHE / "bookworm"
    if not base.exists():
        making = CACHE / "making"
        shutil.rmtree(making, ignore_errors=True)
        CACHE.mkdir(parents=True, exist_ok=True)
        say(f"Making a minimal Debian in {base}.")
        run("debootstrap", "--variant=minbase", "--include=python3", "bookworm", str(making))
        making.rename(base)
    status = 0
    for command in chosen:
        with tempfile.TemporaryDirectory(prefix="taskmanager-fresh-") as folder:
            machine = Path(folder, "machine")
            run("cp", "-a", str(base), str(machine))
            furnish(machine)
            status |= serve(machine) if command == "serve" else test(machine)
    return status


def furnish(machine: Path) -> None:
    """Put the network's settings and a clean checkout into the machine."""
    for name in ("resolv.conf", "hosts"):
        shutil.copy(f"/etc/{name}", machine / "etc" / name)
    if CERTIFICATES:
        shutil.copy(CERTIFICATES, machine / "etc" / "authorities.pem")
    listing = run("git", "ls-files", "--cached", "--others", "--exclude-standard", "-z")
    for name in filter(None, listing.split("\0")):
        if (ROOT / name).is_file():
            target = machine / "root" / "taskmanager" / name
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, target)


def start(machine: Path, *words: str, **variables: str) -> subprocess.Popen[bytes]:
    """Start `python3 app.py ...` in the machine."""
    trust = ("SSL_CERT_FILE", "PIP_CERT", "NODE_EXTRA_CA_CERTS") if CERTIFICATES else ()
    environment = {
        "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
        "HOME": "/root",
        "LANG": "C.UTF-8",
        **dict.fromkeys(trust, "/etc/authorities.pem"),
        **variables,
    }
    inside = f"""
        mount -t proc proc {machine}/proc
        mount --rbind /dev {machine}/dev
        mount -t tmpfs tmpfs {machine}/dev/shm
        exec chroot {machine} sh -c 'cd /root/taskmanager && exec python3 app.py "$@"' sh "$@"
    """
    names = ("unshare", "--mount", "--pid", "--fork", "--kill-child")
    return subprocess.Popen([*names, "sh", "-ec", inside, "sh", *words], env=environment)


def serve(machine: Path) -> int:
    """Measure the time from `python3 app.py` to each page, then once more with everything in place."""
    for kind in ("cold", "warm"):
        with socket.socket() as listener:
            listener.bind(("127.0.0.1", 0))
            port = listener.getsockname()[1]
        started = time.monotonic()
        process = start(machine, TASKMANAGER_PORT=str(port))
        try:
            for page in PAGES:
                while (answer := fetch(f"http://127.0.0.1:{port}{page}")) is None:
                    if process.poll() is not None or time.monotonic() - started > SECONDS_TO_SERVE:
                        say(f"{kind}: no answer from {page} (status {process.returncode})")
                        return 1
                    time.sleep(0.05)
                say(f"{kind}: {page} answered {answer} after {time.monotonic() - started:.1f} s")
        finally:
            # Its child, the first process of that machine, goes with it and takes all others along.
            process.kill()
            process.wait()
    return 0


def test(machine: Path) -> int:
    """Measure `python3 app.py test`."""
    started = time.monotonic()
    status = start(machine, "test").wait()
    say(f"test: status {status} after {time.monotonic() - started:.0f} s")
    return 1 if status else 0


def fetch(address: str) -> int | None:
    """Return the status of a page, None while nobody answers."""
    try:
        with urllib.request.urlopen(address, timeout=10) as answer:
            status: int = answer.status
            return status
    except urllib.error.HTTPError as error:
        return error.code
    except OSError:
        return None


def run(*command: str) -> str:
    """Run a command to its end and return its output."""
    return subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True).stdout


def say(message: str) -> None:
    """Print a line at once, between those of the machine."""
    print(message, flush=True)


if __name__ == "__main__":
    sys.exit(main())
