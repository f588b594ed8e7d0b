"""The pages `/docs` (Swagger UI) and `/redoc`, served by us alone: no CDN, no inline script, no network.

The two bundles come from the installed package `fastapi-offline`, which ships them as plain files; the pages and their
start scripts lie beside this module in ``docs_assets``.
"""

import gzip
import hashlib
import html
import mimetypes
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import BaseRoute, Route

_ASSETS_PATH = "/docs/assets"

_OURS = files(__package__) / "docs_assets"
_BUNDLES = files("fastapi_offline") / "static"
_ASSETS = {
    "pages.css": _OURS,
    "redoc.js": _OURS,
    "swagger.js": _OURS,
    "favicon.png": _BUNDLES,
    "redoc.standalone.js": _BUNDLES,
    "swagger-ui-bundle.js": _BUNDLES,
    "swagger-ui.css": _BUNDLES,
}

# Redoc draws its maker's logo from that maker's server; an empty image makes it draw none.
_FOREIGN_IMAGE, _NO_IMAGE = b"https://cdn.redoc.ly/redoc/logo-mini.svg", b"data:,"

# No Trusted Types: both bundles write plain strings as HTML.
_POLICY = {
    "default-src": "'none'",
    "script-src": "'self'",
    "style-src": "'self'",
    # Both bundles carry their icons as data URLs.
    "img-src": "'self' data:",
    # Reads the description; "Try it out" calls this server.
    "connect-src": "'self'",
    "object-src": "'none'",
    "base-uri": "'none'",
    "form-action": "'none'",
    "frame-ancestors": "'none'",
}
# Redoc makes two <style> elements: an empty one, filled rule by rule through the CSSOM, which the policy allows, and
# the fixed rules of its scroll bar (that digest belongs to the bundle's version; the browser test shows an upgrade).
_EMPTY_STYLE = "'sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU='"
_SCROLLBAR_STYLE = "'sha256-QMIg+bpjm3JdElJ388KYke01izlUW0UoNOeKjpMxdgc='"
_REDOC_POLICY = {
    **_POLICY,
    "style-src": f"'self' {_EMPTY_STYLE} {_SCROLLBAR_STYLE}",
    # Its search index is a worker made from a blob.
    "worker-src": "blob:",
}


@dataclass(frozen=True)
class _Asset:
    body: bytes
    compressed: bytes
    media_type: str
    etag: str


@cache
def _asset(name: str) -> _Asset:
    body = (_ASSETS[name] / name).read_bytes().replace(_FOREIGN_IMAGE, _NO_IMAGE)
    media_type = mimetypes.guess_type(name)[0] or "application/octet-stream"
    etag = f'"{hashlib.sha256(body).hexdigest()[:32]}"'
    return _Asset(body, gzip.compress(body, mtime=0), media_type, etag)


def _serve_asset(request: Request) -> Response:
    name = request.path_params["name"]
    if name not in _ASSETS:
        return Response(status_code=404)
    asset = _asset(name)
    # Always asked again, mostly answered with 304: an upgrade shows at once.
    headers = {"ETag": asset.etag, "Cache-Control": "no-cache", "Vary": "Accept-Encoding"}
    if asset.etag in request.headers.get("If-None-Match", ""):
        return Response(status_code=304, headers=headers)
    if "gzip" in request.headers.get("Accept-Encoding", ""):
        headers["Content-Encoding"] = "gzip"
        return Response(asset.compressed, media_type=asset.media_type, headers=headers)
    return Response(asset.body, media_type=asset.media_type, headers=headers)


def _page(path: str, template: str, policy: dict[str, str], openapi_url: str) -> Route:
    text = (_OURS / template).read_text("utf-8")
    headers = {
        "Content-Security-Policy": "; ".join(f"{name} {value}" for name, value in policy.items()),
        "Cache-Control": "no-cache",
    }

    def show(request: Request) -> HTMLResponse:
        root = html.escape(request.scope.get("root_path", "").rstrip("/"))
        page = text.replace("{assets}", root + _ASSETS_PATH).replace("{openapi}", root + html.escape(openapi_url))
        return HTMLResponse(page, headers=headers)

    return Route(path, show, include_in_schema=False)


def docs_routes(openapi_url: str) -> list[BaseRoute]:
    """Return the routes of both pages and their assets.

    ``openapi_url`` is the path of the OpenAPI document on this server. The pages set their own
    ``Content-Security-Policy``; a middleware that adds security headers must leave it as it is.
    """
    return [
        _page("/docs", "swagger.html", _POLICY, openapi_url),
        _page("/redoc", "redoc.html", _REDOC_POLICY, openapi_url),
        Route(_ASSETS_PATH + "/{name}", _serve_asset, include_in_schema=False),
    ]
