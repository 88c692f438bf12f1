import itertools

import pytest

from kubefed_core.api import urls

HOSTS = ("example.com", "my.example.com", "192.0.2.219", "[2001:db8:25a4:8d2::1]")
PORTS = ("", ":1", ":80", ":8080", ":65535")
PATHS = ("", "/", "/path/to/endpoint")
NEITHER = "host must be a URL or a host:port pair"


@pytest.mark.parametrize(
    "text",
    [
        scheme + host + port + path
        for scheme, host, port, path in itertools.product(
            ("", "http://", "https://"), HOSTS, PORTS, PATHS
        )
        if scheme or path != "/path/to/endpoint"
    ],
)
def test_upstream_takes_these_endpoints(text):
    found = urls.endpoint(text)
    assert found.scheme == ("http" if text.startswith("http:") else "https")
    assert found.host in HOSTS


@pytest.mark.parametrize(
    ("reason", "text", "message"),
    [
        ("A URL has a host.", "https://", f'{NEITHER}: "https://"'),
        ("A port alone is no host.", "https://:443", NEITHER),
        ("A path needs a scheme.", "example.com/path", f'{NEITHER}: "example.com/path"'),
        ("An address needs one too.", "192.0.2.35/path", NEITHER),
        ("Nothing is no host.", "", NEITHER),
        (
            "A port is a number.",
            "example.com:port80",
            'parse "https://example.com:port80": invalid port ":port80" after host',
        ),
        ("A port has no sign.", "example.com:-80", 'invalid port ":-80" after host'),
        ("A bracket is closed.", "[2001:db8::1", "missing ']' in host"),
        ("After a bracket comes a port.", "[::1]80", 'invalid port "80" after host'),
        ("A host has no blanks.", "a b", 'invalid character " " in host name'),
    ],
)
def test_what_is_no_endpoint_is_said_as_go_says_it(reason, text, message):
    with pytest.raises(urls.Unfit) as caught:
        urls.endpoint(text)
    assert message in str(caught.value), reason


def test_parts_are_told_apart():
    assert urls.parse("socks5://user:secret@example.com:1080/x?y#z") == urls.Url(
        "socks5", "example.com", "1080", "/x"
    )
    assert urls.parse("mailto:someone") == urls.Url("mailto", "", "", "someone")


@pytest.mark.parametrize("text", ["socks5://example.com", "https://example.com", "http://e.com:1"])
def test_a_proxy_is_reached_by_http_or_socks(text):
    assert urls.proxy_fault(text) == ""


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("socks6://example.com", "proxy URL scheme must be one of: [http, https, socks5]"),
        ("example.com", "proxy URL scheme must be one of: [http, https, socks5]"),
        ("chewbacca@example.com", "proxy URL scheme must be one of: [http, https, socks5]"),
        ("http://exa mple.com", "error parsing the proxy URL"),
    ],
)
def test_what_is_no_proxy(text, message):
    assert urls.proxy_fault(text) == message


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("socks5://user:secret@example.com", "socks5://user:…@example.com"),
        ('parse "https://user:secret@h:x": wrong', 'parse "https://user:…@h:x": wrong'),
        ("user:secret@example.com", "user:…@example.com"),
        ("https://user@example.com/a:b@c", "https://user@example.com/a:b@c"),
    ],
)
def test_a_password_is_never_shown(text, shown):
    assert urls.hidden(text) == shown
