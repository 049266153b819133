"""Loads an export with the tool that it is made for, and prints what the tool has read: `python load.py FORMAT FILE`."""
import json
import os
import sys

sys.stdout, report = sys.stderr, sys.stdout


def rows(path):
    with open(path) as lines:
        return [json.loads(line) for line in lines]


def deepeval(path):
    from deepeval.dataset import EvaluationDataset

    goldens = EvaluationDataset()
    goldens.add_goldens_from_json_file(path)
    cases = EvaluationDataset()
    cases.add_test_cases_from_json_file(
        path,
        input_key_name="input",
        actual_output_key_name="actual_output",
        expected_output_key_name="expected_output",
        context_key_name="context",
        retrieval_context_key_name="retrieval_context",
        tools_called_key_name="tools_called",
        expected_tools_key_name="expected_tools",
    )
    return {
        "ids": [golden.name for golden in goldens.goldens],
        "inputs": [golden.input for golden in goldens.goldens],
        "answers": [case.actual_output for case in cases.test_cases],
        "tools": [[tool.name for tool in case.tools_called] for case in cases.test_cases],
        "metadata": [golden.additional_metadata["session_id"] for golden in goldens.goldens],
    }


def deepeval_conversation(path):
    from deepeval.dataset import EvaluationDataset

    dataset = EvaluationDataset()
    dataset.add_goldens_from_json_file(path)
    return {
        "ids": [golden.name for golden in dataset.goldens],
        "turns": [[turn.role for turn in golden.turns] for golden in dataset.goldens],
        "tools": [[tool.name for turn in golden.turns for tool in turn.tools_called or []] for golden in dataset.goldens],
    }


def ragas(path):
    from ragas import EvaluationDataset

    dataset = EvaluationDataset.from_jsonl(path)
    return {
        "type": dataset.get_sample_type().__name__,
        "inputs": [sample.user_input for sample in dataset],
        "answers": [sample.response for sample in dataset],
    }


def ragas_conversation(path):
    from ragas import EvaluationDataset

    dataset = EvaluationDataset.from_jsonl(path)
    return {
        "type": dataset.get_sample_type().__name__,
        "turns": [[message.type for message in sample.user_input] for sample in dataset],
    }


def inspect(path):
    from inspect_ai.dataset import json_dataset

    samples = list(json_dataset(path))
    return {
        "ids": [sample.id for sample in samples],
        "inputs": [sample.input if isinstance(sample.input, str) else sample.input[-1].text for sample in samples],
        "answers": [sample.target for sample in samples],
        "metadata": [sample.metadata["session_id"] for sample in samples],
    }


def langsmith(path):
    """`create_examples` makes these of what it is given, before it sends them."""
    from langsmith.schemas import ExampleCreate

    examples = [ExampleCreate(**row) for row in rows(path)]
    return {
        "inputs": [example.inputs["messages"][-1]["content"] for example in examples],
        "answers": [example.outputs["messages"][-1]["content"] for example in examples],
        "metadata": [example.metadata["session_id"] for example in examples],
    }


def openai_api(path):
    import jsonschema
    from openai.types import eval_create_params
    from openai.types.evals import create_eval_jsonl_run_data_source_param as run_params
    from pydantic import TypeAdapter

    with open(os.path.join(os.path.dirname(path), "schema.json")) as file:
        config = json.load(file)
    TypeAdapter(eval_create_params.DataSourceConfigCustom).validate_python(config)
    items = rows(path)
    content = TypeAdapter(run_params.SourceFileContentContent)
    for item in items:
        content.validate_python(item, strict=False)
        jsonschema.validate(item["item"], config["item_schema"])
    return {
        "ids": [item["item"]["id"] for item in items],
        "inputs": [item["item"]["input"] for item in items],
    }


def evals(path):
    """Runs the eval with a model that always gives the same answer, as `oaieval` would."""
    os.environ.setdefault("OPENAI_API_KEY", "none")
    import evals as framework
    from evals.data import get_jsonl
    from evals.record import DummyRecorder
    from evals.registry import Registry

    folder = os.path.dirname(path)
    registry = Registry(registry_paths=[os.path.join(folder, "registry")])
    loaded = {}
    for name in ("opensync", "opensync.match.v1", "opensync.graded.v1"):
        spec = registry.get_eval(name)
        loaded[name] = registry.get_class(spec).func.__name__
    samples = get_jsonl(path)
    spec = registry.get_eval("opensync")

    class Always:
        def __call__(self, prompt, **_):
            class Result:
                def get_completions(self):
                    return [samples[0]["ideal"]]

            return Result()

    run_spec = framework.base.RunSpec(
        completion_fns=["always"], eval_name="opensync", base_eval="opensync", split="fuzzy", run_config={}, created_by=""
    )
    evaluation = registry.get_class(spec)(
        completion_fns=[Always()], eval_registry_path=registry._registry_paths[-1], name="opensync.fuzzy.v1", registry=registry
    )
    os.environ["EVALS_SEQUENTIAL"] = "1"
    result = evaluation.run(DummyRecorder(run_spec, log=False))
    return {
        "classes": loaded,
        "inputs": [sample["input"][-1]["content"] for sample in samples],
        "answers": [sample["ideal"] for sample in samples],
        "accuracy": result.get("accuracy"),
    }


def chat(path):
    os.environ["HF_HUB_OFFLINE"] = "1"
    from datasets import load_dataset

    dataset = load_dataset("json", data_files=path, split="train", cache_dir=os.path.join(os.path.dirname(path), "cache"))
    return {
        "columns": sorted(dataset.column_names),
        "turns": [[message["role"] for message in row["messages"]] for row in dataset],
        "tools": [
            [call["function"]["name"] for message in row["messages"] for call in message.get("tool_calls") or []]
            for row in dataset
        ],
    }


def sharegpt(path):
    os.environ["HF_HUB_OFFLINE"] = "1"
    from datasets import load_dataset

    dataset = load_dataset("json", data_files=path, split="train", cache_dir=os.path.join(os.path.dirname(path), "cache"))
    return {"turns": [[entry["from"] for entry in row["conversations"]] for row in dataset]}


def atif(path):
    sys.path.insert(0, os.environ["HARBOR"])
    from harbor.models.trajectories import Trajectory
    from harbor.utils.trajectory_validator import TrajectoryValidator

    found = []
    for row in rows(path):
        validator = TrajectoryValidator()
        assert validator.validate(row), validator.get_errors()
        trajectory = Trajectory.model_validate(row)
        # Nothing is lost on the way through the model of the format.
        assert trajectory.to_json_dict() == row, "the model changes the trajectory"
        found.append(trajectory)
    return {
        "ids": [trajectory.session_id for trajectory in found],
        "sources": [[step.source for step in trajectory.steps] for trajectory in found],
        "observations": [
            [result.source_call_id for step in trajectory.steps if step.observation for result in step.observation.results]
            for trajectory in found
        ],
    }


if __name__ == "__main__":
    json.dump(globals()[sys.argv[1].replace("-", "_")](sys.argv[2]), report)
