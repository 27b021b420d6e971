# SPDX-License-Identifier: Apache-2.0
"""The control's other end: takes every connection to the ports of attacks, reads what comes, and answers nothing."""
import resource
import selectors
import socket

PORTS = (1723, 179)


def listener(port):
    one = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    one.bind(("0.0.0.0", port))
    one.listen(4096)
    one.setblocking(False)
    return one


def serve():
    selector = selectors.DefaultSelector()
    listeners = {listener(port) for port in PORTS}
    for one in listeners:
        selector.register(one, selectors.EVENT_READ)
    print("ready", flush=True)
    while True:
        for key, _ in selector.select():
            try:
                if key.fileobj in listeners:
                    stream, _ = key.fileobj.accept()
                    stream.setblocking(False)
                    selector.register(stream, selectors.EVENT_READ)
                elif not key.fileobj.recv(65536):
                    raise ConnectionResetError
            except BlockingIOError:
                pass
            except OSError:
                if key.fileobj not in listeners:
                    selector.unregister(key.fileobj)
                    key.fileobj.close()


if __name__ == "__main__":
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    serve()
