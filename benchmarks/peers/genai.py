"""onnxruntime-genai on a Transformer of as many weights: its own builder, its own loop; four tokens a note.

The model is a Llama with random weights, made and exported here, with int8 weights as longplay's. genai has no LSTM.
"""

import contextlib
import io
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import onnxruntime_genai
import torch
from tokenizers import Tokenizer, models
from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

from benchmarks.peers.lstm import LSTMWeights
from benchmarks.peers.transformer import CONTEXT, HEADS, LAYERS, WIDTH, making, size

_INNER = 704  # 6 layers of 4 * 256**2 + 3 * 256 * 704 weights


def generating(weights: LSTMWeights, notes: int) -> tuple[Callable[[], None], str]:
    """Return work of so many notes, and the model's size as text. The notes must fit the context."""
    start = sum(weights.sizes)
    with tempfile.TemporaryDirectory() as folder:
        how_large = _build(Path(folder), start)
        model = onnxruntime_genai.Model(f"{folder}/genai")

    def generate(tokens: int) -> int:
        params = onnxruntime_genai.GeneratorParams(model)
        length = 1 + tokens
        params.set_search_options(do_sample=True, top_k=0, temperature=1.0, max_length=length, min_length=length)
        generator = onnxruntime_genai.Generator(model, params)
        generator.append_tokens([start])
        made = 0
        while not generator.is_done():
            generator.generate_next_token()
            made += 1
        return made

    return making(notes, generate), f"{how_large}, int8"


def _build(folder: Path, start: int) -> str:
    """Write a model for genai, and return its size as text."""
    torch.manual_seed(0)
    config = LlamaConfig(
        vocab_size=start + 1,
        hidden_size=WIDTH,
        num_hidden_layers=LAYERS,
        num_attention_heads=HEADS,
        num_key_value_heads=HEADS,
        intermediate_size=_INNER,
        max_position_embeddings=CONTEXT,
        bos_token_id=start,
        eos_token_id=start,  # there has to be one; min_length forbids it
    )
    model = LlamaForCausalLM(config)
    words = Tokenizer(models.WordLevel({str(number): number for number in range(start + 1)}, unk_token="0"))
    with contextlib.redirect_stderr(io.StringIO()):
        model.save_pretrained(folder)
        wrapped = PreTrainedTokenizerFast(tokenizer_object=words, bos_token=str(start), eos_token=str(start))
        wrapped.save_pretrained(folder)
    builder = [sys.executable, "-m", "onnxruntime_genai.models.builder", "-m", str(folder), "-i", str(folder)]
    target = ["-o", f"{folder}/genai", "-p", "int8", "-e", "cpu", "-c", f"{folder}/cache"]
    subprocess.run([*builder, *target], check=True, capture_output=True, env=os.environ | {"HF_HUB_OFFLINE": "1"})
    path = folder / "genai" / "genai_config.json"
    settings = json.loads(path.read_text(encoding="utf-8"))
    settings["model"]["decoder"]["session_options"] |= {"intra_op_num_threads": 1, "inter_op_num_threads": 1}
    path.write_text(json.dumps(settings), encoding="utf-8")
    return size(model)
