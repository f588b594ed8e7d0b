"""Who is named in a text, and who is not."""

import time

import pytest

from taskmanager.tasks.notifications.mentions import MOST, mentioned


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("@anna", ["anna"]),
        ("Ask @Anna, (@ben) and\n@c.d-e_f!", ["anna", "ben", "c.d-e_f"]),
        ("@anna @ANNA @anna", ["anna"]),
        ("“@anna”: 1/@ben", ["anna"]),
        # A sentence may end there, and so may a name.
        ("Thanks, @anna.", ["anna.", "anna"]),
        ("_@anna_ **@ben** __@cid__ ~~@dee~~", ["anna_", "anna", "ben", "cid__", "cid", "dee"]),
        ("anna@example.org <mailto:ben@example.org> @cid@example.org", []),
        ("a_@example.org first.last@example.org a+b@example.org", []),
        ("https://example.org/@anna @anna/package x=@anna \\@anna", []),
        ("@annaé @ @. @@ben é@anna", []),
        ("`@anna` ``@ben ` `` @cid", ["cid"]),
        ("` is a tick, @anna", ["anna"]),
        ("\\` is no code, @anna `", ["anna"]),
        ("A tick ` here,\n\n@anna, and one ` there", ["anna"]),
        ("```\n@anna\n```\n@ben", ["ben"]),
        ("```py\n@anna\n``\n~~~\n````  \n@ben", ["ben"]),
        ("> ~~~ sh\n> @anna\n> ~~~\n> @ben", ["ben"]),
        ("1. ```\n   @anna\n   ```\n2. @ben", ["ben"]),
        ("```\n@anna to the end", []),
        ("``` @ben ``` @anna", ["anna"]),
        ("", []),
    ],
)
def test_names_in_a_text(text: str, names: list[str]) -> None:
    assert mentioned(text) == names


def test_nobody_calls_everybody() -> None:
    assert len(mentioned(" ".join(f"@name{number}" for number in range(1000)))) == 2 * MOST


@pytest.mark.parametrize("piece", ["@a", "@a.", "`", "`` ` ", "> ", "\n", "_@", "```\n", "\n \n`@a`", "- "])
def test_no_text_takes_long(piece: str) -> None:
    text = "@" + piece * (100_000 // len(piece))
    begun = time.process_time()
    mentioned(text)
    assert time.process_time() - begun < 1
