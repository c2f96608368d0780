"""TLS for a client: certificates and keys from files, and words for what goes wrong (protocol.txt, sections 3 and 20).

Nothing here turns verification off. A server with a certificate that nobody has signed is trusted by naming that very
certificate; a switch that trusts everyone would let everyone on the path read and change everything.
"""

from __future__ import annotations

import ipaddress
import ssl
from pathlib import Path

from .effects import Cause, Remedy

#: OpenSSL's numbers for what is wrong with a certificate (X509_V_ERR_...), as far as there is a better word for it.
_NOT_YET_VALID, _EXPIRED = 9, 10
_UNTRUSTED = frozenset({2, 18, 19, 20, 21, 27})
_OTHER_HOST = frozenset({62, 64})

_NO_TLS = Cause("the server does not speak TLS there; connect without TLS, or look for its port with TLS")
_OLD_TLS = Cause("client and server have no version of TLS in common; version 1.2 or later is needed")
_CERTIFICATE_WANTED = Cause("the server wants a certificate from you", Remedy.CERTIFICATE)
_HANDSHAKE_REFUSED = Cause(
    "the server refused the TLS handshake; it may want a certificate from you", Remedy.CERTIFICATE
)

#: OpenSSL's words for what ended a connection; those that hold the word on the left mean what stands on the right.
_MEANINGS = {
    "WRONG_VERSION_NUMBER": _NO_TLS,
    "RECORD_LAYER_FAILURE": _NO_TLS,
    "PACKET_LENGTH_TOO_LONG": _NO_TLS,
    "UNSUPPORTED_PROTOCOL": _OLD_TLS,
    "ALERT_PROTOCOL_VERSION": _OLD_TLS,
    "CERTIFICATE_REQUIRED": _CERTIFICATE_WANTED,
    "ALERT_HANDSHAKE_FAILURE": _HANDSHAKE_REFUSED,
    "UNRECOGNIZED_NAME": Cause("the server has no certificate for that host; look whether the name is right"),
    "ALERT_UNKNOWN_CA": Cause(
        "the server does not trust your certificate; it has to be signed by an authority of the server's"
    ),
    "CERTIFICATE_EXPIRED": Cause("your certificate has expired"),
    "CERTIFICATE_REVOKED": Cause("your certificate was revoked"),
    "CERTIFICATE": Cause("the server does not take your certificate"),
}


class UnusableTls(Exception):
    """No TLS with these files; the text says in one line which one is at fault and what to do.

    `argument` is that of `tls_context` which has named the file: 'ca', 'certificate' or 'key'.
    """

    def __init__(self, argument: str, text: str) -> None:
        super().__init__(text)
        self.argument = argument


def tls_context(ca: Path | None = None, certificate: Path | None = None, key: Path | None = None) -> ssl.SSLContext:
    """TLS for a client that verifies the server: against the system's authorities, or against those in `ca` alone.

    `certificate` is what the client shows if the server asks for one; its `key` may stand in the same file. All files
    are in PEM form. Raises `UnusableTls`.
    """
    context = ssl.create_default_context() if ca is None else _trusting(ca)  # TRANSPORT-6: both verify.
    context.minimum_version = ssl.TLSVersion.TLSv1_2  # TRANSPORT-5
    # What the user trusts need not be at the end of the chain: the server's own certificate will do.
    context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
    if certificate is not None:
        _show(context, certificate, key)
    return context


def _trusting(ca: Path) -> ssl.SSLContext:
    _require(ca, "CERTIFICATE-----", "ca", "a certificate in PEM form")
    try:
        return ssl.create_default_context(cafile=ca)
    except (OSError, ValueError) as error:
        raise UnusableTls("ca", f"{ca}: the certificate is damaged: {_reason(error)}") from None


def _show(context: ssl.SSLContext, certificate: Path, key: Path | None) -> None:
    """Load what the client is to show."""
    _require(certificate, "-----BEGIN CERTIFICATE-----", "certificate", "a certificate in PEM form")
    _require(key or certificate, "PRIVATE KEY-----", "key", "a private key in PEM form")
    encrypted = False

    def no_password() -> bytes:
        # Without this OpenSSL would ask at the terminal, where nobody may sit.
        nonlocal encrypted
        encrypted = True
        return b""

    try:
        context.load_cert_chain(certificate, key, no_password)
    except (OSError, ValueError) as error:
        if encrypted:
            raise UnusableTls(
                "key",
                f"{key or certificate}: the key is encrypted; write it plainly with 'openssl pkey' "
                "into a file that you alone can read",
            ) from None
        if getattr(error, "reason", "") == "KEY_VALUES_MISMATCH":
            raise UnusableTls("key", f"{key or certificate}: not the key of the certificate {certificate}") from None
        raise UnusableTls("certificate", f"{certificate}: certificate or key are damaged: {_reason(error)}") from None


def _require(path: Path, mark: str, argument: str, what: str) -> None:
    """A file that has what is wanted, as far as can be seen; OpenSSL does not say which file it fails at."""
    try:
        text = path.read_text(encoding="utf-8", errors="replace")
    except (OSError, ValueError) as error:
        raise UnusableTls(argument, f"{path}: cannot be read: {getattr(error, 'strerror', None) or error}") from None
    if mark not in text:
        raise UnusableTls(argument, f"{path}: does not hold {what}")


def verified_name(host: str) -> str:
    """The name or address that the server's certificate has to bear if the user has named this host.

    The scope of an address is known to this machine alone, and an IPv4 address that is mapped into IPv6 is that address.
    """
    try:
        address = ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return host.removesuffix(".")
    return str(getattr(address, "ipv4_mapped", None) or address)


def tls_failure(error: OSError, host: str = "") -> Cause:
    """Why there is no TLS, or no longer, and what to look at."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return _distrust(error, host)
    reason = getattr(error, "reason", None) or ""
    for word, meaning in _MEANINGS.items():
        if word in reason:
            return meaning
    return Cause(f"TLS has failed: {reason.replace('_', ' ').lower() or error}")


def _distrust(error: ssl.SSLCertVerificationError, host: str) -> Cause:
    if error.verify_code in _UNTRUSTED:
        return Cause(
            f"the server's certificate is not trusted: {error.verify_message}; "
            "name a certificate to trust, if you know that it is the right one",
            Remedy.TRUST,
        )
    if error.verify_code in _OTHER_HOST:
        return Cause(f"the server's certificate is not for {verified_name(host)}; is the host right?")
    if error.verify_code == _EXPIRED:
        return Cause("the server's certificate has expired; only who runs the server can mend that")
    if error.verify_code == _NOT_YET_VALID:
        return Cause("the server's certificate is not valid yet; is the clock of this computer right?")
    return Cause(f"the server's certificate cannot be verified: {error.verify_message}")


def _reason(error: Exception) -> str:
    return str(getattr(error, "reason", None) or error)
