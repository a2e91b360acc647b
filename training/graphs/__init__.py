"""Build the ONNX graphs of a `NoteModel` that docs/model-contract.md specifies."""
