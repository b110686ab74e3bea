import json
import socket
import threading
import time
from pathlib import Path

from tests.cli.test_serve import serving
from tests.rest_requests import BATCH, BEHAVIORS, event
from tests.servers import wait_until


def test_a_request_that_has_begun_is_answered_although_the_service_was_told_to_stop(data_dir: Path):
    folder = data_dir / "drain"
    folder.mkdir()
    body = json.dumps(event(url="https://half.way/there")).encode()
    head = f"POST {BEHAVIORS} HTTP/1.1\r\nHost: localhost\r\nContent-Length: {len(body)}\r\n\r\n".encode()
    answers: list[bytes] = []

    with serving(folder) as client:
        address = (client.base_url.host, client.base_url.port or 80)
        connection = socket.create_connection(address)
        connection.sendall(head + body[:10])

        def finish() -> None:
            wait_until(lambda: not _listens(address), "the end")
            time.sleep(0.5)  # uvicorn itself waits for a tenth of a second, however little patience it is told to have
            connection.sendall(body[10:])
            answers.append(connection.recv(65536))

        finishing = threading.Thread(target=finish)
        finishing.start()
        # Leaving this block sends SIGTERM, and fails unless the service ends well.
    finishing.join()
    connection.close()

    assert answers[0].startswith(b"HTTP/1.1 201 ")
    with serving(folder) as client:
        again = client.post(BATCH, json={"events": [event(url="https://half.way/there")]})
    assert again.json()["duplicates"] == 1


def _listens(address: tuple[str, int]) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(address) == 0
