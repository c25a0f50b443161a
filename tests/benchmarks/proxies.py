"""Proxies that others use, set up to do what the gateway is compared with."""

import shutil
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from deploy.local.servers import free_port
from tests.gateway.processes import logging_to, process

NGINX = """
worker_processes 1; daemon off; pid {folder}/nginx.pid; error_log stderr crit;
events {{ worker_connections 1024; }}
http {{
  access_log off; client_body_temp_path {folder}; proxy_temp_path {folder};
  fastcgi_temp_path {folder}; uwsgi_temp_path {folder}; scgi_temp_path {folder};
  keepalive_requests 1000000000;
  upstream service {{ server 127.0.0.1:{to}; keepalive 64; keepalive_requests 1000000000; }}
  server {{
    listen 127.0.0.1:{port};
    location / {{
      proxy_pass http://service; proxy_http_version 1.1; proxy_set_header Connection "";
    }}
  }}
}}
"""
CADDY = """
{{
  admin off
  auto_https off
  log {{
    level ERROR
  }}
}}
http://127.0.0.1:{port} {{
  reverse_proxy 127.0.0.1:{to} {{
    transport http {{
      keepalive_idle_conns_per_host 64
    }}
  }}
}}
"""


@dataclass(frozen=True)
class Server:
    """What is asked: where, by whom, and whose CPU time it takes."""

    port: int
    pid: int
    token: str = ""


def peers(stack: ExitStack, folder: Path, upstream: int) -> dict[str, Server]:
    """nginx and Caddy, each if it is installed."""
    found: dict[str, Server] = {}
    if nginx := shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin"):
        conf, port = folder / "nginx.conf", free_port()
        conf.write_text(NGINX.format(folder=folder, port=port, to=upstream))
        by = process(nginx, "-c", str(conf), "-p", str(folder), port=port)
        found["nginx"] = Server(port, stack.enter_context(by))
    if caddy := shutil.which("caddy"):
        conf, port = folder / "Caddyfile", free_port()
        conf.write_text(CADDY.format(port=port, to=upstream))
        # One core, as the others have that are one process of one thread.
        home = {"HOME": str(folder), "XDG_DATA_HOME": str(folder), "GOMAXPROCS": "1"}
        command = (caddy, "run", "--config", str(conf), "--adapter", "caddyfile")
        by = logging_to(
            stack.enter_context((folder / "log").open("wb")), *command, port=port, **home
        )
        found["Caddy"] = Server(port, stack.enter_context(by))
    return found
