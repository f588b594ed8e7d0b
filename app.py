"""`python3 app.py` starts TaskManager, `python3 app.py test` checks it; an old Python can read this much of it."""

import os
import shutil
import subprocess
import sys

if sys.version_info < (3, 11):
    for minor in range(19, 10, -1):
        newer = shutil.which("python3.{}".format(minor))
        # The launcher of a version manager may have nothing behind it; then it fails here and is passed over.
        if newer and subprocess.call([newer, "-c", ""], stderr=subprocess.DEVNULL) == 0:
            os.execv(newer, [newer, *sys.argv])
    sys.exit("TaskManager needs Python 3.11 or newer; {} is {}.{}.".format(sys.executable, *sys.version_info[:2]))

from bootstrap import checkout, environment, web


def main(arguments: "list[str]") -> "int | None":
    """Make ready what the command needs, run it, and return its exit status."""
    command = arguments[0] if arguments else "serve"
    environment.prepare("requirements-test.txt" if command == "test" else "requirements.txt")
    if command == "build-web":
        return web.build(with_the_server="--with-the-server" in arguments)
    if command == "npm":
        return web.npm(arguments[1:])
    if command == "test":
        from tests.__main__ import main as run_tests

        return run_tests(arguments[1:])
    if command == "serve" and "--help" not in arguments:
        web.build_beside_the_server()
    from taskmanager.__main__ import main as run

    return run(arguments or [command])


if __name__ == "__main__":
    checkout.run(main)
