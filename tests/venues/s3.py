"""A server of the S3 kind on loopback."""

import os
from collections.abc import Iterator
from contextlib import contextmanager

from protocol.export_settings import ExportSettings

BUCKET = "floor-ticks"
CREDENTIALS = {"AWS_ACCESS_KEY_ID": "AKIDEXAMPLE", "AWS_SECRET_ACCESS_KEY": "hunter2-secret"}


@contextmanager
def s3_server() -> Iterator[str]:
    """Run a server on a port that the system assigns, with an empty bucket; yield its address."""
    import boto3
    from moto.server import ThreadedMotoServer

    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    try:
        host, port = server.get_host_and_port()
        address = f"http://{host}:{port}"
        client = boto3.client(
            "s3", endpoint_url=address, region_name="us-east-1",
            aws_access_key_id=CREDENTIALS["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key=CREDENTIALS["AWS_SECRET_ACCESS_KEY"],
        )  # fmt: skip
        client.create_bucket(Bucket=BUCKET)
        client.close()
        yield address
    finally:
        server.stop()


def settings_of(address: str, **fields: object) -> ExportSettings:
    values = {"to": "s3", "path": f"{BUCKET}/ticks", "endpoint_url": address, "timeout_s": 2}
    return ExportSettings(**(values | fields))


def without_credentials(monkeypatch: object) -> None:
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
