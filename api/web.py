"""One web process: `python -m api.web --fd N` serves on the listening socket that its supervisor opened."""

import argparse
import gc
import socket

import uvicorn

from api.app import create_app
from api.connections import Connection
from core import logs
from core.settings import Settings, get_settings

CONNECTIONS = 2000
"""Connections of one process, idle ones included; beyond them it answers 503 rather than run out of memory."""


def server_config(settings: Settings) -> uvicorn.Config:
    """How every web process runs. Forwarded headers are believed from `trusted_proxies` only."""
    return uvicorn.Config(
        create_app(settings),
        loop="uvloop",
        http=Connection,
        ws="none",
        lifespan="on",
        access_log=False,
        log_config=None,  # its lines take our form
        log_level="warning",
        server_header=False,
        proxy_headers=bool(settings.proxies),
        forwarded_allow_ips=settings.proxies,
        limit_concurrency=CONNECTIONS,
        backlog=2048,
        timeout_keep_alive=65,
        timeout_graceful_shutdown=20,
    )


def main() -> None:
    """Serve until SIGTERM; requests that have begun are finished."""
    arguments = argparse.ArgumentParser(prog="api.web")
    arguments.add_argument("--fd", type=int, required=True, help="number of the inherited listening socket")
    logs.configure()
    server = uvicorn.Server(server_config(get_settings()))
    # What was loaded at start never becomes garbage; leaving it out makes every later collection short.
    gc.collect()
    gc.freeze()
    with socket.socket(fileno=arguments.parse_args().fd) as listener:
        server.run(sockets=[listener])


if __name__ == "__main__":
    main()
