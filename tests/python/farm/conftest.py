"""Fixtures of the farm's tests."""

import pytest
import tiny_model

import longplay


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    return tiny_model.build(tmp_path_factory.mktemp("tiny"), soft=True)


@pytest.fixture(scope="module")
def engine(model):
    return longplay.Engine(model, num_threads=2)
