"""The spelling of flags, apart from any command."""

import click
import pytest

from kubefed_core.kubefedctl import flags

PARAMS = [
    click.Option(["--kubeconfig"]),
    click.Option(["-v", "--v", "verbosity"], type=int),
    click.Option(["--dry-run"], is_flag=True),
    click.Option(["--error-on-existing/--no-error-on-existing"], default=True),
]


@pytest.mark.parametrize(("reason", "args", "want"), [
    ("A value may follow its flag.", "--kubeconfig a", "--kubeconfig a"),
    ("A value may stand behind an equals sign.", "--kubeconfig=a", "--kubeconfig a"),
    ("Only the first equals sign divides.", "--kubeconfig=a=b", "--kubeconfig a=b"),
    ("An empty value is a value.", "--kubeconfig=", "--kubeconfig "),
    ("A long flag may have one dash.", "-kubeconfig a", "--kubeconfig a"),
    ("A value may look like a flag.", "--kubeconfig --dry-run", "--kubeconfig --dry-run"),
    ("The verbosity has a letter.", "-v=2", "-v 2"),
    ("A value may stick to its letter.", "-v2", "-v2"),
    ("The letter may have two dashes.", "--v=2", "--v 2"),
    ("A switch takes no next argument.", "--dry-run eu", "--dry-run eu"),
    ("A switch can be said to be on.", "--dry-run=true eu", "--dry-run eu"),
    ("A switch can be said to be off.", "--dry-run=false eu", "eu"),
    ("The last word on a switch counts.", "--dry-run --dry-run=false", ""),
    ("A switch that is on can be put off.", "--error-on-existing=false",
     "--no-error-on-existing"),
    ("Its opposite can be denied.", "--no-error-on-existing=0", "--error-on-existing"),
    ("Nothing after two dashes is a flag.", "-- --kubeconfig=a", "-- --kubeconfig=a"),
    ("An unknown flag is left for click to refuse.", "--what=1", "--what=1"),
    ("A word is no flag because it is called like one.", "v dry-run", "v dry-run"),
    ("A flag without its value is left for click to refuse.", "--kubeconfig", "--kubeconfig"),
])  # fmt: skip
def test_flags_are_spelled_as_click_does(reason, args, want):
    found = flags.spelled(args.split(), PARAMS, mixed=True)
    assert " ".join(found) == want, reason


def test_a_group_leaves_alone_what_follows_the_sub_command():
    args = ["--kubeconfig=a", "join", "--kubeconfig=b"]
    assert flags.spelled(args, PARAMS, mixed=False) == ["--kubeconfig", "a", *args[1:]]


def test_a_switch_wants_true_or_false():
    with pytest.raises(click.UsageError, match="--dry-run=true or --dry-run=false, not 'maybe'"):
        flags.spelled(["--dry-run=maybe"], PARAMS, mixed=True)


@pytest.mark.parametrize(("text", "seconds"), [
    ("10s", 10), ("1m30s", 90), ("1.5h", 5400), ("500ms", 0.5), ("0", 0), ("2.5", 2.5),
    (".5s", 0.5), ("0s", 0),
])  # fmt: skip
def test_durations_are_read_as_go_writes_them(text, seconds):
    assert flags.duration(text) == pytest.approx(seconds)


@pytest.mark.parametrize("text", ["", "s", "-1s", "1d", "1s2", "soon"])
def test_other_durations_are_refused(text):
    with pytest.raises(click.BadParameter, match="write it like 10s"):
        flags.duration(text)


@pytest.mark.parametrize("arg", [
    "--logtostderr", "--logtostderr=true", "-logtostderr=false", "--log_dir=/tmp",
    "--log-dir=/tmp", "-stderrthreshold=2", "--vmodule=a=1",
])  # fmt: skip
def test_the_flags_of_klog_are_accepted(arg):
    @click.command(cls=flags.Command)
    @flags.klog
    def command(verbosity: int | None) -> None: ...

    assert command.main([arg, "-v=3"], standalone_mode=False) is None
