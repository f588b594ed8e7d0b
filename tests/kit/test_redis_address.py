"""Where Redis may be said to be, and what is said about a URL that means nothing."""

import pytest
from pydantic import ValidationError

from taskmanager.kit.redis_address import parse_redis_url
from taskmanager.kit.settings import Settings


def test_every_form_is_understood() -> None:
    plain = parse_redis_url("rediss://anna:p%40ss@cache:6380/3?ssl_cert_reqs=none")
    assert (plain.kind, plain.hosts, plain.tls, plain.database) == ("server", (("cache", 6380),), True, 3)
    assert (plain.username, plain.password) == ("anna", "p@ss")
    three = parse_redis_url("redis+sentinel://:secret@a,b:26380,[::1]/mymaster/2?sentinel_password=other")
    assert three.hosts == (("a", 26379), ("b", 26380), ("::1", 26379))
    assert (three.kind, three.service, three.database, three.tls) == ("sentinel", "mymaster", 2, False)
    assert (three.username, three.password, three.sentinel_password) == (None, "secret", "other")
    cluster = parse_redis_url("rediss+cluster://a,b:7000/0")
    assert (cluster.kind, cluster.hosts, cluster.tls) == ("cluster", (("a", 6379), ("b", 7000)), True)
    assert parse_redis_url("unix:///run/redis.sock").kind == "server"


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("http://cache", "must look like"),
        ("cache:6379", "must look like"),
        ("redis://", "no host"),
        ("redis://cache:0", "no host and port"),
        ("redis://cache:99999", "wrong port"),
        ("redis://cache/first", "number of a database"),
        ("redis+sentinel://a,b", "name that the sentinels give"),
        ("redis+sentinel://a/mymaster/x", "number of a database"),
        ("redis+sentinel://a/mymaster?password=x", "no option password"),
        ("redis+cluster://a,,b", "no host"),
        ("redis+cluster://a/1", "leave /number out"),
        ("redis+cluster://a?db=1", "no option db"),
    ],
)
def test_what_means_nothing_is_refused_in_words(url: str, said: str) -> None:
    with pytest.raises(ValidationError, match="TASKMANAGER_REDIS_URL") as refusal:
        Settings(redis_url=url)
    assert said in str(refusal.value)
