"""Writing a flat configuration."""

from dataclasses import replace

import pytest
import ymmsl
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.ymmsl_files.writing.configuration_file import dumped
from domain.coupling.settings import Settings
from tests.unit.adapters.ymmsl_files.models import MACRO_MICRO, NESTED, PROGRAM, load, whole

numbers = st.floats(allow_nan=False) | st.integers(-(2**63), 2**63 - 1)
texts = st.text(st.characters(exclude_categories=["Cs"], codec="utf-8"), max_size=20).map(
    lambda text: "".join(part for part in text if part.isprintable())
)
values = st.one_of(
    texts,
    st.booleans(),
    numbers,
    st.lists(st.integers(-(2**63), 2**63 - 1), min_size=1),
    st.lists(st.floats(allow_nan=False), min_size=1),
    st.lists(st.lists(st.floats(allow_nan=False), min_size=1), min_size=1),
)


@pytest.fixture(scope="module")
def configuration():
    return load(whole(MACRO_MICRO, PROGRAM))


@settings(max_examples=60)
@given(value=values)
def test_settings_round_trip(configuration, value):
    changed = replace(configuration, settings=Settings({"macro.s": value}))
    back = load(dumped(changed)).settings["macro.s"]
    assert back == value
    assert type(back) is type(value)


@settings(max_examples=30)
@given(text=texts, items=st.lists(texts, max_size=3))
def test_arguments_round_trip(configuration, text, items):
    (name,) = configuration.programs
    for args in (tuple(items), *([text] if text else [])):
        changed = {name: replace(configuration.programs[name], args=args)}
        assert load(dumped(replace(configuration, programs=changed))).programs[name].args == args


def test_written_configuration_passes_the_checks_of_ymmsl():
    text = dumped(load(whole(NESTED, PROGRAM, "resources: {top.driver: {threads: 2}}\n")))
    configuration = ymmsl.load(text)
    configuration.check_consistent()
    ymmsl.v0_2.check_timelines(configuration.root_model())
