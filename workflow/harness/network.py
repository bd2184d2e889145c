"""No network: sockets reach this machine only; everything else is refused by name."""

import errno

from .wrap import wrap


def install(tally, finder):
    """Refuse connections and name look-ups beyond loopback, once ``socket`` is imported."""
    finder.after_import("socket", lambda socket: _patch(socket, tally))


def _patch(socket, tally):
    own_name = socket.gethostname()

    def guard_address(original):
        def connect(self, address, *args):
            if self.family in (socket.AF_INET, socket.AF_INET6):
                _check(address[0], own_name, tally)
            return original(self, address, *args)

        return connect

    def guard_sendto(original):
        def sendto(self, data, *rest):
            if self.family in (socket.AF_INET, socket.AF_INET6):
                _check(rest[-1][0], own_name, tally)
            return original(self, data, *rest)

        return sendto

    def guard_host(original):
        def look_up(host, *args, **kwargs):
            _check(host, own_name, tally)
            return original(host, *args, **kwargs)

        return look_up

    for name in ("connect", "connect_ex"):
        wrap(socket.socket, name, guard_address)
    wrap(socket.socket, "sendto", guard_sendto)
    for name in ("getaddrinfo", "gethostbyname", "gethostbyname_ex"):
        wrap(socket, name, guard_host)


def _check(host, own_name, tally):
    host = host.decode() if isinstance(host, bytes) else host
    if host in (None, "", "localhost", own_name) or _is_loopback(host):
        return
    tally.count("network-refused:%s" % host)
    raise PermissionError(
        errno.EACCES,
        "fusebench: a run has no network, and this script asked for %r; name the file under"
        " `weights:` of the entry, or stage it" % host,
    )


def _is_loopback(host):
    import ipaddress

    try:
        return ipaddress.ip_address(host.split("%")[0]).is_loopback
    except ValueError:
        return False
