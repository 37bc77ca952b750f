"""Commands that make an edition of the library and serve it: build, serve."""

import sys

import click

from innoshare.cli.common import build_edition, err
from innoshare.config import Settings
from innoshare.errors import BadInput

CONNECTIONS = 1_000  # Open at once; most are idle browsers, each costs a few KB.
IDLE_SECONDS = 30  # After which a connection that says nothing makes room.
SERVER_THREADS = 8  # The worst legal question takes half a second at 10,000 cases; eight leave room for everybody else.


@click.command()
@click.option("--strict", is_flag=True, help="Publish nothing if any file has a mistake.")
@click.option("--force", is_flag=True, help="Build again even if nothing has changed.")
@click.pass_obj
def build(settings: Settings, strict: bool, force: bool) -> None:
    """Make the library out of the Markdown files."""
    built = build_edition(settings, strict=strict, force=force)
    if not built.fingerprint or (strict and any(problem.level == "error" for problem in built.problems)):
        sys.exit(1)


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", default=8000, show_default=True, type=click.IntRange(0, 65535), help="Port to listen on.")
@click.pass_obj
def serve(settings: Settings, host: str, port: int) -> None:
    """Serve the library as a web site, after building what is missing."""
    from waitress.server import create_server

    from innoshare.web.app import create_app
    from innoshare.web.submit import MAX_FORM

    build_edition(settings, keep_old=True)
    try:
        server = create_server(create_app(settings), host=host, port=port, threads=SERVER_THREADS, ident=None,
                               max_request_body_size=2 * MAX_FORM,  # Beyond, it would be stored only to be refused.
                               connection_limit=CONNECTIONS, channel_timeout=IDLE_SECONDS,
                               # Who asked is read from them in one place, `web.limits`, whatever server is in use.
                               clear_untrusted_proxy_headers=False)
    except (OSError, ValueError) as error:
        raise BadInput([("--host, --port", f"cannot listen on {host}, port {port} ({error}); is something else "
                                           "listening there? Choose another with --port")]) from error
    port = getattr(server, "effective_port", port)  # What the system chose, where 0 was asked for.
    err.print(f"innoshare is served at [bold]http://{'localhost' if host == '127.0.0.1' else host}:{port}/[/] "
              "(stop with Ctrl+C)")
    try:
        server.run()
    finally:
        server.close()
