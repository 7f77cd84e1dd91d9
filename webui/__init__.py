"""The pages of Gongkai: Flask, templates, and no rule of the office.

``create_app(environment)`` gives the application; how it is served is the command line's business.
"""

from __future__ import annotations

from typing import Any

from flask import Flask
from flask_babel import Babel
from werkzeug.middleware.proxy_fix import ProxyFix

from webui import auth, catalogues, errors, formatting, labels, rendering, security
from webui.engine_door import Engine, real_engine
from webui.settings import WebSettings
from webui.views import (
    accounts,
    audit,
    calculation,
    calendar,
    cases,
    display,
    documents,
    inbox,
    machine,
    notices,
    office_settings,
    organisation,
    procedures,
    registers,
    sign_in,
    statistics,
    tasks,
    work,
)

BLUEPRINTS = (
    sign_in.blueprint,
    inbox.blueprint,
    tasks.blueprint,
    cases.blueprint,
    documents.blueprint,
    calculation.blueprint,
    display.blueprint,
    notices.blueprint,
    audit.blueprint,
    procedures.blueprint,
    calendar.blueprint,
    office_settings.blueprint,
    registers.blueprint,
    statistics.blueprint,
    accounts.blueprint,
    organisation.blueprint,
    machine.blueprint,
    work.blueprint,
)


def create_app(
    environment: Any, *, settings: WebSettings | None = None, engine: Engine | None = None
) -> Flask:
    """Return the application over an environment.

    Args:
        environment: what the engine's functions are called with.
        settings: the machine; by default what the environment's configuration says.
        engine: another door, for tests; by default the product's own.
    """
    settings = settings or WebSettings.of(environment)
    catalogues.compile_catalogues()
    app = Flask(__name__)
    app.extensions["gongkai"] = engine or real_engine(environment)
    app.config.update(
        SECRET_KEY=settings.secret_key,
        SESSION_COOKIE_NAME="gongkai-flash",
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_SECURE=settings.tls,
        MAX_CONTENT_LENGTH=settings.max_request_bytes,
        MAX_FORM_MEMORY_SIZE=settings.max_form_bytes,
        MAX_FORM_PARTS=settings.max_form_parts,
        SEND_FILE_MAX_AGE_DEFAULT=365 * 86400,
        BABEL_DEFAULT_LOCALE="zh_Hans_CN",
        BABEL_DEFAULT_TIMEZONE="Asia/Shanghai",
    )
    app.jinja_options = {"trim_blocks": True, "lstrip_blocks": True}
    Babel(app, locale_selector=display.locale)
    app.jinja_env.policies["ext.i18n.trimmed"] = True
    auth.install(app)
    security.install(app)
    errors.install(app)
    formatting.install(app)
    rendering.install(app)
    labels.install(app)
    for blueprint in BLUEPRINTS:
        app.register_blueprint(blueprint)
    if settings.behind_proxy:
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=1, x_proto=1, x_host=1)  # type: ignore[method-assign]
    return app
