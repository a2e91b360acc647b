"""Model folders that break the contract: each is refused with the file and the entry."""

import copy
import json
import subprocess
import sys

import onnx
import pytest
import tiny_model
from hypothesis import given
from hypothesis import strategies as st
from onnx import TensorProto, helper

from longplay import _core
from longplay._model.folder import core_config, load_model
from longplay._model.runtime import library_path


@pytest.fixture
def folder(tmp_path):
    return tiny_model.build(tmp_path / "tiny")


def open_model(folder, max_batch=2):
    return _core.Model(_core.Runtime(str(library_path())), load_model(folder).files, _core.Device.cpu, max_batch)


def change_graph(folder, name, change):
    model = onnx.load(folder / name)
    change(model.graph)
    onnx.save(model, folder / name)


def test_a_folder_says_what_it_holds(folder):
    found = load_model(folder)
    assert found.config == json.loads((folder / "config.json").read_text())
    assert found.path == folder


@pytest.mark.skipif(sys.platform != "linux", reason="needs sha256sum")
def test_the_hash_is_what_a_shell_would_say(folder):
    command = "sha256sum config.json step.onnx head_1.onnx head_2.onnx head_3.onnx | sha256sum"
    said = subprocess.run(command, shell=True, cwd=folder, capture_output=True, text=True, check=True).stdout
    assert load_model(folder).hash == said.split()[0]


@pytest.mark.parametrize("name", ["config.json", "step.onnx", "head_1.onnx", "head_3.onnx"])
def test_a_missing_file_is_named(folder, name):
    (folder / name).unlink()
    with pytest.raises(_core.ModelError, match=rf"^{name}: cannot read .*: No such file"):
        load_model(folder)
    (folder / name).mkdir()
    with pytest.raises(_core.ModelError, match=rf"^{name}: .* is not a file"):
        load_model(folder)


def test_a_path_that_is_no_folder_is_named(folder, tmp_path):
    for path in (tmp_path / "absent", folder / "config.json"):
        with pytest.raises(_core.ModelError, match=rf"{path.name} is not a model folder"):
            load_model(path)


def test_a_head_without_a_field_is_named(folder):
    (folder / "head_4.onnx").write_bytes((folder / "head_3.onnx").read_bytes())
    with pytest.raises(_core.ModelError, match=r"^head_4\.onnx: config\.json has no field for it"):
        load_model(folder)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (b"", "not JSON in UTF-8"),
        (b"\xff{}", "not JSON in UTF-8"),
        (b"[" * 100_000, "not JSON in UTF-8"),
        (b"[]", r"the whole must be an object, not \[\]"),
        (b'{"format": 1, "format": 1}', "key 'format' occurs twice in one object"),
        (b'{"format": 1, "name": "x"}', "fields is missing"),
        (b"{}", "format must be 1 or 2, not None"),
    ],
)
def test_a_config_that_is_no_config_is_refused(folder, text, problem):
    (folder / "config.json").write_bytes(text)
    with pytest.raises(_core.ModelError, match=rf"^config\.json: {problem}"):
        load_model(folder)


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        (lambda c: c.update(format=3), "format must be 1 or 2, not 3"),
        (lambda c: c.update(format=True), "format must be 1 or 2, not True"),
        (lambda c: c.update(tempo=1), "tempo is not an entry of the format"),
        (lambda c: c.update(name=3), "name must be printable text, not 3"),
        (lambda c: c.update(name="two\nlines"), r"name must be printable text, not 'two\\nlines'"),
        (lambda c: c.update(name="\ud800"), r"name must be printable text, not '\\ud800'"),
        (lambda c: c.update(fields={}), r"fields must be a list, not \{\}"),
        (lambda c: c.update(states_in_place=1), "states_in_place must be true or false, not 1"),
        (lambda c: c.pop("controls"), "controls is missing"),
        (lambda c: c["fields"][2].pop("size"), r"fields\[2\]\.size is missing"),
        (lambda c: c["fields"][2].update(sizes=4), r"fields\[2\]\.sizes is not an entry of the format"),
        (lambda c: c["fields"][2].update(size=2**31), r"fields\[2\]\.size must be an integer of 32 bits"),
        (lambda c: c["fields"][2].update(size=4.0), r"fields\[2\]\.size must be an integer of 32 bits, not 4\.0"),
        (lambda c: c["fields"][1]["values"].reverse(), r"fields\[1\]\.values\[1\] must be more than the 69"),
        (lambda c: c["fields"].insert(0, 7), r"fields\[0\] must be an object, not 7"),
        (lambda c: c["controls"][0].update(unknown=9), r"controls\[0\]\.unknown must be in \[0, 4\], not 9"),
        (lambda c: c["controls"][1].update(names="ab"), r"controls\[1\]\.names must be a list, not 'ab'"),
        (lambda c: c["controls"][1].update(bounds=[1]), r"controls\[1\]\.bounds must be absent"),
        (
            lambda c: c["states"][0].update(type="bool"),
            r"states\[0\]\.type must be one of float32, int32, int64, uint8, float16, int8",
        ),
        (lambda c: c["states"][0].update(type=[]), r"states\[0\]\.type must be one of"),
        (lambda c: c["states"][1].update(shape=[2, 0]), r"states\[1\]\.shape\[1\] must be at least 1, not 0"),
        (lambda c: c["states"][1].update(init="zeros"), r"states\[1\]\.init is not an entry of the format"),
        (lambda c: c.update(sampling=[]), r"sampling must be an object, not \[\]"),
        (lambda c: c.update(sampling={"top_p": 0.9}), r"sampling\.top_p must be an object, not 0\.9"),
        (
            lambda c: c.update(sampling={"top_p": {"pitch": 0}}),
            r"sampling\.top_p\.pitch: top_p must be in \(0, 1\], not 0",
        ),
        (lambda c: c.update(sampling={"top_p": {"pitch": "1"}}), r"sampling\.top_p\.pitch must be a number, not '1'"),
        (
            lambda c: c.update(sampling={"top_k": {"pitch": 0.5}}),
            r"sampling\.top_k\.pitch: top_k must be a whole number, not 0\.5",
        ),
        (
            lambda c: c.update(sampling={"top_k": {"pitch": float("inf")}}),
            r"sampling\.top_k\.pitch: top_k must be in \[0, 2\*\*31 - 1\], not inf",
        ),
        (
            lambda c: c.update(sampling={"top_k": {"pitch": 1e300}}),
            r"sampling\.top_k\.pitch: top_k must be in \[0, 2\*\*31 - 1\], not 1e\+300",
        ),
        (lambda c: c.update(sampling={"top_p": {"tempo": 1}}), r"sampling\.top_p\.tempo is not an entry of the format"),
        (lambda c: c.update(sampling={"tempo": {}}), r"sampling\.tempo is not an entry of the format"),
        (lambda c: c.update(bands=[]), r"bands must be an object, not \[\]"),
        (lambda c: c.update(bands=tiny_model.BANDS | {"tempo": [1, 2]}), r"bands\.tempo is not an entry of the format"),
        (lambda c: c.update(bands={"mean_pitch": [1, 2]}), r"bands\.notes_per_second is missing"),
        (lambda c: c.update(bands=tiny_model.BANDS | {"mean_pitch": [1]}), r"bands\.mean_pitch must be two numbers"),
        (lambda c: c.update(bands=tiny_model.BANDS | {"mean_pitch": [1, True]}), r"bands\.mean_pitch must be two nu"),
        (lambda c: c.update(bands=tiny_model.BANDS | {"mean_pitch": [2, 2]}), r"bands\.mean_pitch must be two numbers"),
        (lambda c: c.update(bands=tiny_model.BANDS | {"velocity_spread": [-1, 2]}), r"bands\.velocity_spread must be"),
        (lambda c: c.update(bands=tiny_model.BANDS | {"notes_per_second": [0, 2]}), r"bands\.notes_per_second must be"),
    ],
)
def test_an_entry_that_breaks_the_contract_is_named(folder, change, problem):
    tiny_model.change_config(folder, change)
    with pytest.raises(_core.ModelError, match=rf"^config\.json: {problem}"):
        load_model(folder)


def test_a_long_value_is_shown_in_part(folder):
    tiny_model.change_config(folder, lambda c: c.update(name="line\n" * 1000))
    with pytest.raises(_core.ModelError, match=r"^config\.json: name must be printable text, not '.{76}\.\.\.$"):
        load_model(folder)


def test_a_config_that_is_too_large_is_not_read(folder):
    with (folder / "config.json").open("r+b") as file:
        file.truncate((1 << 24) + 1)
    with pytest.raises(_core.ModelError, match=r"^config\.json: must have at most 16777216 bytes, not 16777217$"):
        load_model(folder)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)


def paths(value, path=()):
    yield path
    for key, inner in value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ():
        yield from paths(inner, (*path, key))


CONFIG = tiny_model.note_config(in_place=True)


@given(st.sampled_from([path_of_value for path_of_value in paths(CONFIG) if path_of_value]), JSON)
def test_whatever_stands_in_a_config_is_read_or_refused(path_of_value, value):
    config = copy.deepcopy(CONFIG)
    *path, key = path_of_value
    owner = config
    for step in path:
        owner = owner[step]
    owner[key] = value
    try:
        core_config(config)
    except _core.ModelError as error:
        problem = str(error)
    else:
        problem = ""
    assert problem == "" or problem.startswith("config.json: ")


def rename_input(graph):
    graph.input[1].name = "controls"
    for node in graph.node:
        for index, name in enumerate(node.input):
            if name == "control":
                node.input[index] = "controls"


def fix_batch(graph):
    graph.input[0].type.tensor_type.shape.dim[0].dim_value = 1


def add_output(graph):
    graph.node.append(helper.make_node("Identity", ["context"], ["extra"]))
    graph.output.append(helper.make_tensor_value_info("extra", TensorProto.FLOAT, ["batch", 3]))


def add_input(graph):
    graph.input.append(helper.make_tensor_value_info("extra", TensorProto.FLOAT, ["batch", 3]))


def drop_output(graph):
    del graph.output[1]


def use_double(graph):
    graph.node[-1].output[0] = "single"
    graph.node.append(helper.make_node("Cast", ["single"], ["logits"], to=TensorProto.DOUBLE))
    graph.output[0].type.tensor_type.elem_type = TensorProto.DOUBLE


@pytest.mark.parametrize(
    ("name", "change", "problem"),
    [
        ("step.onnx", rename_input, "input 'control' is missing"),
        ("step.onnx", fix_batch, "input 'event' must take any batch, not only 1"),
        ("step.onnx", add_output, "output 'extra' is in neither config.json nor the contract"),
        ("step.onnx", add_input, "input 'extra' is in neither config.json nor the contract"),
        ("step.onnx", drop_output, "output 'context' is missing"),
        ("head_2.onnx", use_double, "output 'logits' must have type float32, not ONNX type 11"),
        ("head_2.onnx", add_input, "input 'extra' is in neither config.json nor the contract"),
    ],
)
def test_a_graph_that_breaks_the_contract_is_named(folder, name, change, problem):
    change_graph(folder, name, change)
    with pytest.raises(_core.ModelError, match=rf"^{name}: {problem}$"):
        open_model(folder)


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        (lambda c: c["states"][0].update(type="int32"), "step.onnx: input 'hash' must have type int32, not int64"),
        (
            lambda c: c["states"][1].update(shape=[2, 4]),
            r"step.onnx: input 'trace' must have shape \(batch, 2, 4\), not \(batch, 2, 3\)",
        ),
        (
            lambda c: c["states"][1].update(shape=[6]),
            r"step.onnx: input 'trace' must have shape \(batch, 6\), not \(batch, 2, 3\)",
        ),
        (
            lambda c: c["states"][0].update(output="next"),
            "step.onnx: output 'next' is missing",
        ),
        (
            lambda c: c.update(context_width=4),
            r"step.onnx: output 'context' must have shape \(batch, 4\), not \(batch, 3\)",
        ),
        (
            lambda c: (
                c["fields"][1].update(size=11, values=c["fields"][1]["values"][:11]) or c.update(start_event=[0] * 4)
            ),
            r"head_1.onnx: output 'logits' must have shape \(batch, 11\), not \(batch, 12\)",
        ),
        (lambda c: c.update(controls=[]), "step.onnx: input 'control' is in neither config.json nor the contract"),
    ],
)
def test_a_config_that_does_not_fit_its_graphs_is_named(folder, change, problem):
    tiny_model.change_config(folder, change)
    with pytest.raises(_core.ModelError, match=f"^{problem}$"):
        open_model(folder)


@pytest.mark.parametrize("name", ["step.onnx", "head_2.onnx"])
@pytest.mark.parametrize("cut", [slice(0), slice(40), slice(1, None)], ids=["empty", "cut short", "shifted"])
def test_bytes_that_are_no_graph_are_refused(folder, name, cut):
    path = folder / name
    path.write_bytes(path.read_bytes()[cut])
    with pytest.raises(_core.ModelError, match=rf"^{name}: \S"):
        open_model(folder)


def external(tensor):
    """Move a tensor's numbers to a file in the graph's folder."""
    tensor.ClearField("raw_data")
    tensor.data_location = TensorProto.EXTERNAL
    tensor.external_data.add(key="location", value="weights.bin")


def keep_weights_elsewhere(graph):
    external(graph.initializer[0])


def keep_a_constant_elsewhere(graph):
    tensor = helper.make_tensor("value", TensorProto.INT64, [1], [0])
    external(tensor)
    graph.node.insert(0, helper.make_node("Constant", [], ["unused"], value=tensor))


def keep_a_branchs_weights_elsewhere(graph):
    tensor = helper.make_tensor("value", TensorProto.INT64, [1], [0])
    external(tensor)
    output = helper.make_tensor_value_info("value", TensorProto.INT64, [1])
    branch = helper.make_graph([], "branch", [], [output], [tensor])
    graph.node.insert(0, helper.make_node("If", ["true"], ["unused"], then_branch=branch, else_branch=branch))


@pytest.mark.parametrize(
    "change", [keep_weights_elsewhere, keep_a_constant_elsewhere, keep_a_branchs_weights_elsewhere]
)
def test_weights_that_the_hash_does_not_cover_are_refused(folder, change, monkeypatch):
    model = onnx.load(folder / "step.onnx")
    change(model.graph)
    (folder / "step.onnx").write_bytes(model.SerializeToString())
    (folder / "weights.bin").write_bytes(bytes(1 << 16))
    monkeypatch.chdir(folder)
    with pytest.raises(_core.ModelError, match=r"^step\.onnx: keeps weights outside of itself"):
        open_model(folder)


@pytest.mark.parametrize(
    "data",
    [
        b"\x3b\x3c",  # a group
        b"\x3a\x05ab",  # longer than the file
        b"\x38" + b"\xff" * 10,  # a number of more than 64 bits
        b"\x3a",  # nothing after a tag
        b"\x18\x00\x00\x00ORTM" + bytes(64),  # another format that the runtime knows
    ],
)
def test_what_cannot_be_looked_through_is_not_given_to_the_runtime(folder, data):
    (folder / "step.onnx").write_bytes(data)
    with pytest.raises(_core.ModelError, match=r"^step\.onnx: not an ONNX file$"):
        open_model(folder)


def hide_a_wrong_size(graph):
    """Give logits of five ids, a size that only a run of the graph reveals."""
    graph.node[-1].output[0] = "all"
    graph.initializer.extend(
        [
            helper.make_tensor("zero", TensorProto.INT64, [1], [0]),
            helper.make_tensor("five", TensorProto.INT64, [1], [5]),
            helper.make_tensor("one", TensorProto.INT64, [1], [1]),
            helper.make_tensor("both", TensorProto.INT64, [2], [0, 1]),
        ]
    )
    graph.node.extend(
        [
            helper.make_node("Mul", ["event", "zero"], ["nothing"]),
            helper.make_node("ReduceSum", ["nothing", "both"], ["none"], keepdims=0),
            helper.make_node("Add", ["none", "five"], ["end"]),
            helper.make_node("Slice", ["all", "zero", "end", "one"], ["logits"]),
        ]
    )
    graph.output[0].type.tensor_type.shape.dim[1].dim_param = "size"


def forget_the_start(graph):
    """Let an event index a table without a row for the start event."""
    graph.initializer.append(helper.make_tensor("table", TensorProto.INT64, [4], [0] * 4))
    for node in graph.node:
        for index, name in enumerate(node.input):
            if name == "event":
                node.input[index] = "looked_up"
    graph.node.insert(0, helper.make_node("Gather", ["table", "event"], ["looked_up"]))


@pytest.mark.parametrize("change", [hide_a_wrong_size, forget_the_start])
@pytest.mark.parametrize("max_batch", [1, 2])
def test_what_only_a_run_can_show_is_shown_at_load(folder, change, max_batch):
    change_graph(folder, "step.onnx", change)
    with pytest.raises(_core.ModelError, match=r"^step\.onnx: [^\n]*\S\Z"):
        open_model(folder, max_batch)


def test_a_name_that_is_not_utf_8_is_shown_by_its_bytes(folder):
    step = folder / "step.onnx"
    step.write_bytes(step.read_bytes().replace(b"Gather", b"\xffather"))
    with pytest.raises(_core.ModelError, match=r"^step\.onnx: .*\\xffather"):
        open_model(folder)


def test_heads_that_do_not_match_the_fields_are_named(folder):
    config = core_config(dict(load_model(folder).config))
    heads = [(folder / f"head_{field}.onnx").read_bytes() for field in (1, 2, 3)]
    runtime = _core.Runtime(str(library_path()))
    for given_heads, problem in [(heads[:2], "head_3.onnx is missing"), ([*heads, b""], "head_4.onnx has no field")]:
        files = _core.ModelFiles(config, (folder / "step.onnx").read_bytes(), given_heads, b"")
        with pytest.raises(_core.ModelError, match=problem):
            _core.Model(runtime, files, _core.Device.cpu, 1)
