"""What the web has to be told about the machine it runs on.

Values only; where they come from (``config.yaml``, ``secret.key``) is the business of whoever starts it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

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

    @classmethod
    def of(cls, environment: Any) -> WebSettings:
        """Return the settings of an environment: its configuration, and a key derived from its own."""
        config = environment.config
        return cls(
            environment.sealer.derive("web"),
            tls=config.tls is not None or config.behind_proxy,
            behind_proxy=config.behind_proxy,
        )

    def __post_init__(self) -> None:
        if len(self.secret_key) < 32:
            raise ValueError("secret_key needs at least 32 bytes")
