"""What the web has to be told about the machine it runs on.

Values only; where they come from (``config.yaml``, ``secret.key``) is the business of whoever starts it.
"""

from __future__ import annotations

from dataclasses import dataclass

MIB = 1024 * 1024


@dataclass(frozen=True)
class WebSettings:
    """How the web is reached and how much it takes in at once.

    ``secret_key`` signs the form tokens (at least 32 bytes). ``tls``: visitors arrive over HTTPS, so that
    cookies are ``Secure`` and HSTS is sent. ``behind_proxy``: one reverse proxy stands in front and its
    ``X-Forwarded-*`` headers are believed.
    """

    secret_key: bytes
    tls: bool = False
    behind_proxy: bool = False
    max_request_bytes: int = 50 * MIB
    max_form_bytes: int = 2 * MIB
    max_form_parts: int = 2000

    def __post_init__(self) -> None:
        if len(self.secret_key) < 32:
            raise ValueError("secret_key needs at least 32 bytes")
