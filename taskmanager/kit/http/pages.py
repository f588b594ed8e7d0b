"""The web application: the files that its build leaves in one folder, served under a prefix.

Names below ``assets/`` carry a digest of their content and never change, so browsers keep them for a year. Everything
else is asked again at each use and mostly answered with 304. A path that names no file gives ``index.html``: the
application has pages of its own there. Beside each text file the build leaves ``.br`` and ``.gz``.
"""

import base64
import hashlib
import mimetypes
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from anyio.to_thread import run_sync
from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from taskmanager.kit.errors import problem

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; font-src 'self'; "
    "connect-src 'self'; manifest-src 'self'; worker-src 'self'; object-src 'none'; base-uri 'none'; "
    "form-action 'self'; frame-ancestors 'none'; require-trusted-types-for 'script'; "
    "trusted-types svelte-trusted-html tm-sw"
)
BUILD_COMMAND = "python3 app.py build-web"
# Lies beside the folder of the build for as long as a build is running.
BUILDING_MARK = ".building"

_ASSETS = "assets"
_ENCODINGS = (("br", ".br"), ("gzip", ".gz"))
_MEDIA_TYPES = {
    ".js": "text/javascript",
    ".svg": "image/svg+xml; charset=utf-8",
    ".webmanifest": "application/manifest+json",
    ".woff2": "font/woff2",
}

_STYLE = (
    "body{margin:0;min-height:100vh;display:grid;place-items:center;font:16px/24px system-ui,sans-serif;"
    "color:#1b1c22;background:#fff}main{max-width:40em;padding:24px}h1{font-size:22px;line-height:28px;margin:0 0 8px}"
    "p{margin:0 0 12px;color:#565969}code{font:14px/24px ui-monospace,monospace;background:#f0f0f4;color:#1b1c22;"
    "border-radius:4px;padding:2px 6px}a{color:#4a41cf}@media(prefers-color-scheme:dark){body{color:#ecedf2;"
    "background:#121318}p{color:#a9acbb}code{background:#23252e;color:#ecedf2}a{color:#a5a0ff}}"
)
_STYLE_DIGEST = base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()
_NOTE_POLICY = (
    "default-src 'none'; object-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; "
    f"style-src 'sha256-{_STYLE_DIGEST}'"
)
_NOTE = (
    '<!doctype html><html lang="en"><head><meta charset="utf-8"><title>TaskManager</title>'
    '<meta name="viewport" content="width=device-width,initial-scale=1"><style>{style}</style></head>'
    "<body><main><h1>{title}</h1>{text}</main></body></html>"
)
_MISSING = (
    f"<p>The server runs, its pages do not exist. This command makes them:</p><p><code>{BUILD_COMMAND}</code></p>"
    '<p>The API is ready meanwhile: <a href="/docs">documentation</a>.</p>'
)
_WAITING = "<p>This takes less than a minute; the page then opens by itself.</p>"


@dataclass(frozen=True, slots=True)
class _File:
    body: bytes
    media_type: str
    encoding: str
    immutable: bool


def web_app(dist: Path) -> ASGIApp:
    """Return the application that serves the folder `dist` (it may be missing, or be built anew while serving)."""
    return _WebApp(dist)


class _WebApp:
    def __init__(self, dist: Path) -> None:
        self._dist = dist

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            raise RuntimeError("The web application answers HTTP only.")
        response = await run_sync(self._answer, scope)
        if scope["method"] == "HEAD":
            # The headers were made of the whole body, as HEAD wants them.
            response.body = b""
        await response(scope, receive, send)

    def _answer(self, scope: Scope) -> Response:
        request = Request(scope)
        if scope["method"] not in {"GET", "HEAD"}:
            return problem(request, 405, "method_not_allowed", "Method Not Allowed.", headers={"Allow": "GET, HEAD"})
        path = scope["path"].removeprefix(scope.get("root_path", "")).lstrip("/")
        accepted = _accepted(request.headers)
        found = self._find(path, accepted)
        if found is None and PurePosixPath(path).parts[:1] == (_ASSETS,):
            return problem(request, 404, "not_found", "Not Found.")
        found = found or self._find("index.html", accepted)
        return _file_answer(request, found) if found else self._note()

    def _find(self, path: str, accepted: frozenset[str]) -> _File | None:
        """Return the file at `path`, in the smallest form that the client accepts; None where there is none."""
        parts = PurePosixPath(path).parts
        if not parts or any(part in {"..", "/"} or "\\" in part or "\0" in part for part in parts):
            return None
        plain = self._dist.joinpath(*parts)
        if plain.suffix in {".br", ".gz"}:
            return None
        try:
            if not plain.resolve(strict=True).is_relative_to(self._dist.resolve()) or not plain.is_file():
                return None
            encoding, body = _read(plain, accepted)
        except OSError:
            # Gone since, or a name that the file system refuses.
            return None
        media_type = _MEDIA_TYPES.get(plain.suffix) or mimetypes.guess_type(plain.name)[0] or "application/octet-stream"
        return _File(body, media_type, encoding, immutable=parts[0] == _ASSETS)

    def _note(self) -> Response:
        building = (self._dist.parent / BUILDING_MARK).exists()
        title, text = ("The pages are being built", _WAITING) if building else ("The pages are not built", _MISSING)
        headers = {"Content-Security-Policy": _NOTE_POLICY, "Cache-Control": "no-store"}
        if building:
            headers["Refresh"] = "2"
        return Response(_NOTE.format(style=_STYLE, title=title, text=text), media_type="text/html", headers=headers)


def _accepted(headers: Headers) -> frozenset[str]:
    """Return the content codings that a client takes (RFC 9110, 12.5.3); a weight of zero refuses."""
    names = set()
    for item in headers.get("accept-encoding", "").lower().split(","):
        name, _, weight = item.partition(";")
        if weight.replace(" ", "").rstrip("0.") != "q=":
            names.add(name.strip())
    return frozenset(names)


def _read(plain: Path, accepted: frozenset[str]) -> tuple[str, bytes]:
    for encoding, suffix in _ENCODINGS:
        if encoding in accepted:
            try:
                return encoding, plain.with_name(plain.name + suffix).read_bytes()
            except FileNotFoundError:
                continue
    return "", plain.read_bytes()


def _file_answer(request: Request, file: _File) -> Response:
    etag = f'"{hashlib.sha256(file.body).hexdigest()[:32]}"'
    headers = {
        "ETag": etag,
        "Vary": "Accept-Encoding",
        "Cache-Control": "public, max-age=31536000, immutable" if file.immutable else "no-cache",
        "Content-Security-Policy": POLICY,
    }
    known = [tag.strip().removeprefix("W/") for tag in request.headers.get("if-none-match", "").split(",")]
    if etag in known or "*" in known:
        return Response(status_code=304, headers=headers)
    if file.encoding:
        headers["Content-Encoding"] = file.encoding
    return Response(file.body, media_type=file.media_type, headers=headers)
