"""The settings in words: for ``--help``, for ``docs/settings.md`` and for ``.env.example``."""

from collections.abc import Iterator

from pydantic import SecretStr

from taskmanager.kit.settings import PREFIX, Settings

# What the default is in words, where its value says little or differs from machine to machine.
_IN_WORDS = {"web_dir": "`web/dist`", "data_dir": "`./data`"}


def _rows() -> Iterator[tuple[str, str, str]]:
    for name, field in Settings.model_fields.items():
        default = field.default
        if isinstance(default, SecretStr):
            default = default.get_secret_value()
        text = ",".join(default) if isinstance(default, tuple) else default
        shown = _IN_WORDS.get(name) or (f"`{text}`" if text not in {None, ""} else "")
        yield PREFIX + name.upper(), shown, field.description or ""


def as_markdown() -> str:
    """Return the page ``docs/settings.md``."""
    lines = [
        "# Settings",
        "",
        "Environment variables, read once at start. This page is made by `taskmanager settings --markdown`.",
        "",
        "| name | default | what it is |",
        "|---|---|---|",
    ]
    lines += [f"| `{name}` | {default} | {words} |" for name, default, words in _rows()]
    return "\n".join(lines) + "\n"


def as_environment() -> str:
    """Return the file ``.env.example``: every setting with its default, commented out."""
    lines = ["# Settings of TaskManager. Uncomment what you change; docs/settings.md explains each."]
    for name, default, words in _rows():
        lines += ["", f"# {words}", f"# {name}={default.strip('`')}"]
    return "\n".join(lines) + "\n"


def as_help() -> str:
    """Return the settings as lines for a terminal."""
    return "\n".join(f"{name} [{default.strip('`') or 'unset'}]: {words}" for name, default, words in _rows())
