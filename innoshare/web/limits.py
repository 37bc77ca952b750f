"""How much one client may ask, and who that is: the limits of requests, and the web servers before this one.

Without a limit one script could take the time that belongs to all: eight questions are answered at once, and the
worst legal one takes half a second. A limit counts requests by what they cost, all addresses of the site together, in
a window that begins with the first. Whoever has used up what the setting `ratelimit` allows is told when to come again.

Decision: the default is 600 a minute. A page and a search cost 1: measured, 2 to 4 ms for the page and, at 10,000
cases, 2 ms for the search. A challenge costs 5: 20 ms there, and the page. So a client that uses up all of it with
questions as people ask them takes a twentieth of one processor, while a school class of thirty behind one address can
still open a page every three seconds, or ask four challenges a minute each. It holds off scripts that ask as fast as
they can; it does not hold off an attack from a thousand addresses, or one by the worst questions that are allowed.
A picture that must be drawn costs as much as a challenge (40 ms, then it is remembered), and so do the description of
the API (36 ms at 5,000 cases) and a step of sharing (9 to 90 ms; previews, the dearest of them, wait for each other). A
download of cases costs 1 for every five cases that the library has (3 ms each), so of 26 cases one may have a hundred
downloads in a minute and of 10,000 a single one.

What is not answered from the library (styles, scripts, icons, health) is not counted, nor are addresses that do not
exist and a browser's questions whether it may ask (OPTIONS). HEAD and answers of 304 are counted: they are worked out
in full before it is known that nothing has changed. Counting itself takes 0.2 ms.

A client is known by the address it comes from, in IPv6 by the network (/64) that every household has to itself. What is
kept is a keyed hash of that, never the address, until the window ends: 100,000 clients take 30 MB. Counting is a
courtesy to all and never stops anybody by accident: if the shared storage is gone, each process counts for itself until
it is back.
"""

import logging
import re
import secrets
import time
from hashlib import blake2b
from ipaddress import IPv6Address, ip_address, ip_network
from math import ceil

from flask import Flask, g, request
from flask_limiter import ApplicationLimit, Limiter
from limits import parse_many
from limits.errors import ConfigurationError, StorageError
from werkzeug.middleware.proxy_fix import ProxyFix
from werkzeug.wrappers import Response

from innoshare.config import MEMORY, NO_LIMIT, Settings
from innoshare.errors import SettingsError

log = logging.getLogger("innoshare.web.limits")

# What a request counts for, by endpoint or by blueprint; 1 where nothing is said. See the docstring for why.
COSTS = {"pages.match": 5, "api.match": 5, "frames.match": 5, "cards": 5, "submit.preview": 5, "submit.fill": 5,
         "adopt": 5, "openapi": 5}
# Where all cases can be had at once, and how many of the library's cases such an answer may hold for 1.
BULK, CASES_FOR_ONE = "bulk.cases", 5

# Seconds to wait for a storage on the network before a request goes on without it. A Redis answers in one thousandth of
# that; while it does not, it is asked again after 1, 2, 4 … 32 seconds, so hardly any request waits.
STORAGE_SECONDS = 0.5

# The network that is one client in IPv6: the least that a provider gives to a household (RFC 6177).
IPV6_CLIENT = 64

_WITH_PORT = re.compile(r"\[(?P<six>[^]]+)\](:[0-9]+)?|(?P<four>[0-9.]+):[0-9]+")

RATE_HEADERS = ("RateLimit-Limit", "RateLimit-Remaining", "RateLimit-Reset")


def trust_proxies(app: Flask, proxies: int) -> None:
    """Believe the nearest `proxies` web servers before this one who it is that asks, and whether by https.

    Each server adds the address it was asked from at the end of X-Forwarded-For, so whatever a client writes into it
    itself stands further left and is not looked at. The host is not taken from a header: `receive` checks that of the
    request. Of X-Forwarded-Proto the last value counts: servers pass it on, or write it anew, but do not add to it."""
    if proxies:
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=proxies, x_proto=1, x_host=0)  # type: ignore[method-assign]


def forgets_after(settings: Settings) -> int:
    """Seconds for which a client is remembered at most; 0 where nothing is counted."""
    return 0 if settings.ratelimit == NO_LIMIT else max(limit.get_expiry() for limit in parse_many(settings.ratelimit))


def hold_to_limits(app: Flask, settings: Settings) -> None:
    """Count the requests to `app` and refuse those beyond `settings.ratelimit` with 429. Raises SettingsError where the
    storage cannot be used at all; one that is out of reach for a time is no fault.

    Call it after the function that receives requests is registered: what that refuses is not counted."""
    if settings.ratelimit == NO_LIMIT:
        return
    shared = settings.ratelimit_storage != MEMORY
    # Processes that share a storage must make the same hash of a client, so there the key is the address of the storage
    # with its password. Who can read the storage and its password could try all addresses out, for as long as a window.
    key = blake2b(settings.ratelimit_storage.encode()).digest() if shared else secrets.token_bytes(32)
    highest = min(limit.amount for limit in parse_many(settings.ratelimit))

    unsaid = not settings.proxies

    def client() -> str:
        nonlocal unsaid
        if unsaid and "X-Forwarded-For" in request.headers:
            unsaid = False
            log.warning("Requests come through another web server, and all who ask through it are counted as one "
                        "client. If it is yours, set INNOSHARE_PROXIES=1.")
        return blake2b(_network(request.remote_addr or "").encode(), key=key, digest_size=16).hexdigest()

    def cost() -> int:
        where = request.endpoint or ""
        full = (1 + g.library.facts.cases // CASES_FOR_ONE if where == BULK else
                COSTS.get(where, COSTS.get(request.blueprint or "", 1)))
        return min(highest, full)  # A setting that is small makes things rare, not impossible.

    def free() -> bool:
        return "library" not in g or request.method == "OPTIONS"

    def refusal() -> str:
        return ("So many requests have come from your network that this one has to wait, for the sake of all others. "
                f"Come again in {_wait(limiter)} seconds.")

    options: dict[str, float | bool] = {"socket_timeout": STORAGE_SECONDS, "socket_connect_timeout": STORAGE_SECONDS}
    limiter = Limiter(
        client, strategy="fixed-window", swallow_errors=True, in_memory_fallback_enabled=shared,
        storage_uri=settings.ratelimit_storage,
        storage_options={"wrap_exceptions": True, **(options if shared else {})},  # type: ignore[dict-item]  # floats too
        application_limits=[ApplicationLimit(settings.ratelimit, cost=cost, exempt_when=free, error_message=refusal)])
    limiter.logger = log  # Its own has a handler that does nothing, so that a warning would be seen nowhere.
    try:
        limiter.init_app(app)
    except (ConfigurationError, TypeError, ValueError) as error:
        raise SettingsError(
            "INNOSHARE_RATELIMIT_STORAGE names a Redis, and what talks to it is not installed. Install it with: "
            "pip install 'innoshare[redis]'" if isinstance(error, ConfigurationError) else
            "INNOSHARE_RATELIMIT_STORAGE names a Redis with options that are not known. Write it as "
            "redis://localhost:6379/0") from None

    @app.after_request
    def tell_limits(response: Response) -> Response:
        """Programs see how far they are, before they are refused."""
        limit = limiter.current_limit
        if limit and (response.status_code == 429 or request.path.startswith("/api/")):
            try:
                wait = _wait(limiter)
                for name, value in zip(RATE_HEADERS, (limit.limit.amount, limit.remaining, wait), strict=True):
                    response.headers[name] = str(value)
            except StorageError:  # Gone between counting and telling. The next request is counted elsewhere.
                wait = limit.limit.get_expiry()
            if response.status_code == 429:
                response.headers["Retry-After"] = str(wait)
        return response


def _wait(limiter: Limiter) -> int:
    """Whole seconds until the window of the request at hand ends, at least one."""
    limit = limiter.current_limit
    return max(1, ceil(limit.window.reset_time - time.time())) if limit else 1


def _network(address: str) -> str:
    """What a client is known by: its address, in IPv6 the network it is in. Some servers add a port to the address.

    What is no address is one client, whatever it is: otherwise a new one could be made up for each request."""
    with_port = _WITH_PORT.fullmatch(address)
    try:
        found = ip_address((with_port["six"] or with_port["four"]) if with_port else address)
    except ValueError:
        return ""
    if isinstance(found, IPv6Address):
        if found.ipv4_mapped:
            return str(found.ipv4_mapped)
        return str(ip_network((int(found), IPV6_CLIENT), strict=False))
    return str(found)
