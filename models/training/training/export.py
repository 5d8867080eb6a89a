"""Writing the trained classifier as a plain ONNX model folder, fp32 or int8."""

import json
import math
from pathlib import Path
from typing import TypeVar

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper
from onnxruntime.quantization import QuantType, quantize_dynamic

from .backbone import PAD
from .encoder import EPSILON, HEADS, WIDTH, Classifier
from .fusion import SIGNS, Fusion
from .settings import CATEGORIES, HEAD_TOKENS, LABELS, MAX_TOKENS, MODEL_NAME, TAGS, TAIL_TOKENS, VALENCE_RANGE
from .smooth import Even
from .wide import GATE_SHARPNESS, PAIR_FACTORS, PAIRS, Wide

OPSET = 18
APART_NODE = "apart_"


class _Graph:
    """Nodes and constants in the order they are added; every method returns the name of its result."""

    def __init__(self) -> None:
        self.nodes: list[onnx.NodeProto] = []
        self.constants: list[onnx.TensorProto] = []

    def constant(self, name: str, values: np.ndarray) -> str:
        self.constants.append(numpy_helper.from_array(np.ascontiguousarray(values), name))
        return name

    def node(self, kind: str, *inputs: str, out: str | None = None, **attributes: object) -> str:
        name = out or f"{kind.lower()}_{len(self.nodes)}"
        self.nodes.append(helper.make_node(kind, list(inputs), [name], name=f"node_{name}", **attributes))
        return name

    def linear(self, x: str, name: str, weight: np.ndarray, bias: np.ndarray, even: Even | None = None) -> str:
        scaled, beside = x, None
        if even is not None:
            factor, apart = (1 / even.divisor).astype(np.float32), even.apart
            if len(apart):
                few = self.node("Gather", x, self.constant(f"{name}.apart", apart), axis=2, out=f"{APART_NODE}{name}")
                few_weight = self.constant(f"{name}.apart.weight", weight[:, apart].T)
                beside = self.node("MatMul", few, few_weight, out=f"{APART_NODE}{name}.product")
                factor[apart] = 0.0
            scaled = self.node("Mul", x, self.constant(f"{name}.even", factor))
            weight = weight * even.divisor
            weight[:, apart] = 0.0
        product = self.node("MatMul", scaled, self.constant(f"{name}.weight", weight.T))
        product = self.node("Add", product, self.constant(f"{name}.bias", bias))
        return self.node("Add", product, beside) if beside else product

    def head(self, x: str, name: str, weight: np.ndarray, bias: np.ndarray | None = None) -> str:
        """x [batch, width] times weight [width, outputs], plus bias; never quantised."""
        given = [x, self.constant(f"{name}.weight", weight.astype(np.float32))]
        if bias is not None:
            given.append(self.constant(f"{name}.bias", bias))
        return self.node("Gemm", *given)

    def norm(self, x: str, name: str, weight: np.ndarray, bias: np.ndarray) -> str:
        scale, shift = self.constant(f"{name}.weight", weight), self.constant(f"{name}.bias", bias)
        return self.node("LayerNormalization", x, scale, shift, axis=-1, epsilon=EPSILON)


def _gelu(graph: _Graph, x: str) -> str:
    """In the order that ONNX Runtime recognises and computes as one operator."""
    inner = graph.node("Erf", graph.node("Div", x, "sqrt2"))
    return graph.node("Mul", graph.node("Mul", x, graph.node("Add", inner, "one")), "half")


def _residual(graph: _Graph, x: str, branch: str, name: str, w: dict[str, np.ndarray], even: Even | None) -> str:
    """The normalised sum of x and a linear map of the branch.

    Written as x - (-map): ONNX Runtime joins a sum and its norm to one operator that takes twice the time of the two.
    """
    part = name.rpartition(".")[2]
    norm = f"{part.removesuffix('_out')}_norm"
    less = graph.linear(branch, name, -w[f"{part}.weight"], -w[f"{part}.bias"], even)
    return graph.norm(graph.node("Sub", x, less), f"{name}_norm", w[f"{norm}.weight"], w[f"{norm}.bias"])


def _layer(graph: _Graph, x: str, bias: str, name: str, w: dict[str, np.ndarray], even: dict[str, Even]) -> str:
    """One encoder layer; the attention scale, and the divisors of the mixed values, are folded into the first map."""
    scale = np.ones((3 * WIDTH, 1), np.float32)
    scale[:WIDTH] = math.sqrt(HEADS / WIDTH)
    w = dict(w)
    if "attention_out" in even:
        divisor = even["attention_out"].divisor
        scale[2 * WIDTH :, 0] /= divisor
        w["attention_out.weight"] = w["attention_out.weight"] * divisor
    joined = graph.linear(x, f"{name}.qkv", w["qkv.weight"] * scale, w["qkv.bias"] * scale[:, 0], even.get("qkv"))
    heads = graph.node("Transpose", graph.node("Reshape", joined, "split_heads"), perm=[0, 2, 1, 3])
    q, k, v = (
        graph.node("Slice", heads, *part)
        for part in (("cut_0", "cut_1", "axis_1"), ("cut_1", "cut_2", "axis_1"), ("cut_2", "cut_3", "axis_1"))
    )
    affinity = graph.node("MatMul", q, graph.node("Transpose", k, perm=[0, 1, 3, 2]))
    mixed = graph.node("MatMul", graph.node("Softmax", graph.node("Add", affinity, bias), axis=-1), v)
    mixed = graph.node("Reshape", graph.node("Transpose", mixed, perm=[0, 2, 1, 3]), "join_heads")
    x = _residual(graph, x, mixed, f"{name}.attention_out", w, None)
    fed = _gelu(graph, graph.linear(x, f"{name}.inner", w["inner.weight"], w["inner.bias"], even.get("inner")))
    return _residual(graph, x, fed, f"{name}.outer", w, even.get("outer"))


def _shared_constants(graph: _Graph) -> None:
    for name, values in (("sqrt2", math.sqrt(2)), ("one", 1.0), ("half", 0.5), ("two", 2.0), ("blocked", -1e4)):
        graph.constant(name, np.float32(values))
    for name, numbers in (
        ("split_heads", [0, 0, 3 * HEADS, WIDTH // HEADS]),
        ("join_heads", [0, 0, WIDTH]),
        ("axis_0", [0]),
        ("axis_1", [1]),
        ("axis_last", [2]),
        ("axes_bias", [1, 2]),
        ("cut_0", [0]),
        ("cut_1", [HEADS]),
        ("cut_2", [2 * HEADS]),
        ("cut_3", [3 * HEADS]),
        ("first", [1]),
        ("second", [2]),
    ):
        graph.constant(name, np.array(numbers, np.int64))


def _table(wide: Wide) -> np.ndarray:
    """The wide part's rows [features, outputs + experts]: weight * idf of every output, then idf^2 of every expert."""
    weights = [e.weights * e.idf[:, None] for e in wide.all()]
    return np.concatenate([*weights, *(e.idf[:, None] ** 2 for e in wide.all())], axis=1).astype(np.float32)


def _blocks(parts: list[np.ndarray]) -> np.ndarray:
    """A block-diagonal matrix of the parts."""
    result, row, column = np.zeros(np.sum([p.shape for p in parts], axis=0), np.float32), 0, 0
    for part in parts:
        result[row : row + part.shape[0], column : column + part.shape[1]] = part
        row, column = row + part.shape[0], column + part.shape[1]
    return result


def _wide_sums(graph: _Graph, wide: Wide, mask: str, *, coarse: bool) -> tuple[str, str]:
    """The outputs of all experts [batch, outputs], not yet divided by their norms, and those [batch, experts].

    `coarse` stores the table in int8, each column with its own scale, as the columns differ by orders of magnitude.
    """
    table = _table(wide)
    outputs, scale = table.shape[1] - len(wide.all()), np.ones(table.shape[1], np.float32)
    if coarse:
        scale = np.maximum(np.abs(table).max(0), 1e-9) / 127
        table = np.round(table / scale).astype(np.int8)
    rows = graph.constant("wide.table", table)
    for name, numbers in (
        ("pair_first", PAIR_FACTORS[:1]),
        ("pair_second", PAIR_FACTORS[1:]),
        ("pair_count", [PAIRS]),
        ("pair_start", [wide.vocabulary]),
        ("minus_one", [-1]),
        ("far", [2**31 - 1]),
        ("outputs_end", [outputs]),
    ):
        graph.constant(name, np.array(numbers, np.int64))
    left = graph.node("Slice", "input_ids", "axis_0", "minus_one", "axis_1")
    right = graph.node("Slice", "input_ids", "axis_1", "far", "axis_1")
    mixed = graph.node("Add", graph.node("Mul", left, "pair_first"), graph.node("Mul", right, "pair_second"))
    pairs = graph.node("Add", graph.node("Mod", mixed, "pair_count"), "pair_start")
    total = ""
    for ids, seen in (("input_ids", mask), (pairs, graph.node("Slice", mask, "axis_1", "far", "axis_1"))):
        found = graph.node("Gather", rows, ids, out=f"wide_{'pairs' if total else 'words'}")
        found = graph.node("Cast", found, to=TensorProto.FLOAT) if coarse else found
        found = graph.node("ReduceSum", graph.node("Mul", found, seen), "axis_1", keepdims=0)
        total = graph.node("Add", total, found) if total else found
    total = graph.node("Mul", total, graph.constant("wide.scale", scale.astype(np.float32)))
    squares = graph.node("Slice", total, "outputs_end", "far", "axis_1")
    norms = graph.node("Sqrt", graph.node("Max", squares, graph.constant("tiny", np.float32(1e-18))))
    return graph.node("Slice", total, "axis_0", "outputs_end", "axis_1"), norms


def _joined(graph: _Graph, wide: Wide, fusion: Fusion, mask: str, logits: str, grade: str, *, coarse: bool) -> str:
    """The grade [batch, 1] of encoder and experts; their logits [batch, 3] are the output `logits`."""
    experts, domains = wide.all(), len(wide.experts)
    sums, norms = _wide_sums(graph, wide, mask, coarse=coarse)
    owner = _blocks([np.ones((1, e.weights.shape[1])) for e in experts])
    norms = graph.head(norms, "wide.owner", owner)
    bias = np.concatenate([e.bias for e in experts]).astype(np.float32)
    scores = graph.node("Add", graph.node("Div", sums, norms), graph.constant("wide.bias", bias))
    # Three classes of every domain, then the domains.
    wanted = _blocks([*(e.spread() for e in experts[:-1]), np.eye(domains) * GATE_SHARPNESS])
    scores = graph.head(scores, "wide.classes", wanted)
    classes = graph.node("Slice", scores, "axis_0", graph.constant("classes_end", np.array([3 * domains])), "axis_1")
    gate = graph.node("Softmax", graph.node("Slice", scores, "classes_end", "far", "axis_1"), axis=-1)
    gated = graph.node("Mul", classes, graph.head(gate, "gate.classes", _blocks([np.ones((1, 3))] * domains)))
    wide_logits = graph.head(gated, "wide.joined", np.kron(fusion.wide[:, None], np.eye(3)))
    wide_grade = graph.head(gated, "wide.grade", np.kron(fusion.wide_grade, SIGNS)[:, None])
    logits = graph.node("Mul", logits, graph.head(gate, "deep.share", fusion.deep[:, None]))
    grade = graph.node("Mul", grade, graph.head(gate, "deep.grade_share", fusion.deep_grade[:, None]))
    graph.node("Add", logits, wide_logits, out="logits")
    return graph.node("Add", grade, wide_grade)


_T = TypeVar("_T")


def _under(values: dict[str, _T], prefix: str) -> dict[str, _T]:
    return {name[len(prefix) :]: value for name, value in values.items() if name.startswith(prefix)}


def build(
    model: Classifier, wide: Wide, fusion: Fusion, even: dict[str, Even], *, coarse: bool = False
) -> onnx.ModelProto:
    """The classifier as ONNX: input_ids and attention_mask [batch, sequence] → logits [batch, 3], valence [batch],
    escalation [batch], token_logits [batch, sequence, 3 + categories].

    `even` comes from smooth.py; the model computes the same without it. `coarse` stores the wide table in int8.
    """
    state = {name: value.detach().float().cpu().numpy() for name, value in model.state_dict().items()}
    graph = _Graph()
    _shared_constants(graph)
    words = graph.node("Gather", graph.constant("words", state["words.weight"]), "input_ids")
    length = graph.node("Slice", graph.node("Shape", "input_ids"), "first", "second", "axis_0")
    places = graph.node(
        "Slice", graph.constant("positions", state["positions.weight"][:MAX_TOKENS]), "axis_0", length, "axis_0"
    )
    x = graph.norm(graph.node("Add", words, places), "norm", state["norm.weight"], state["norm.bias"])
    mask = graph.node("Cast", "attention_mask", to=TensorProto.FLOAT)
    bias = graph.node("Unsqueeze", graph.node("Mul", graph.node("Sub", "one", mask), "blocked"), "axes_bias")
    for i in range(len(model.layers)):
        w, evened = _under(state, f"layers.{i}."), _under(even, f"{i}.")
        x = _layer(graph, x, bias, f"layer_{i}", w, evened)
    weight = graph.node("Unsqueeze", mask, "axis_last")
    total = graph.node("ReduceSum", graph.node("Mul", x, weight), "axis_1", keepdims=0)
    pooled = graph.node("Div", total, graph.node("ReduceSum", weight, "axis_1", keepdims=0))
    deep = graph.head(pooled, "classes", state["classes.weight"].T, state["classes.bias"])
    grade = graph.head(pooled, "grade", state["grade.weight"].T, state["grade.bias"])
    grade = _joined(graph, wide, fusion, weight, deep, grade, coarse=coarse)
    graph.node("Mul", graph.node("Tanh", graph.node("Squeeze", grade, "axis_1")), "two", out="valence")
    escalation = graph.head(pooled, "escalation", state["escalation.weight"].T, state["escalation.bias"])
    graph.node("Sigmoid", graph.node("Squeeze", escalation, "axis_1"), out="escalation")
    marks = graph.node("MatMul", x, graph.constant("marks.weight", state["marks.weight"].T), out="marks_product")
    graph.node("Add", marks, graph.constant("marks.bias", state["marks.bias"]), out="token_logits")
    tokens = ["batch", "sequence"]
    inputs = [helper.make_tensor_value_info(n, TensorProto.INT64, tokens) for n in ("input_ids", "attention_mask")]
    outputs = [
        helper.make_tensor_value_info("logits", TensorProto.FLOAT, ["batch", 3]),
        helper.make_tensor_value_info("valence", TensorProto.FLOAT, ["batch"]),
        helper.make_tensor_value_info("escalation", TensorProto.FLOAT, ["batch"]),
        helper.make_tensor_value_info("token_logits", TensorProto.FLOAT, [*tokens, TAGS + len(CATEGORIES)]),
    ]
    built = helper.make_graph(graph.nodes, MODEL_NAME, inputs, outputs, graph.constants)
    result = helper.make_model(built, opset_imports=[helper.make_opsetid("", OPSET)], producer_name="callheat training")
    result.ir_version = 9
    onnx.checker.check_model(result)
    return result


def write_folder(
    model: Classifier,
    wide: Wide,
    fusion: Fusion,
    even: dict[str, Even],
    tokenizer: Path,
    out: Path,
    *,
    fp32: Path,
) -> None:
    """Writes model.onnx (int8), tokenizer.json, config.json and callheat.toml to `out`, the fp32 model to `fp32`."""
    out.mkdir(parents=True, exist_ok=True)
    onnx.save(build(model, wide, fusion, even), fp32)
    built = build(model, wide, fusion, even, coarse=True)
    apart = [node.name for node in built.graph.node if node.name.startswith(f"node_{APART_NODE}")]
    # 7-bit weights: on processors without VNNI, 8-bit ones overflow the 16-bit sums of the u8 x s8 products;
    # one scale per output channel: one per matrix moves the probabilities four times as far from fp32.
    quantize_dynamic(
        built,
        out / "model.onnx",
        op_types_to_quantize=["MatMul", "Gather"],
        weight_type=QuantType.QInt8,
        per_channel=True,
        reduce_range=True,
        nodes_to_exclude=["node_wide_words", "node_wide_pairs", "node_marks_product", *apart],
    )
    (out / "tokenizer.json").write_bytes(tokenizer.read_bytes())
    config = {
        "id2label": {str(i): label for i, label in enumerate(LABELS)},
        "label2id": {label: i for i, label in enumerate(LABELS)},
        "max_length": MAX_TOKENS,
        "truncation": f"head {HEAD_TOKENS} + tail {TAIL_TOKENS} token ids "
        f"(ids[:{HEAD_TOKENS}]+ids[-{TAIL_TOKENS}:], special tokens included)",
        "pad_token_id": PAD,
        "inputs": ["input_ids", "attention_mask"],
        "outputs": {
            "logits": ["batch", 3],
            "valence": ["batch"],
            "escalation": ["batch"],
            "token_logits": ["batch", "sequence", TAGS + len(CATEGORIES)],
        },
        "valence_range": [int(v) for v in VALENCE_RANGE],
        "calibration": "already folded into the logits",
        "layers": len(model.layers),
        "hidden_size": WIDTH,
        "vocab_size": model.words.num_embeddings,
        "base": "multilingual-e5-small, vocabulary trimmed, some layers fine-tuned; n-gram experts beside them",
        "opset": OPSET,
    }
    (out / "config.json").write_text(json.dumps(config, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    (out / "callheat.toml").write_text(_TOML, encoding="utf-8")


_TOML = f'''# What callheat needs to know beyond config.json.
name = "{MODEL_NAME}"
license = "MIT"
max_length = {MAX_TOKENS}

# Longer texts keep this many token ids from each end, special tokens included.
[truncation]
head = {HEAD_TOKENS}
tail = {TAIL_TOKENS}

# The model's own graded valence and the range it was trained on.
[graded]
output = "valence"
range = [{VALENCE_RANGE[0]}, {VALENCE_RANGE[1]}]

# The probability, 0..1, that a customer who says this escalates: threatens, demands a supervisor, leaves in anger.
[escalation]
output = "escalation"

# Where complaint phrases stand: per token the logits of outside, first and inside, then those of the categories.
[phrases]
output = "token_logits"
categories = [{", ".join(f'"{c}"' for c in CATEGORIES)}]
'''
