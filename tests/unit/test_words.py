"""What the engine says, in a language that counts otherwise than Chinese."""

from engine.words import say, spoken_with


def test_another_language_says_one_otherwise_than_many():
    """English said "1 working days"."""
    english = {"{n}个工作日": "{n} working {n:day|days}"}
    with spoken_with(english.__getitem__, language="en"):
        said = [say("{n}个工作日", n=n) for n in (1, "1", 2, 0)]
    assert said == ["1 working day", "1 working day", "2 working days", "0 working days"]
