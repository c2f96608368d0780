"""Certificates and keys from files, with a clear word about what is wrong with them."""

from __future__ import annotations

import ssl
from pathlib import Path


class UnusableTls(Exception):
    """No TLS with these files; the text says which one is at fault and what to do."""


def tls_context(certificate: Path, key: Path | None, client_ca: Path | None) -> ssl.SSLContext:
    """TLS for a server. The key may stand in the file of the certificate. With `client_ca` clients have to show a
    certificate that it has signed. Raises `UnusableTls`.
    """
    _require(certificate, "-----BEGIN CERTIFICATE-----", "--tls-cert", "a certificate in PEM form")
    _require(key or certificate, "PRIVATE KEY-----", "--tls-key", "a private key in PEM form")
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.minimum_version = ssl.TLSVersion.TLSv1_2  # TRANSPORT-5
    encrypted: list[Path] = []

    def no_password() -> bytes:
        # Without this OpenSSL would ask at the terminal, and a server that starts by itself would wait for ever.
        encrypted.append(key or certificate)
        return b""

    try:
        context.load_cert_chain(certificate, key, no_password)
    except (ssl.SSLError, OSError, ValueError) as error:
        if encrypted:
            raise UnusableTls(
                f"--tls-key {encrypted[0]}: the key is encrypted; write it plainly with 'openssl pkey' "
                "into a file that the server alone can read"
            ) from None
        if getattr(error, "reason", "") == "KEY_VALUES_MISMATCH":
            raise UnusableTls(f"--tls-key {key or certificate}: not the key of the certificate {certificate}") from None
        raise UnusableTls(f"--tls-cert {certificate}: certificate or key are damaged: {_reason(error)}") from None
    if client_ca is not None:
        _require(client_ca, "-----BEGIN CERTIFICATE-----", "--tls-client-ca", "a certificate in PEM form")
        try:
            context.load_verify_locations(client_ca)
        except (ssl.SSLError, OSError, ValueError) as error:
            raise UnusableTls(f"--tls-client-ca {client_ca}: the certificate is damaged: {_reason(error)}") from None
        context.verify_mode = ssl.CERT_REQUIRED
    return context


def _require(path: Path, mark: str, option: str, what: str) -> None:
    """A file that has what is wanted, as far as can be seen; OpenSSL does not say which file it fails at."""
    try:
        text = path.read_text(encoding="utf-8", errors="replace")
    except OSError as error:
        raise UnusableTls(f"{option} {path}: cannot be read: {error.strerror}") from None
    if mark not in text:
        raise UnusableTls(f"{option} {path}: does not hold {what}")


def _reason(error: Exception) -> str:
    return str(getattr(error, "reason", None) or error)
