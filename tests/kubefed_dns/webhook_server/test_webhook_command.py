import signal
import subprocess
import sys

import pytest
from served import Watched, ask, free_port

from kubefed_core.kubefedctl import cli
from kubefed_dns.decide.ownership import Naming
from kubefed_dns.errors import Misconfigured
from kubefed_dns.providers.rfc2136 import Rfc2136
from kubefed_dns.webhook_server import command
from kubefed_dns.webhook_server.command import Options


def options_of(*args):
    found = []
    made = command.command(lambda options: found.append(options) or 0)
    assert cli.run(made, args, name="webhook-provider") == 0
    return found[0]


def test_flags():
    found = options_of(
        "--provider", "rfc2136", "--zones=Example.org, example.com", "--zones", "example.net",
        "--txt-prefix=txt-", "--zone-ids", "Z1", "--health-address=", "-v=4",
    )  # fmt: skip
    assert found == Options(
        provider="rfc2136",
        zones=("example.org.", "example.com.", "example.net."),
        zone_ids=("Z1",),
        naming=Naming(prefix="txt-"),
        health_address="",
        verbosity=4,
    )


def test_a_provider_has_the_settings_and_the_secret_of_a_dnsprovider(tmp_path):
    settings, secret = tmp_path / "settings.yaml", tmp_path / "secret"
    settings.write_text('{servers: ["192.0.2.1:53"], tsig: {keyName: k.}}')
    (secret / "..data").mkdir(parents=True)
    (secret / "..data" / "tsigSecret").write_text("c2VjcmV0")
    (secret / "tsigSecret").symlink_to("..data/tsigSecret")
    args = "--provider", "rfc2136", "--zones", "example.org"
    found = options_of(*args, "--settings", str(settings), "--credentials", str(secret))
    provider = command.made(found)
    assert isinstance(provider, Rfc2136)
    provider.close()


@pytest.mark.parametrize(("reason", "text", "given", "said"), [
    ("Settings are YAML.", "{", {}, "--settings: .* cannot be read"),
    ("An object of it.", "[]", {}, "--settings: .* holds no object"),
    ("Only what is installed can be had.", "{}", {"provider": "nonsense"}, "'nonsense'; installed"),
    ("The embedded server is not here.", "{}", {"provider": "embedded"}, "another process"),
], ids=lambda value: value if isinstance(value, str) else "")  # fmt: skip
def test_what_cannot_work_is_said(tmp_path, reason, text, given, said):
    settings = tmp_path / "settings.yaml"
    settings.write_text(text)
    with pytest.raises(Misconfigured, match=said):
        command.made(Options(**{"provider": "webhook", "settings": settings} | given))


def test_the_program_serves_until_it_is_told_to_stop(serve, tmp_path):
    """Its provider is a webhook, too: that of another server of ours."""
    behind = serve(Watched("example.org.", "example.com."))
    settings = tmp_path / "settings.yaml"
    settings.write_text(f'url: "{behind.url}"')
    address = f"127.0.0.1:{free_port()}"
    args = "--provider=webhook", f"--settings={settings}", f"--address={address}"
    program = subprocess.Popen(
        [sys.executable, "-m", "kubefed_dns.hyperfed", "webhook-provider", *args,
         "--health-address="], stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    with program:
        assert "serving zones ('example.org.', 'example.com.')" in program.stderr.readline()
        behind.url = f"http://{address}"
        assert ask(behind, "/")[2] == {"include": ["example.org", "example.com"]}
        program.send_signal(signal.SIGTERM)
        assert "stopping" in program.stderr.readline()
        assert program.wait(10) == 0
