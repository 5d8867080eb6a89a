"""The classifier: a post-LN BERT encoder with mean pooling; classes, valence, escalation, tags of tokens."""

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from .settings import CATEGORIES, TAGS

WIDTH, HEADS, INNER, POSITIONS, EPSILON = 384, 12, 1536, 512, 1e-12
INPUT_DROPOUT = 0.1


class Layer(nn.Module):
    """One encoder layer: self-attention and feed-forward, each followed by a residual sum and a layer norm."""

    def __init__(self, dropout: float) -> None:
        super().__init__()
        self.qkv = nn.Linear(WIDTH, 3 * WIDTH)
        self.attention_out = nn.Linear(WIDTH, WIDTH)
        self.attention_norm = nn.LayerNorm(WIDTH, EPSILON)
        self.inner = nn.Linear(WIDTH, INNER)
        self.outer = nn.Linear(INNER, WIDTH)
        self.outer_norm = nn.LayerNorm(WIDTH, EPSILON)
        self.dropout = dropout

    def forward(self, x: Tensor, bias: Tensor) -> Tensor:
        """x [batch, tokens, 384], bias [batch, 1, 1, tokens] added to the attention scores."""
        batch, tokens, _ = x.shape
        q, k, v = self.qkv(x).view(batch, tokens, 3, HEADS, WIDTH // HEADS).permute(2, 0, 3, 1, 4)
        mixed = functional.scaled_dot_product_attention(q, k, v, attn_mask=bias)
        mixed = self.attention_out(mixed.transpose(1, 2).reshape(batch, tokens, WIDTH))
        x = self.attention_norm(x + functional.dropout(mixed, self.dropout, self.training))
        fed = self.outer(functional.gelu(self.inner(x)))
        return self.outer_norm(x + functional.dropout(fed, self.dropout, self.training))


class Classifier(nn.Module):
    """Token ids and mask [batch, tokens] → logits [batch, 3], valence [batch] in -2..2, pooled [batch, 384].

    `marks` maps a token's state to the logits of its tag (outside, first or inside of a complaint phrase) and category,
    `escalation` the pooled output to the log-odds that the turn escalates.
    """

    def __init__(self, vocabulary: int, layers: int, dropout: float = 0.0) -> None:
        super().__init__()
        self.words = nn.Embedding(vocabulary, WIDTH, sparse=True)
        self.positions = nn.Embedding(POSITIONS, WIDTH)
        self.norm = nn.LayerNorm(WIDTH, EPSILON)
        self.layers = nn.ModuleList(Layer(dropout) for _ in range(layers))
        self.classes = nn.Linear(WIDTH, 3)
        self.grade = nn.Linear(WIDTH, 1)
        self.marks = nn.Linear(WIDTH, TAGS + len(CATEGORIES))
        self.escalation = nn.Linear(WIDTH, 1)
        for head in self.heads():
            nn.init.normal_(head.weight, std=0.02)
            nn.init.zeros_(head.bias)

    def heads(self) -> list[nn.Linear]:
        """What reads the encoder."""
        return [self.classes, self.grade, self.marks, self.escalation]

    def forward(self, ids: Tensor, mask: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Classifies a padded batch; a row's result does not depend on the other rows."""
        return self.judged(self.states(ids, mask), mask)

    def states(self, ids: Tensor, mask: Tensor) -> Tensor:
        """The last layer's states [batch, tokens, 384]."""
        x = self.norm(self.words(ids) + self.positions.weight[: ids.shape[1]])
        x = functional.dropout(x, INPUT_DROPOUT, self.training)
        bias = ((1.0 - mask.to(x.dtype)) * -1e4)[:, None, None, :]
        for layer in self.layers:
            x = layer(x, bias)
        return x

    def judged(self, x: Tensor, mask: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Logits, valence and pooled output by the states."""
        weight = mask.to(x.dtype).unsqueeze(-1)
        pooled = (x * weight).sum(1) / weight.sum(1)
        features = functional.dropout(pooled, INPUT_DROPOUT, self.training)
        return self.classes(features), 2.0 * torch.tanh(self.grade(features).squeeze(-1)), pooled

    def escalating(self, pooled: Tensor) -> Tensor:
        """Log-odds [batch] that a turn escalates, by the pooled output."""
        return self.escalation(functional.dropout(pooled, INPUT_DROPOUT, self.training)).squeeze(-1)

    def marked(self, x: Tensor) -> Tensor:
        """Logits [batch, tokens, 3 + categories] of the tokens' tags and categories by the states."""
        return self.marks(functional.dropout(x, INPUT_DROPOUT, self.training))


def from_backbone(
    weights: dict[str, np.ndarray], kept: list[int], layers: tuple[int, ...] = tuple(range(12))
) -> Classifier:
    """A classifier whose encoder is the backbone's given layers and kept rows of its vocabulary; heads are new."""
    model = Classifier(len(kept), len(layers))

    def put(parameter: Tensor, values: np.ndarray) -> None:
        parameter.copy_(torch.from_numpy(np.ascontiguousarray(values)).reshape(parameter.shape))

    with torch.no_grad():
        put(model.words.weight, weights["emb.word"].reshape(-1, WIDTH)[kept])
        put(model.positions.weight, weights["emb.pos"].reshape(-1, WIDTH) + weights["emb.type"].reshape(-1, WIDTH)[0])
        put(model.norm.weight, weights["emb.ln.w"])
        put(model.norm.bias, weights["emb.ln.b"])
        for i, layer in zip(layers, model.layers, strict=True):
            for kind in ("w", "b"):
                name = "weight" if kind == "w" else "bias"
                joined = np.concatenate([weights[f"l{i}.{part}.{kind}"] for part in ("q", "k", "v")])
                put(getattr(layer.qkv, name), joined)
                put(getattr(layer.attention_out, name), weights[f"l{i}.ao.{kind}"])
                put(getattr(layer.attention_norm, name), weights[f"l{i}.aln.{kind}"])
                put(getattr(layer.inner, name), weights[f"l{i}.fi.{kind}"])
                put(getattr(layer.outer, name), weights[f"l{i}.fo.{kind}"])
                put(getattr(layer.outer_norm, name), weights[f"l{i}.oln.{kind}"])
    return model


def shortened(teacher: Classifier, layers: tuple[int, ...]) -> Classifier:
    """A new classifier with the given layers of the teacher, its embeddings and its heads."""
    student = Classifier(teacher.words.num_embeddings, len(layers))
    state = {name: value for name, value in teacher.state_dict().items() if not name.startswith("layers.")}
    for new, old in enumerate(layers):
        for name, value in teacher.layers[old].state_dict().items():
            state[f"layers.{new}.{name}"] = value
    student.load_state_dict(state)
    return student
