"""Contract of ProgressBars."""

import io

import pytest

from adapters.in_memory.progress_bars import InMemoryProgressBars
from adapters.terminal.loop_bars import RichProgressBars


class ProgressBarsContract:
    """Subclass it for each adapter."""

    def make(self):
        raise NotImplementedError

    def shown(self):
        """Return how many items each bar that was shown has as done and in total."""
        raise NotImplementedError

    @pytest.fixture
    def bars(self):
        return self.make()

    def test_closed_bar_shows_how_many_items_are_done(self, bars):
        bar = bars.open("simulate", 3)
        bar.advance()
        bar.advance()
        bar.close()
        assert self.shown() == ["simulate 2/3"]

    def test_bar_without_a_total_shows_how_many_items_are_done(self, bars):
        bar = bars.open("simulate", None)
        bar.advance()
        bar.close()
        assert self.shown() == ["simulate 1/?"]

    def test_bar_can_be_closed_twice(self, bars):
        bar, other = bars.open("first", 1), bars.open("second", 1)
        bar.close()
        bar.close()
        other.advance()
        other.close()
        assert self.shown() == ["first 0/1", "second 1/1"]

    def test_bar_can_be_opened_after_all_were_closed(self, bars):
        bars.open("first", 1).close()
        again = bars.open("second", 2)
        again.advance()
        again.close()
        assert self.shown() == ["first 0/1", "second 1/2"]


class TestInMemoryProgressBars(ProgressBarsContract):
    def make(self):
        self.bars_made = InMemoryProgressBars()
        return self.bars_made

    def shown(self):
        assert all(bar.is_closed for bar in self.bars_made.bars)
        return [
            f"{bar.name} {bar.done}/{'?' if bar.total is None else bar.total}"
            for bar in self.bars_made.bars
        ]


class TestRichProgressBars(ProgressBarsContract):
    def make(self):
        self.stream = io.StringIO()
        return RichProgressBars(self.stream)

    def shown(self):
        lines = [line.split() for line in self.stream.getvalue().splitlines() if line.strip()]
        return [f"{line[0]} {next(word for word in line if '/' in word)}" for line in lines]
