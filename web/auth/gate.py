"""Who asks, and whether he may: looked at before anything of a request is done.

First the name under which the server was reached, then whose page asks, then who is logged in and
what his role allows. A page and its files are open to everybody, since they hold nothing; all that
is shown on them comes from the API.
"""

import hmac
import ipaddress
from collections.abc import Iterable, Mapping

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

from protocol.web_settings import WebSettings
from web.api.endpoint import Endpoint, Person, Role
from web.api.problems import Problem
from web.auth.logins import Logins
from web.auth.origin import foreign
from web.auth.users import BadUsers

PERSON = web.RequestKey("person", Person)
TOKEN = web.RequestKey("token", str)
SCRAPER = Person("scraper", Role.VIEWER)
BEARER = "bearer"
LOCAL_NAMES = ("127.0.0.1", "localhost", "::1")
LOOKS = ("GET", "HEAD", "OPTIONS")
API = "/api/"
OTHER_ROLES = {"/ws": Role.VIEWER}


def guard(settings: WebSettings, logins: Logins, endpoints: Iterable[Endpoint]) -> Middleware:
    """Return what looks at every request before it is handled."""
    allowed = {*LOCAL_NAMES, settings.host}
    # Whoever opens it to the network reaches it by number or by the name that was configured.
    wildcard = settings.host in ("0.0.0.0", "::")
    endpoints = tuple(endpoints)
    roles = roles_of(endpoints)
    by_token = {endpoint.path for endpoint in endpoints if endpoint.by_token}
    own_token, tls = settings.metrics_token, bool(settings.tls_cert_file)

    @web.middleware
    async def guarded(request: web.Request, handler: Handler) -> web.StreamResponse:
        host = request.headers.get("Host", "")
        name = host_name(host)
        if name not in allowed and not (wildcard and is_number(name)):
            raise Problem(403, (
                f"host {name[:80]!r} is not allowed, wanted one of"
                f" {', '.join(sorted(allowed))}; web.host names one more"
            ))  # fmt: skip
        if request.method not in LOOKS or request.path == "/ws":
            why = foreign(request.headers, host, tls=tls)
            if why:
                raise Problem(403, why)
        request[TOKEN] = request.cookies.get(cookie_name(tls=tls), "")
        try:
            scrapes = request.path in by_token and shows_token(request.headers, own_token)
            request[PERSON] = person = SCRAPER if scrapes else logins.person(request[TOKEN])
        except BadUsers as trouble:
            raise Problem(503, str(trouble)) from None
        _admit(person, role_for(request, roles))
        return await handler(request)

    return guarded


def roles_of(endpoints: Iterable[Endpoint]) -> dict[tuple[str, str], Role]:
    """Return the role that each endpoint asks for, by method and path."""
    roles = {}
    for endpoint in endpoints:
        roles[endpoint.method, endpoint.path] = endpoint.role
        roles[endpoint.method, f"{endpoint.path}.csv"] = endpoint.role
    return roles


def role_for(request: web.Request, roles: Mapping[tuple[str, str], Role]) -> Role:
    """Return the role that a request needs; of what is no endpoint the most it could need."""
    resource = request.match_info.route.resource
    path = "" if resource is None else resource.canonical
    method = "GET" if request.method == "HEAD" else request.method
    if (method, path) in roles:
        return roles[method, path]
    if request.path.startswith(API):
        return Role.VIEWER if request.method in LOOKS else Role.OPERATOR
    return OTHER_ROLES.get(request.path, Role.ANYBODY)


def shows_token(headers: Mapping[str, str], token: str) -> bool:
    """Return whether a request bears the token; where there is none, nobody does."""
    scheme, _, shown = headers.get("Authorization", "").partition(" ")
    given = shown.strip().encode(errors="surrogateescape")  # As it came: any bytes.
    same = hmac.compare_digest(given, token.encode())
    return bool(token) and scheme.lower() == BEARER and same


def cookie_name(*, tls: bool) -> str:
    """Return the name of the cookie; with TLS one that no other host can set."""
    return "__Host-floorwatch" if tls else "floorwatch"


def host_name(header: str) -> str:
    """Return the name in a Host header, without its port."""
    if header.startswith("["):
        return header[1:].partition("]")[0]
    return header.partition(":")[0].lower()


def is_number(name: str) -> bool:
    """Return whether a name is an address in numbers."""
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True


def _admit(person: Person, wanted: Role) -> None:
    if person.role.may(wanted):
        return
    if person.role is Role.ANYBODY:
        raise Problem(401, "nobody is logged in: POST /api/login", {"WWW-Authenticate": "Cookie"})
    raise Problem(403, f"{person.name} is {person.role}, wanted {wanted}")
