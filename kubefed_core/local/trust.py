"""Certificate authorities for programs we start, where the machine has no store of its own."""

import importlib
import os
import ssl
from collections.abc import Mapping
from pathlib import Path

VARIABLES = ("SSL_CERT_FILE", "SSL_CERT_DIR")
BUNDLES = ("certifi", "pip._vendor.certifi")


def environment(
    environ: Mapping[str, str], *, paths: ssl.DefaultVerifyPaths | None = None
) -> dict[str, str]:
    """The environment with SSL_CERT_FILE, where neither it nor the system names any authority.

    `paths` is where the system keeps its authorities, by default where OpenSSL looks.
    """
    result = dict(environ)
    paths = paths or ssl.get_default_verify_paths()
    if not any(environ.get(name) for name in VARIABLES) and not _has_store(paths):
        bundle = _bundle()
        if bundle:
            result["SSL_CERT_FILE"] = bundle
    return result


def context(environ: Mapping[str, str]) -> ssl.SSLContext:
    """A context for https that trusts what `environment` makes others trust."""
    trusted = environment(environ)
    file = trusted.get("SSL_CERT_FILE") or None
    directory = trusted.get("SSL_CERT_DIR") or None
    return ssl.create_default_context(cafile=file, capath=directory)


def _has_store(paths: ssl.DefaultVerifyPaths) -> bool:
    if paths.cafile and Path(paths.cafile).is_file():
        return True
    return bool(paths.capath and Path(paths.capath).is_dir() and os.listdir(paths.capath))


def _bundle() -> str:
    for name in BUNDLES:
        try:
            module = importlib.import_module(name)
        except ImportError:
            continue
        where: str = module.where()
        return where
    return ""
