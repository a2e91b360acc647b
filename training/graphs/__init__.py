"""ONNX graphs of a `NoteModel`, node by node: docs/model-contract.md tells what they have to be."""
