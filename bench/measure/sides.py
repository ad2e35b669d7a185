"""The back end, and the proxies under test on the same configuration."""

import http.client
import os
import shutil
import socket
import time

from measure.process import Running

HERE = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
PROXY_CORE = 0
LOAD_CORE = 1
NGINX = "/usr/sbin/nginx"
TURNOUT = os.path.join(os.path.dirname(HERE), "turnout")
SIZES = {"small": 48, "100k": 100 * 1024, "1m": 1024 * 1024}


def many():
    """A configuration as they grow: 20 maps that all are asked, 200 locations, 50 directives on fields."""
    maps, headers, locations = [], [], []
    sources = ["$uri", "$http_user_agent", "$cookie_session", "$arg_v", "$host", "$remote_addr", "$request_method"]
    for i in range(20):
        entries = [f'"/page{j}/{i}" {j};' for j in range(20)]
        if i % 4 == 0:
            entries += [f'"~^/deep{j}/.*\\.html$" d{j};' for j in range(3)]
        elif i % 4 == 1:
            entries = ["hostnames;"] + [f"*.site{j}.example s{j};" for j in range(20)]
        maps.append(f"map {sources[i % len(sources)]} $map{i} {{ default m{i}; {' '.join(entries)} }}")
        headers.append(f"proxy_set_header X-Map-{i} $map{i};" if i % 2 else f"add_header X-Map-{i} $map{i};")
    headers += [f'proxy_set_header X-Fixed-{i} "value {i}";' for i in range(8)]
    headers += [f'add_header X-Policy-{i} "policy {i}" always;' for i in range(12)]
    headers += [f"proxy_hide_header X-Inner-{i};" for i in range(4)]
    headers += ["proxy_set_header Host $host;", "proxy_set_header X-Real-IP $remote_addr;",
                "proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;",
                "proxy_set_header X-Forwarded-Proto $scheme;", 'add_header Cache-Control "no-cache";',
                "add_header X-Upstream $upstream_addr;"]
    for i in range(150):
        locations.append(f"location /app{i}/{'part/' * (i % 3)} {{ proxy_pass http://backend; }}")
    for i in range(34):
        locations.append(f"location = /exact{i} {{ return 204; }}")
    for i, end in enumerate(["php", "cgi", "jsp", "asp", "css", "js", "png", "jpg", "gif", "svg", "woff", "ico", "map", "txt", "xml"]):
        locations.append(f"location ~* ^/static{i}/.*\\.{end}$ {{ return 204; }}")
    assert (len(maps), len(headers), len(locations) + 1) == (20, 50, 200)
    return {"MAPS": "\n  ".join(maps), "LOCATIONS": "\n    ".join(locations), "HEADERS": "\n      ".join(headers)}


PLAIN = {"ACCESS_LOG": "off", "TUNING": "", "MAPS": "", "LOCATIONS": "", "HEADERS": ""}
VARIANTS = {
    "default": PLAIN,
    "log": PLAIN | {"ACCESS_LOG": "@DIR@/access.log"},
    "tuned": PLAIN | {"TUNING": "proxy_buffer_size 64k; proxy_buffers 8 64k; proxy_busy_buffers_size 128k;"},
    "many": PLAIN | many(),
}


def free_ports(count):
    sockets = [socket.socket() for _ in range(count)]
    for s in sockets:
        s.bind(("127.0.0.1", 0))
    ports = [s.getsockname()[1] for s in sockets]
    for s in sockets:
        s.close()
    return ports


def render(template, target, values):
    with open(os.path.join(HERE, "conf", template)) as f:
        text = f.read()
    for _ in range(2):  # a value may hold another place
        for name, value in values.items():
            text = text.replace(f"@{name}@", str(value))
    with open(target, "w") as f:
        f.write(text)


def get(port, path):
    """The status and body of one request, on its own connection."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        connection.request("GET", path)
        response = connection.getresponse()
        return response.status, response.read()
    finally:
        connection.close()


def await_200(port, path, running, seconds=30):
    """Asks until there is an answer; returns the seconds since the start of the process."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if not running.alive():
            raise SystemExit(f"ended while starting: {' '.join(running.command)}: see its error.log")
        try:
            status, _ = get(port, path)
            if status == 200:
                return time.monotonic() - running.started
            raise SystemExit(f"status {status} from {' '.join(running.command)}")
        except OSError:
            time.sleep(0.001)
    raise SystemExit(f"no answer in {seconds} s from {' '.join(running.command)}")


class Backend:
    """nginx with fixed bodies on two ports."""

    def __init__(self, directory, nginx=NGINX):
        self.directory = directory
        self.ports = free_ports(2)
        www = os.path.join(directory, "www")
        os.makedirs(www)
        for name, size in SIZES.items():
            if name != "small":
                with open(os.path.join(www, name), "wb") as f:
                    f.write((b"0123456789abcdef" * (size // 16 + 1))[:size])
        values = {"DIR": directory, "B1": self.ports[0], "B2": self.ports[1]}
        render("backend.conf", os.path.join(directory, "nginx.conf"), values)
        self.running = Running(
            [nginx, "-p", directory + "/", "-c", "nginx.conf", "-e", "error.log"], LOAD_CORE
        )

    def __enter__(self):
        for port in self.ports:
            await_200(port, "/small", self.running)
        return self

    def __exit__(self, *trouble):
        self.running.__exit__(*trouble)


class Side:
    """One proxy under test, started as `LAUNCHER -p DIR/ -c nginx.conf -e error.log`."""

    def __init__(self, name, launcher, directory, backend, variant="default", wrapper=(), env=None):
        self.name = name
        self.directory = directory
        self.port = free_ports(1)[0]
        os.makedirs(directory, exist_ok=True)
        values = dict(VARIANTS[variant], DIR=directory, PORT=self.port)
        values.update(B1=backend.ports[0], B2=backend.ports[1])
        render("proxy.conf", os.path.join(directory, "nginx.conf"), values)
        self.command = list(wrapper) + [
            launcher, "-p", directory + "/", "-c", "nginx.conf", "-e", "error.log",
        ]
        self.env = env

    def __enter__(self):
        log = os.path.join(self.directory, "out.log")
        self.running = Running(self.command, PROXY_CORE, env=self.env, log=log)
        self.pid = self.running.pid
        try:
            self.seconds_to_first_200 = await_200(self.port, "/small", self.running)
        except BaseException:
            self.running.__exit__()
            raise
        return self

    def __exit__(self, *trouble):
        self.running.__exit__(*trouble)

    def url(self, path):
        return f"http://127.0.0.1:{self.port}/{path}"

    def check(self, path):
        """That the body is the back end's: a fast wrong answer must not win."""
        status, body = get(self.port, "/" + path)
        if status != 200 or len(body) != SIZES[path]:
            raise SystemExit(f"{self.name}: /{path} answered {status} with {len(body)} bytes")


def launcher(path):
    """The absolute path of a program that is there."""
    found = shutil.which(path)
    if found is None:
        raise SystemExit(f"not an executable: {path}")
    return os.path.abspath(found)
