"""Running uvicorn so that whoever connects is let in, however busy a process is."""

import uvicorn
from uvicorn.supervisors import Multiprocess

_TIMES = 16
"""How many connections a process takes on in one turn of its event loop.

uvloop takes one from each socket that it listens on. When a process has much to do a turn is long, and clients would
queue up in the kernel, unseen and for who knows how long, instead of being answered or refused. So it listens on the
same socket several times.
"""


def serve(config: uvicorn.Config) -> None:
    """Serve until told to stop."""
    listening = config.bind_socket()
    sockets = [listening, *(listening.dup() for _ in range(_TIMES - 1))]
    if config.workers > 1:
        Multiprocess(config, sockets=sockets).run()
    else:
        uvicorn.Server(config).run(sockets=sockets)
