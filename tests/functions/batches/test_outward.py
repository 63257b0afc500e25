"""Where a callback may go: nothing that is not public is ever called, however it is written."""

from __future__ import annotations

import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.shared.batches.outward import RefusedError, public, target

PRIVATE = (
    *("127.0.0.1", "10.0.0.1", "172.16.5.4", "192.168.1.1", "169.254.169.254", "169.254.170.2", "0.0.0.7"),
    *("100.64.0.1", "192.0.0.8", "198.18.0.1", "192.88.99.1", "224.0.0.1", "239.255.255.250", "240.0.0.1"),
    *("255.255.255.255", "203.0.113.7", "::", "::1", "fe80::1", "fc00::1", "fd00:ec2::254", "ff02::1"),
    *("::ffff:127.0.0.1", "::ffff:8.8.8.8", "::127.0.0.1", "64:ff9b::7f00:1", "64:ff9b:1::1", "2002:7f00:1::1"),
    *("2001:0:7f00:1::", "2001:db8::1", "3fff::1", "fec0::1", "5f00::1", "4000::1"),
)
PUBLIC = ("8.8.8.8", "1.1.1.1", "151.101.1.69", "2606:4700:4700::1111", "2a00:1450:4001:82a::200e")


@pytest.mark.parametrize("address", PRIVATE)
def test_an_address_that_leads_inside_is_not_public(address: str) -> None:
    assert not public(address)


@pytest.mark.parametrize("address", PUBLIC)
def test_an_address_of_the_internet_is_public(address: str) -> None:
    assert public(address)


@given(st.ip_addresses())
def test_what_is_public_is_global_by_the_registries_too(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> None:
    if public(str(address)):
        assert address.is_global
        assert not address.is_multicast


@given(st.ip_addresses(v=4))
def test_no_address_inside_another_gets_through(inner: ipaddress.IPv4Address) -> None:
    number = int(inner)
    for prefix, shift in (
        ("::", 0),
        ("::ffff:0:0", 0),
        ("64:ff9b::", 0),
        ("64:ff9b:1::", 0),
        ("2002::", 80),
        ("2001::", 0),
    ):
        outer = ipaddress.IPv6Address(int(ipaddress.IPv6Address(prefix)) | number << shift)
        assert not public(str(outer))


@pytest.mark.parametrize("text", ["", "localhost", "8.8.8", "8.8.8.8.8", "08.8.8.8", "2606:4700::1111%eth0", "x"])
def test_what_is_no_address_is_not_public(text: str) -> None:
    assert not public(text)


@pytest.mark.parametrize(
    ("url", "host", "path"),
    [
        ("https://app.example.org", "app.example.org", "/"),
        ("https://App.Example.org:443/hook?a=1&b=%20", "app.example.org", "/hook?a=1&b=%20"),
        ("https://app.example.org./hook", "app.example.org", "/hook"),
        ("https://xn--bcher-kva.example/hook", "xn--bcher-kva.example", "/hook"),
        ("https://8.8.8.8/hook", "8.8.8.8", "/hook"),
        ("https://[2606:4700:4700::1111]/hook", "2606:4700:4700::1111", "/hook"),
    ],
)
def test_a_public_address_is_taken_apart(url: str, host: str, path: str) -> None:
    found = target(url)
    assert (found.host, found.path) == (host, path)


@pytest.mark.parametrize(
    ("url", "told"),
    [
        ("http://app.example.org/", "https://"),
        ("ftp://app.example.org/", "https://"),
        ("//app.example.org/", "https://"),
        ("app.example.org/hook", "https://"),
        ("https://user@app.example.org/", "user name"),
        ("https://user:password@app.example.org/", "user name"),
        ("https://@app.example.org/", "user name"),
        ("https://app.example.org:8443/", "port"),
        ("https://app.example.org:0/", "port"),
        ("https://app.example.org:99999/", "no address"),
        ("https://app.example.org/#part", "#"),
        ("https://app.example.org\\@169.254.169.254/", "printable"),
        ("https://app.example.org/\r\nHost: inside", "printable"),
        ("https://app.example.org/a b", "printable"),
        ("https://bücher.example/", "printable"),
        ("https://app.example.org/" + "a" * 2048, "2048"),
        ("https:///hook", "host name"),
        ("https://localhost/", "host name"),
        ("https://metadata/", "host name"),
        ("https://127.1/", "host name"),
        ("https://0x7f.0.0.1/", "host name"),
        ("https://0177.0.0.1/", "host name"),
        ("https://2130706433/", "host name"),
        ("https://127.0.0.1./", "public internet"),
        ("https://app.localhost/", "private networks"),
        ("https://printer.local/", "private networks"),
        ("https://ip-10-0-0-1.ec2.internal/", "private networks"),
        ("https://127.0.0.1/", "public internet"),
        ("https://169.254.169.254/latest/meta-data/", "public internet"),
        ("https://[fd00:ec2::254]/latest/meta-data/", "public internet"),
        ("https://[::ffff:169.254.169.254]/", "public internet"),
        ("https://[::1]/", "public internet"),
        ("https://[fe80::1%25eth0]/", "public internet"),
        ("https://[::1/", "no address"),
    ],
)
def test_other_addresses_are_refused_with_a_reason(url: str, told: str) -> None:
    with pytest.raises(RefusedError, match=told):
        target(url)


@given(st.text(max_size=60))
def test_nothing_but_an_address_or_a_reason_comes_out(text: str) -> None:
    for url in (text, f"https://{text}"):
        try:
            found = target(url)
        except RefusedError:
            continue
        assert found.path.startswith("/")
        assert not set(found.host + found.path) & set(" \r\n\t@\\")
