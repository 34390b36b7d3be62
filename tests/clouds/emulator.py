#!/usr/bin/env python3
"""Runs an emulator of a cloud on this machine's loopback, for as long as somebody holds its standard input open.

emulator.py moto|ministack: prints `PORT n` once it answers. Whoever started it need not clean up: when that process
ends, by whatever means, the pipe closes and the emulator is stopped.
"""
import os
import signal
import socket
import subprocess
import sys
import time

BIN = os.path.dirname(sys.executable)


def main(kind):
    port = free_port()
    command, environment = COMMANDS[kind](port)
    server = subprocess.Popen(
        command, env=os.environ | environment, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL, start_new_session=True)
    try:
        wait_until_it_answers(server, port)
        print(f"PORT {port}", flush=True)
        sys.stdin.buffer.read()
    finally:
        os.killpg(server.pid, signal.SIGKILL)
        server.wait()


def moto(port):
    return [f"{BIN}/moto_server", "-H", "127.0.0.1", "-p", str(port)], {}


def ministack(port):
    # Without these two it listens on every interface.
    return [f"{BIN}/ministack"], {"BIND_HOST": "127.0.0.1", "IOT_MTLS_ENABLED": "0", "GATEWAY_PORT": str(port)}


COMMANDS = {"moto": moto, "ministack": ministack}


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait_until_it_answers(server, port):
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        if server.poll() is not None:
            sys.exit(f"the emulator ended with {server.returncode}")
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            return
        except OSError:
            time.sleep(0.05)
    sys.exit("the emulator does not answer")


if __name__ == "__main__":
    main(sys.argv[1])
