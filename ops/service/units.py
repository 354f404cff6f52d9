"""The units of systemd, as text made from one record: they stand here and not in templates.

What a unit forbids was tried with the floor: it forks, names and kills its own processes, lowers
their priority, speaks over loopback and sockets in the directory of its run, and asks the kernel to
end children with their parent. Everything else of the machine it may at most read.

Not restricted are addresses of the network, because feeds and brokers move between them, and the
system calls of resources, because who keeps and shows gives way to who decides.
"""

import re
from dataclasses import dataclass
from pathlib import PurePosixPath

FLOOR, SENTINEL = "floorwatch.service", "floorwatch-sentinel.service"
ENVIRONMENT = "etc/floorwatch/env"  # Below the root of the machine; mode 600.
UNITS = "etc/systemd/system"
USER = re.compile(r"[a-z_][a-z0-9_-]{0,31}")
# A path goes into the unit as it is: nothing that systemd would take for more than a letter.
PATH = re.compile(r"/[A-Za-z0-9._+/-]*")
HIDDEN = ("home", "root", "tmp", "run", "proc", "sys", "dev")  # Of a service, or gone at a start.
SYSTEM = ("usr", "etc", "boot", "bin", "sbin", "lib", "lib64")  # No place for a run.
SHUTDOWN_S = 20  # For the actor system, once the tree has stopped.
REFUSED = 64  # start.py: the settings cannot be used; a restart mends nothing.
INCOMPLETE = 69  # The environment is not installed; the same.

HARDENING = """\
UMask=0077
NoNewPrivileges=yes
CapabilityBoundingSet=
AmbientCapabilities=
ProtectSystem=strict
ProtectHome=yes
PrivateTmp=yes
PrivateDevices=yes
PrivateMounts=yes
ProtectKernelTunables=yes
ProtectKernelModules=yes
ProtectKernelLogs=yes
ProtectControlGroups=yes
ProtectClock=yes
ProtectHostname=yes
ProtectProc=invisible
RestrictNamespaces=yes
RestrictRealtime=yes
RestrictSUIDSGID=yes
LockPersonality=yes
MemoryDenyWriteExecute=yes
RemoveIPC=yes
KeyringMode=private
SystemCallArchitectures=native
SystemCallErrorNumber=EPERM
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """Who runs which checkout where; `memory_mb` is what floor and helpers may take at most.

    The whole tree takes 290 MB. A helper that makes a day's file adds some hundred for a minute,
    and the rest is room before the kernel ends somebody.
    """

    user: str
    prefix: PurePosixPath
    stop_s: int  # What the tree allows itself for an orderly stop.
    run_directory: PurePosixPath = PurePosixPath("/var/lib/floorwatch")
    memory_mb: int = 1024

    def __post_init__(self) -> None:
        if not USER.fullmatch(self.user) or self.user == "root":
            raise ValueError(f"user {self.user!r}, wanted the name of a user, and not root")
        for path in (self.prefix, self.run_directory):
            if not PATH.fullmatch(str(path)) or ".." in path.parts or len(path.parts) < 2:
                raise ValueError(
                    f"path {str(path)!r}, wanted an absolute one of letters, digits and ._+-/"
                )
        if self.memory_mb < 512:
            raise ValueError(f"memory {self.memory_mb} MB, wanted 512 or more")
        for path, hidden in ((self.prefix, HIDDEN), (self.run_directory, (*HIDDEN, *SYSTEM))):
            if path.parts[1] in hidden:
                raise ValueError(
                    f"path {path}, which the service cannot see or write: wanted the checkout and"
                    " its runs elsewhere, as /opt/floorwatch and /var/lib/floorwatch"
                )


def floor_unit(service: Service) -> str:
    """Return the unit of the floor: ready when green, and restarted when it stops being well."""
    prefix, run = service.prefix, service.run_directory
    return f"""\
[Unit]
Description=Floorwatch, a supervised trading floor
Documentation=file://{prefix}/README.md
Wants=network-online.target
After=network-online.target time-sync.target
StartLimitIntervalSec=600
StartLimitBurst=5

[Service]
Type=notify
NotifyAccess=main
ExecStart={prefix}/.venv/bin/python {prefix}/start.py run
WorkingDirectory={prefix}
User={service.user}
Environment=FLOORWATCH_RUN__DIRECTORY={run}
Environment=PYTHONDONTWRITEBYTECODE=1
EnvironmentFile=-/{ENVIRONMENT}
# An end in order is an end: on a day without a session there is nothing to restart.
SuccessExitStatus=0
Restart=on-failure
RestartSec=5
RestartPreventExitStatus={INCOMPLETE}
TimeoutStartSec=180
WatchdogSec=30
# The host is told alone and stops its tree in order; whoever is left after that is killed.
KillMode=mixed
TimeoutStopSec={service.stop_s + SHUTDOWN_S}
MemoryHigh={service.memory_mb * 3 // 4}M
MemoryMax={service.memory_mb}M
TasksMax=256
LimitNOFILE=16384
LimitCORE=0
OOMPolicy=continue
{HARDENING}\
ReadWritePaths={run}
RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6
SystemCallFilter=@system-service
SystemCallFilter=~@aio @keyring @memlock @privileged @setuid

[Install]
WantedBy=multi-user.target
"""


def sentinel_unit(service: Service) -> str:
    """Return the unit of the sentinel: it reads the run, writes what it told, and sends notices."""
    prefix, run = service.prefix, service.run_directory
    return f"""\
[Unit]
Description=Floorwatch sentinel, which watches the floor from outside
Documentation=file://{prefix}/ops/runbook.md
Wants=network-online.target
After=network-online.target
# It must outlive the floor: no Requires, no BindsTo.
StartLimitIntervalSec=0

[Service]
Type=notify
NotifyAccess=main
ExecStart={prefix}/.venv/bin/python {prefix}/start.py sentinel
WorkingDirectory={prefix}
User={service.user}
Environment=FLOORWATCH_RUN__DIRECTORY={run}
Environment=PYTHONDONTWRITEBYTECODE=1
EnvironmentFile=-/{ENVIRONMENT}
Restart=always
RestartSec=30
RestartPreventExitStatus={REFUSED} {INCOMPLETE}
WatchdogSec=180
KillMode=mixed
TimeoutStopSec=15
MemoryMax=256M
TasksMax=16
LimitCORE=0
{HARDENING}\
ReadWritePaths={run}
RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6
SystemCallFilter=@system-service
SystemCallFilter=~@aio @keyring @memlock @privileged @resources @setuid

[Install]
WantedBy=multi-user.target
"""


def environment_file() -> str:
    """Return the first content of the file that holds the secrets; it sets nothing."""
    return """\
# Settings and secrets of Floorwatch, read by systemd before it starts the services. One to a line:
# FLOORWATCH_STORE__URL=...
# FLOORWATCH_NOTIFY__DISCORD_WEBHOOK=...
# AWS_ACCESS_KEY_ID=...
# AWS_SECRET_ACCESS_KEY=...
"""
