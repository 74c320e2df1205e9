import pickle

import pytest

from core.errors import ModelMissing, SchemaOutdated, TaggerError


@pytest.mark.parametrize(
    ("error", "line"),
    [
        (SchemaOutdated("Too new.", "Install the newer version."), "Too new. Install the newer"),
        (ModelMissing("There is no live model.", site="stats"), "There is no live model."),
    ],
)
def test_an_error_is_one_line_of_fault_and_advice_also_from_another_process(
    error: TaggerError, line: str
) -> None:
    again = pickle.loads(pickle.dumps(error))
    for one in (error, again):
        assert str(one).startswith(line)
        assert str(one) == f"{one.fault} {one.advice}".rstrip()
    assert vars(again) == vars(error)
