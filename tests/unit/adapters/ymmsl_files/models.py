"""yMMSL files for tests."""

from adapters.ymmsl_files.source import YmmslConfigurationSource
from domain.errors import ConfigurationError
from domain.model.configuration import Configuration

VERSION = "ymmsl_version: v0.2\n"

PROGRAM = "programs:\n  p: {description: x, executable: /bin/true}\n"

PACKAGED = f"""{VERSION}
programs:
  p: {{description: x, executable: /bin/true, args: -n $MUSCLE_THREADS}}
"""

MACRO_MICRO = """
models:
  m:
    description: x
    components:
      macro: {description: x, ports: {o_i: out, s: in}, implementation: p}
      micro: {description: x, ports: {f_init: start, o_f: final}, implementation: p}
    conduits:
      macro.out: micro.start
      micro.final: macro.in
"""

NESTED = """
models:
  top:
    description: x
    components:
      driver: {description: x, ports: {o_i: out, s: in}, implementation: p}
      outer:
        description: x
        ports: {f_init: start, o_f: end}
        implementation: inside
        multiplicity: 2
    conduits:
      driver.out: outer.start
      outer.end: driver.in
  inside:
    description: x
    ports: {f_init: start, o_f: end}
    components:
      coarse: {description: x, ports: {f_init: go, o_i: ask, s: hear, o_f: end}, implementation: p}
      fine:
        description: x
        ports: {f_init: go, o_f: done}
        implementation: p
        multiplicity: 3
    conduits:
      start: coarse.go
      coarse.ask: fine.go
      fine.done: coarse.hear
      coarse.end: end
"""


def whole(*parts: str) -> str:
    """Return a v0.2 file that consists of these parts."""
    return VERSION + "".join(parts)


def load(*sources: object, model: str | None = None) -> Configuration:
    """Load some sources as one configuration."""
    return YmmslConfigurationSource().load(list(sources), model=model)


def warnings_of(*sources: object) -> list[str]:
    """Return the warnings from loading some sources."""
    source = YmmslConfigurationSource()
    source.load(list(sources))
    return source.warnings


def problems_of(*sources: object, model: str | None = None) -> tuple[str, ...]:
    """Return the problems of some sources."""
    try:
        load(*sources, model=model)
    except ConfigurationError as error:
        return error.problems
    raise AssertionError("no problem was found")


def problem_of(*sources: object, model: str | None = None) -> str:
    """Return the only problem of some sources."""
    problems = problems_of(*sources, model=model)
    assert len(problems) == 1, problems
    return problems[0]
