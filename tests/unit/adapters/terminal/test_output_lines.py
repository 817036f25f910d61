"""The output of programs is printed without a panel."""

import io

from adapters.terminal.output_lines import OutputLines
from tests.support.conditions import wait_until


def test_output_lines_are_printed_without_control_characters():
    lines = [["[macro] one"], [], ["[macro] \x1b[31mred"]]
    stream = io.StringIO()
    output = OutputLines(lambda: lines.pop(0) if lines else [], stream=stream, period=0.001)
    wait_until(lambda: not lines)
    output.close()
    assert stream.getvalue() == "[macro] one\n[macro]  [31mred\n"


def test_output_lines_that_arrive_last_are_printed_when_closing():
    lines = [["[macro] last"]]
    stream = io.StringIO()
    output = OutputLines(lambda: lines.pop(0) if lines else [], stream=stream, period=1000.0)
    output.close()
    output.close()
    assert stream.getvalue() == "[macro] last\n"
