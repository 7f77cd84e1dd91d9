"""Commands that set up and run the server: ``run``, ``web``, ``worker``, ``init``, ``demo``."""

from __future__ import annotations

import ctypes
import errno
import gc
import importlib
import signal
import socket
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import click

from engine import commands
from engine.bootstrap import build_environment, hold, prepare_data
from engine.cli.logs import start_logging
from engine.cli.serving import server_of
from engine.cli.speaking import Told, tell, told
from engine.config import Config, load_config
from engine.environment import Environment
from engine.scheduler import EmbeddedJobs
from engine.store import accounts
from engine.unit_of_work import UnitOfWork, damaged_part
from engine.words import say

LOOPBACK = {"127.0.0.1", "localhost", "::1"}
_M_ARENA_MAX = -8  # of glibc's malloc.h


def config_option(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add ``--config FILE`` to a command."""
    return click.option(
        "--config",
        "config_file",
        type=click.Path(path_type=Path, dir_okay=False),
        help="配置文件，默认为当前文件夹的 config.yaml。 Configuration file.",
    )(command)


def register(group: click.Group) -> None:
    """Add this module's commands to the group."""
    for command in (run, web, worker, init, demo):
        group.add_command(command)


def _one_arena() -> None:
    """Let all threads share one heap where the C library is glibc: a heap each kept 20 MiB of empty pages."""
    with suppress(OSError, AttributeError):
        ctypes.CDLL(None).mallopt(_M_ARENA_MAX, 1)


def _settled() -> None:
    """Keep the collector off what stays: it walked through all of it, for 0.1 s, about once in 1,000 steps."""
    gc.collect()
    gc.freeze()


@click.command()
@click.option("--host", help="地址，默认 127.0.0.1。 Address.")
@click.option("--port", type=click.IntRange(1, 65535), help="端口，默认 8080。 Port.")
@click.option(
    "--demo",
    "with_demo",
    is_flag=True,
    help="装入演示单位（只能用在空的数据库上）。 Load the demonstration office.",
)
@config_option
def run(host: str | None, port: int | None, with_demo: bool, config_file: Path | None) -> None:
    """启动：网页、定时办理和数据库在一个进程里。 Start everything in one process."""
    _one_arena()
    config = _configured(config_file, host, port)
    start_logging(config)
    prepare_data(config)
    held = hold(config)
    listening = _listen(config)
    env = build_environment(config)
    _refuse_damaged(env)
    if with_demo:
        _drop_unfinished_demo(env)
    _deploy(env)
    _ready(env, with_demo)
    jobs = EmbeddedJobs()
    jobs.every("tick", config.scheduler_interval, lambda: commands.tick(env))
    jobs.start()
    try:
        _serve(env, config, listening)
    finally:
        jobs.stop()
        held.close()


@click.command()
@click.option("--host", help="地址，默认 127.0.0.1。 Address.")
@click.option("--port", type=click.IntRange(1, 65535), help="端口，默认 8080。 Port.")
@config_option
def web(host: str | None, port: int | None, config_file: Path | None) -> None:
    """只启动网页，定时办理由 worker 进程做（多台机器时用）。 The pages only."""
    _one_arena()
    config = _configured(config_file, host, port)
    start_logging(config)
    listening = _listen(config)
    env = build_environment(config)
    _ready(env, with_demo=False)
    _serve(env, config, listening)


@click.command()
@config_option
def worker(config_file: Path | None) -> None:
    """只做定时办理：到期的事项、提醒和待发消息。 Timers, reminders and the outbox only."""
    config = load_config(config_file)
    start_logging(config)
    prepare_data(config)
    held = hold(config)
    env = build_environment(config)
    _ready(env, with_demo=False)
    jobs = EmbeddedJobs()
    jobs.every("tick", config.scheduler_interval, lambda: commands.tick(env))
    jobs.start()
    stop = threading.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        signal.signal(name, lambda *_: stop.set())
    _settled()
    stop.wait()
    jobs.stop()
    held.close()


@click.command()
@config_option
def init(config_file: Path | None) -> None:
    """建立数据库、启用 processes/ 中的流程，开设三个管理员账号（一次性密码只显示这一次）。 Begin."""
    from engine.first_start import create_administrators

    config = load_config(config_file)
    prepare_data(config)
    with hold(config):
        env = build_environment(config)
        _refuse_unfinished_demo(env)
        _deploy(env)
        created = create_administrators(env)
    tell("已建立。三个管理员的账号和一次性密码（请当面交给本人，首次登录后改）：")
    for title, login, code in created:
        click.echo(f"  {told(title)}\t{login}\t{code}")


@click.command()
@click.option(
    "--seed",
    type=int,
    default=2026,
    show_default=True,
    help="随机种子，同一种子得到同样的案件。 Random seed.",
)
@click.option(
    "--today",
    type=click.DateTime(["%Y-%m-%d"]),
    help="演示的今天，默认为真的今天。 The day it plays on.",
)
@config_option
def demo(seed: int, today: Any, config_file: Path | None) -> None:
    """把演示单位装入空的数据库：各岗位的账号和各种状态的案件。 Load the demonstration office."""
    config = load_config(config_file)
    prepare_data(config)
    with hold(config):
        env = build_environment(config)
        _drop_unfinished_demo(env)
        _deploy(env)
        _load_demo(env, seed, today.date() if today else None)


def _load_demo(env: Environment, seed: int, today: date | None) -> None:
    from engine.demo import load_demo

    count = load_demo(env, seed=seed, today=today, say=click.echo)
    tell(say("演示单位已装入：{count}件案件", count=count))


def _refuse_damaged(env: Environment) -> None:
    """Nobody is to write into a file whose pages no longer hang together."""
    if env.database.dialect.name != "sqlite":
        return
    with UnitOfWork(env.database, writing=False) as uow:
        damage = damaged_part(uow.connection)
    if damage:
        raise Told(
            say(
                "数据库文件已损坏（{damage}），没有启动。请保留这个文件，用最近的备份恢复（gongkai restore）",
                damage=damage,
            )
        )


def _drop_unfinished_demo(env: Environment) -> None:
    """Begin again with a demonstration that was being loaded when the process was killed."""
    from engine.demo.unfinished import drop_unfinished

    if drop_unfinished(env):
        tell("上次装入演示单位时中断了，已清除，重新装入")


def _refuse_unfinished_demo(env: Environment) -> None:
    """Nobody is to work in half an office."""
    from engine.demo.unfinished import is_unfinished

    if is_unfinished(env):
        raise Told(
            "演示单位没有装完（中途停过），请运行 gongkai run --demo 重新装入，或者另选一个数据文件夹"
        )


def _deploy(env: Environment) -> None:
    """Put new folders into force and say which were refused."""
    for error in commands.deploy_missing(env):
        tell(say("没有启用：{sentence}", sentence=error.sentence), err=True)


def _ready(env: Environment, with_demo: bool) -> None:
    """Refuse an empty database or half a demonstration; fill it with the demonstration where that was asked for."""
    _refuse_unfinished_demo(env)
    with UnitOfWork(env.database, writing=False) as uow:
        people = accounts.count_people(uow.connection)
        real = accounts.count_people(uow.connection, demo=False)
    if with_demo and real:
        raise Told("数据库里已有真实账号，不能装入演示单位；请另选一个数据文件夹")
    if with_demo and not people:
        _load_demo(env, 2026, None)
    if not with_demo and not people:
        raise Told("还没有任何账号，请先运行 gongkai init")


def _configured(file: Path | None, host: str | None, port: int | None) -> Config:
    config = load_config(file)
    config = replace(config, host=host or config.host, port=port or config.port)
    if config.host not in LOOPBACK and config.tls is None and not config.behind_proxy:
        raise Told(
            say(
                "地址 {host} 不是本机回环地址：明文只在本机使用，请在 config.yaml 里配置 tls（cert、key），或者 behind_proxy: true",
                host=config.host,
            )
        )
    return config


def _listen(config: Config) -> socket.socket:
    """Take the port before anything else is done, so that a taken one is told at once."""
    family = socket.AF_INET6 if ":" in config.host else socket.AF_INET
    listening = socket.socket(family, socket.SOCK_STREAM)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((config.host, config.port))
    except OSError as error:
        listening.close()
        if error.errno in (errno.EADDRINUSE, errno.EACCES):
            raise Told(
                say("端口 {port} 已被占用或不允许使用，请换一个（--port）", port=config.port)
            ) from error
        raise Told(
            say("不能监听 {host}:{port}：{error}", host=config.host, port=config.port, error=error)
        ) from error
    return listening


def _serve(env: Environment, config: Config, listening: socket.socket) -> None:
    # The web stands above the engine; only here, where both are started, does one name the other.
    app = importlib.import_module("webui").create_app(env)
    listening.close()
    server = server_of(config, app)
    scheme = "https" if config.tls else "http"
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    tell(
        say(
            "公开已启动：{scheme}://{host}:{port}/  （Ctrl+C 停止）",
            scheme=scheme,
            host=config.host,
            port=config.port,
        )
    )
    _settled()
    try:
        server.start()
    except (KeyboardInterrupt, SystemExit):
        tell("正在停止……")
    finally:
        server.stop()
