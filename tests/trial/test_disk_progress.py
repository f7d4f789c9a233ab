"""How long a run will still take."""

from __future__ import annotations

from rpoint.trial.disk.progress import Remaining, in_words


def test_the_time_left_comes_from_the_speed_of_this_session_alone():
    now = [100.0]
    left = Remaining(clock=lambda: now[0])
    assert left.text(500, 2000) == ""  # found on disk when the run was taken up again
    now[0] = 110.0
    assert left.seconds(1000, 2000) == 20.0
    now[0] = 140.0
    assert left.seconds(1500, 2000) == 20.0 and left.text(1500, 2000) == "about 20 s left"


def test_durations_are_said_in_words():
    said = [in_words(s) for s in (0.0, 89.0, 90.0, 3600.0, 5400.0, 36000.0)]
    assert said == ["1 s", "89 s", "2 min", "60 min", "1.5 h", "10.0 h"]
