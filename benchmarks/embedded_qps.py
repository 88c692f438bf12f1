"""Queries a second that the embedded server answers, beside an echo of answers of the same size.

    python benchmarks/embedded_qps.py [--seconds 5] [--names 1000] [--loop uvloop|asyncio]

One process serves, another asks over loopback with a window of queries in flight.
The floor is a datagram endpoint of the same loop that sends ready-made bytes back.
Names that are routed have two sets with weights each, of which one is drawn for
every answer; those asked for with a client subnet have one.
Each run ends after its seconds or a million queries, whichever is first.
"""

import argparse
import asyncio
import json
import resource
import socket
import struct
import sys
import time
from datetime import UTC, datetime
from typing import Any

import uvloop

from kubefed_dns.providers.embedded import Embedded
from kubefed_dns.providers.protocol import Context
from kubefed_dns.records import Create, Group, rrset
from kubefed_dns.server.server import Server

ZONE = "bench.example."
HOST = "127.0.0.1"
WINDOW = 64
MOST_QUERIES = 1_000_000
MOST_SECONDS = 30.0


SUBNET = struct.pack("!HHHBB", 8, 7, 1, 24, 0) + bytes((192, 0, 2))
KINDS = {"name": b"", "gone": b"", "routed": b"", "subnet": SUBNET}
"""What is asked for, by the first label of the names, and the EDNS option that it is asked with."""


def questions(count: int, kind: str) -> list[bytes]:
    """Queries as resolvers send them: EDNS, random case left out."""
    opt = struct.pack("!BHHIH", 0, 41, 1232, 0, len(KINDS[kind])) + KINDS[kind]
    found = []
    for number in range(count):
        label = f"{'name' if kind == 'subnet' else kind}{number}".encode()
        labels = [label, *ZONE.rstrip(".").encode().split(b".")]
        name = b"".join(bytes((len(each),)) + each for each in labels) + b"\0"
        header = struct.pack("!6H", number % 65536, 0x0100, 1, 0, 0, 1)
        found.append(header + name + struct.pack("!HH", 1, 1) + opt)
    return found


def ask(port: int, *, names: int, seconds: float, kind: str) -> dict[str, float]:
    """Keep a window of queries in flight until the time or the count is up."""
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sock.connect((HOST, port))
    sock.settimeout(0.5)
    queries = questions(names, kind)
    sent = answered = flying = 0
    start = time.perf_counter()
    end = start + seconds
    while time.perf_counter() < end and sent < MOST_QUERIES:
        while flying < WINDOW:
            sock.send(queries[sent % names])
            sent += 1
            flying += 1
        try:
            for _ in range(WINDOW // 2):
                sock.recv(4096)
                answered += 1
                flying -= 1
        except TimeoutError:
            flying = 0
    took = time.perf_counter() - start
    sock.close()
    return {"sent": sent - flying, "answered": answered, "qps": answered / took}


class Echo(asyncio.DatagramProtocol):
    """The least that a loop's UDP can do."""

    def __init__(self, answer: bytes) -> None:
        self.answer = answer

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport: Any = transport

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        self.transport.sendto(self.answer, addr)


async def run(options: argparse.Namespace, port: int, kind: str = "name") -> dict[str, float]:
    """Let another process ask; adds the CPU time that each answer took in this one."""
    command = [__file__, "--client", str(port), "--seconds", str(options.seconds)]
    command += ["--names", str(options.names), "--kind", kind]
    before = resource.getrusage(resource.RUSAGE_SELF)
    client = await asyncio.create_subprocess_exec(
        sys.executable, *command, stdout=asyncio.subprocess.PIPE
    )
    async with asyncio.timeout(options.seconds + 20):
        output, _ = await client.communicate()
    after = resource.getrusage(resource.RUSAGE_SELF)
    result: dict[str, float] = json.loads(output)
    spent = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return {**result, "us": spent / max(1, result["answered"]) * 1e6}


def show(title: str, result: dict[str, float]) -> None:
    lost = int(result["sent"] - result["answered"])
    line = f"{result['qps']:>9,.0f} answers/s  {result['us']:6.1f} µs CPU each"
    line += f" ({1e6 / result['us']:>7,.0f}/s on a core)  {lost} lost"
    print(f"{title:<36}{line}", flush=True)


async def floor(options: argparse.Namespace, answer: bytes) -> dict[str, float]:
    loop = asyncio.get_running_loop()
    transport, _ = await loop.create_datagram_endpoint(lambda: Echo(answer), (HOST, 0))
    try:
        port: int = transport.get_extra_info("sockname")[1]
        return await run(options, port)
    finally:
        transport.close()


async def measure(options: argparse.Namespace) -> None:
    server = Server(now=lambda: datetime.now(UTC))
    provider = Embedded(Context("bench", zones=(ZONE,)), server)
    sets = [rrset(f"name{n}.{ZONE}", "A", 60, ["192.0.2.1"]) for n in range(options.names)]
    sets += [
        rrset(
            f"routed{n}.{ZONE}",
            "A",
            60,
            [f"192.0.2.{weight}"],
            set_identifier=str(weight),
            properties={"weight": str(weight)},
        )
        for n in range(options.names)
        for weight in (20, 80)
    ]
    provider.write(ZONE, [Group(each.name, (Create(each),)) for each in sets])
    await server.start(HOST, 0)
    try:
        port = server.address[1]
        size = len(questions(1, "name")[0]) + 16
        echo = await floor(options, bytes(size))
        show(f"floor: echo of {size} octets", echo)
        known = await run(options, port)
        show(f"embedded: {options.names} names", known)
        for kind, title in (
            ("gone", "missing names"),
            ("routed", "names by weight"),
            ("subnet", "names for a subnet"),
        ):
            show(f"embedded: {options.names} {title}", await run(options, port, kind))
        print(f"ratio to the floor: {known['qps'] / echo['qps']:.2f} in answers/s,", end=" ")
        print(f"{known['us'] / echo['us']:.2f} in CPU time")
    finally:
        await server.stop()


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Measure the embedded DNS server over loopback.")
    parser.add_argument("--seconds", type=float, default=5, help="for each run, at most 30")
    parser.add_argument("--names", type=int, default=1000, help="names asked for in turn")
    parser.add_argument("--loop", choices=["uvloop", "asyncio"], default="uvloop")
    parser.add_argument("--client", type=int, metavar="PORT", help="only ask, at this port")
    parser.add_argument("--kind", choices=KINDS, default="name", help="ask for such names")
    options = parser.parse_args()
    options.seconds = min(options.seconds, MOST_SECONDS)
    options.names = max(1, min(options.names, 65536))
    return options


def main() -> None:
    options = arguments()
    if options.client is not None:
        result = ask(
            options.client,
            names=options.names,
            seconds=options.seconds,
            kind=options.kind,
        )
        print(json.dumps(result))
        return
    factory = uvloop.new_event_loop if options.loop == "uvloop" else None
    with asyncio.Runner(loop_factory=factory) as runner:
        runner.run(measure(options))


if __name__ == "__main__":
    main()
