"""Starts Phoenix with its gRPC port on loopback. Phoenix has no setting for that and listens on all interfaces."""

import sys

import grpc.aio

everywhere = grpc.aio.Server.add_insecure_port


def on_loopback(server, address):
    return everywhere(server, address.replace("[::]", "127.0.0.1"))


grpc.aio.Server.add_insecure_port = on_loopback
sys.argv = ["phoenix", "serve"]

from phoenix.server.main import main  # noqa: E402

main()
