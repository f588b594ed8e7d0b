"""A small checkout with the real `app.py` and bootstrap, and a library of our own in place of the real ones."""

import base64
import hashlib
import importlib.util
import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BASE = getattr(sys, "_base_executable", sys.executable)
SERVER = "import pebble\ndef main(argv):\n    print('ran', argv, pebble.VERSION)\n    return 7\n"

Result = subprocess.CompletedProcess[str]


class Checkout:
    """A project that needs one library, `pebble`, which comes from a folder of wheels: no network is used."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.wheels = folder / "wheels"
        self.python = folder / ".venv" / "bin" / "python"
        for name in ("app.py", "bootstrap"):
            copy = shutil.copytree if (ROOT / name).is_dir() else shutil.copy
            copy(ROOT / name, folder / name)
        (folder / "taskmanager").mkdir()
        (folder / "taskmanager" / "__init__.py").touch()
        (folder / "taskmanager" / "__main__.py").write_text(SERVER)
        self.wheels.mkdir()
        self.lock("1.0")

    def lock(self, version: str, *, digest: str = "") -> None:
        """Publish a version of the library and lock it, with its own hash unless another is given."""
        wheel = self.wheels / f"pebble-{version}-py3-none-any.whl"
        information = f"pebble-{version}.dist-info"
        files = {
            "pebble.py": f"VERSION = '{version}'\n",
            f"{information}/METADATA": f"Metadata-Version: 2.1\nName: pebble\nVersion: {version}\n",
            f"{information}/WHEEL": "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        }
        with zipfile.ZipFile(wheel, "w") as archive:
            record = ""
            for name, text in files.items():
                archive.writestr(name, text)
                checksum = base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).decode().rstrip("=")
                record += f"{name},sha256={checksum},{len(text)}\n"
            archive.writestr(f"{information}/RECORD", f"{record}{information}/RECORD,,\n")
        digest = digest or hashlib.sha256(wheel.read_bytes()).hexdigest()
        (self.folder / "requirements.txt").write_text(f"pebble=={version} \\\n    --hash=sha256:{digest}\n")

    def start(self, *words: str, python: str = BASE, path: str | None = None) -> subprocess.Popen[str]:
        """Start `app.py` with nothing of this machine's settings."""
        node = ROOT / "build" / "node" / "path"
        environment = {
            "PATH": f"{node}{os.pathsep}{os.environ['PATH']}" if path is None else path,
            "HOME": str(self.folder),
            "PIP_CONFIG_FILE": os.devnull,
            "PIP_NO_INDEX": "1",
            "PIP_FIND_LINKS": str(self.wheels),
            # No pip is fetched from here.
            "PIP_INDEX_URL": (self.folder / "index").as_uri(),
        }
        pipe = subprocess.PIPE
        return subprocess.Popen(
            [python, "app.py", *words], cwd=self.folder, env=environment, stdout=pipe, stderr=pipe, text=True
        )

    def run(self, *words: str, python: str = BASE, path: str | None = None) -> Result:
        """Run `app.py` to its end."""
        with self.start(*words, python=python, path=path) as process:
            output, errors = process.communicate(timeout=120)
        return Result(process.args, process.returncode, output, errors)

    def borrow_pip(self) -> None:
        """Make `.venv` with this environment's pip, because not every Python brings one."""
        subprocess.run([BASE, "-m", "venv", "--without-pip", self.folder / ".venv"], check=True)
        found = importlib.util.find_spec("pip")
        assert found is not None
        assert found.origin is not None
        site = next((self.folder / ".venv" / "lib").glob("python*/site-packages"))
        shutil.copytree(Path(found.origin).parent, site / "pip")
