"""Ownership values encrypted as external-dns encrypts them: gzip, then AES-256-GCM, then base64."""

import base64
import binascii
import gzip
import zlib

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from kubefed_dns.errors import Misconfigured

KEY = 32
NONCE = 12
TAG = 16


def aes_key(raw: bytes) -> bytes:
    """A key as configured: 32 octets, or those in base64 of either alphabet.

    Raises Misconfigured for anything else, without showing it.
    """
    if len(raw) == KEY:
        return raw
    text = raw.strip().translate(bytes.maketrans(b"-_", b"+/"))
    try:
        key = base64.b64decode(text, validate=True)
    except binascii.Error:
        key = b""
    if len(key) != KEY:
        raise Misconfigured(
            "spec.txt.encryptionKeyRef: the key must be 32 octets, plain or in base64"
        )
    return key


def sealed(text: str, key: bytes, *, nonce: bytes) -> str:
    """Encrypt; the nonce is 12 octets, and never the same twice for one key."""
    packed = gzip.compress(text.encode(), mtime=0)
    return base64.b64encode(nonce + AESGCM(key).encrypt(nonce, packed, None)).decode()


def opened(text: str, key: bytes) -> str | None:
    """Decrypt; None for what was not encrypted with this key."""
    try:
        data = base64.b64decode(text, validate=True)
        if len(data) < NONCE + TAG:
            return None
        packed = AESGCM(key).decrypt(data[:NONCE], data[NONCE:], None)
        return gzip.decompress(packed).decode()
    except (ValueError, InvalidTag, OSError, EOFError, zlib.error):
        return None
