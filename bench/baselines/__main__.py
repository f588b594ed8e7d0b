"""Run one baseline: `python -m bench.baselines bare PORT FOLDER`, `usual PORT URL` or `hash SECONDS`."""

import sys
import time
from pathlib import Path

import nacl.pwhash.argon2id
import uvicorn
from fastapi import FastAPI

from bench.baselines.bare import create_bare
from bench.baselines.usual import create_usual
from taskmanager.auth.passwords import MEMORY_BYTES, OPERATIONS


def serve(app: FastAPI, port: int) -> None:
    """Serve as TaskManager serves: uvicorn with uvloop and httptools, one process, no log line a request."""
    uvicorn.run(app, port=port, log_level="warning", access_log=False, server_header=False)


def hashes(seconds: float) -> float:
    """Return how many argon2id checks a second one thread does."""
    password = b"a long enough password"
    stored = nacl.pwhash.argon2id.str(password, OPERATIONS, MEMORY_BYTES)
    count, begun = 0, time.perf_counter()
    while (elapsed := time.perf_counter() - begun) < seconds:
        nacl.pwhash.argon2id.verify(stored, password)
        count += 1
    return count / elapsed


def main(kind: str, *arguments: str) -> None:
    """Run the baseline that is named."""
    if kind == "hash":
        print(hashes(float(arguments[0])))
    elif kind == "bare":
        serve(create_bare(Path(arguments[1])), int(arguments[0]))
    else:
        serve(create_usual(arguments[1]), int(arguments[0]))


if __name__ == "__main__":
    main(*sys.argv[1:])
