"""What a Redis store's address may say, and that no message says its password."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proxy.errors import InputError
from proxy.policy.site_schema import SiteFile
from proxy.store import open_store
from proxy.store.redis_address import Topology, parse


def test_one_server() -> None:
    address = parse("rediss://preau:p%40ss@redis.lycee.example/2?prefix=b&ssl_ca_certs=/ca.pem")
    assert address.topology is Topology.ALONE
    assert address.hosts == (("redis.lycee.example", 6379),)
    assert (address.tls, address.database, address.prefix) == (True, 2, "b")
    assert address.account == {"username": "preau", "password": "p@ss"}
    assert address.certificates == {"ssl_ca_certs": "/ca.pem"}


def test_several_sentinels_with_accounts_of_their_own() -> None:
    address = parse(
        "redis+sentinel://u:p@a,b:7000,[::1]:26380/ecole/3?sentinel_username=s&sentinel_password=q"
    )
    assert address.topology is Topology.SENTINEL
    assert address.hosts == (("a", 26379), ("b", 7000), ("::1", 26380))
    assert (address.service, address.database, address.tls) == ("ecole", 3, False)
    assert address.sentinel_account == {"username": "s", "password": "q"}


def test_nodes_of_a_cluster_and_a_socket() -> None:
    cluster = parse("rediss+cluster://:p@a:1,b:2")
    assert (cluster.topology, cluster.hosts) == (Topology.CLUSTER, (("a", 1), ("b", 2)))
    assert cluster.account == {"password": "p"}
    socket = parse("unix:///run/redis.sock?prefix=x")
    assert (socket.socket, socket.prefix, socket.hosts) == ("/run/redis.sock", "x", ())


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("redis://a,b/0", "several hosts"),
        ("redis://a:port/0", "HOST:PORT"),
        ("redis://a/zero", "number of the database"),
        ("redis+sentinel://a", "master's name"),
        ("redis+cluster://a/1", "one database"),
        ("redis://a?ssl_ca_certs=/x", "not understood: ssl_ca_certs"),
        ("redis+cluster://a?sentinel_password=x", "not understood: sentinel_password"),
        ("rediss://a?ssl_cert_reqs=none", "not understood: ssl_cert_reqs"),
        ("rediss://a?ssl_check_hostname=false", "not understood"),
        ("redis://a?prefix={x}", "this prefix"),
        ("http://a", "not a store address"),
    ],
)
def test_what_cannot_be_used_is_said(url: str, says: str) -> None:
    with pytest.raises(InputError, match=says):
        open_store(url)


@given(st.text("abcdefgh", min_size=8), st.sampled_from(["redis", "rediss+sentinel"]))
def test_no_password_is_ever_shown(password: str, scheme: str) -> None:
    path = "/ecole" if "sentinel" in scheme else ""
    address = parse(f"{scheme}://u:{password}@h{path}")
    assert address.account["password"] == password
    assert password not in f"{address} {address!r}".replace("ecole", "")


@pytest.mark.parametrize(
    "url", ["redis://u:p@h", "rediss+sentinel://h/m?sentinel_password=p", "redis+cluster://:p@h"]
)
def test_a_password_does_not_belong_in_a_file(url: str) -> None:
    with pytest.raises(ValueError, match="PREAU_STORE_URL"):
        SiteFile(site="Essai", store=url)
