import pytest

from kubefed_core.api import durations


@pytest.mark.parametrize(
    ("text", "want"),
    [
        ("10s", 10.0),
        ("1m30s", 90.0),
        ("1h2m3.5s", 3723.5),
        ("100ms", 0.1),
        ("1us", 1e-6),
        ("1µs", 1e-6),
        ("1μs", 1e-6),
        ("1ns", 1e-9),
        (".5s", 0.5),
        ("1.s", 1.0),
        ("-2s", -2.0),
        ("+2s", 2.0),
        ("0", 0.0),
    ],
)
def test_durations_are_read_as_go_reads_them(text, want):
    assert durations.seconds(text) == pytest.approx(want)


@pytest.mark.parametrize("text", ["", "10", "s", ".s", "1 s", "1d", "1s2", "--1s", "1S", "٣s"])
def test_what_go_does_not_read_is_refused(text):
    with pytest.raises(ValueError, match="no duration"):
        durations.seconds(text)
