"""The API against its own description: whatever schemathesis makes of it, no server error."""

from contextlib import suppress
from typing import TYPE_CHECKING, Any

import pytest
from fastapi import FastAPI
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.errors import Unsatisfiable

from review.web.context import Context
from tests.conftest import ManualClock
from tests.review.conftest import TOKEN
from tests.review.rows import predict_rows

if TYPE_CHECKING:
    from schemathesis import Case

EXAMPLES = 4  # of each endpoint, of requests that its description allows and of others

few_examples = settings(
    max_examples=EXAMPLES,
    deadline=None,
    derandomize=True,
    database=None,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)


@pytest.mark.slow
def test_no_request_makes_a_server_error(
    app: FastAPI, context: Context, clock: ManualClock
) -> None:
    import schemathesis  # here, since each process of the suite would wait seconds for it
    from schemathesis import GenerationMode
    from schemathesis.core.result import Ok

    predict_rows(context.engine, {1: {"anova": 0.9}, 2: {"r": 0.4}}, now=clock.now())
    schema = schemathesis.openapi.from_dict(app.openapi())
    schema.app = app
    errors: list[str] = []

    def ask(case: "Case[Any]") -> None:
        answer = case.call(headers={"Authorization": f"Bearer {TOKEN}"})
        if answer.status_code >= 500:
            errors.append(f"{answer.status_code} {case.as_curl_command()}")

    tried = set()
    for result in schema.get_all_operations():
        assert isinstance(result, Ok)
        operation = result.ok()
        tried.add(operation.label)
        for mode in (GenerationMode.POSITIVE, GenerationMode.NEGATIVE):
            with suppress(Unsatisfiable):  # nothing that its description forbids can be asked
                few_examples(given(operation.as_strategy(mode))(ask))()
    assert errors == []
    assert {"GET /api/v1/review/next", "POST /api/v1/review/bulk"} <= tried
