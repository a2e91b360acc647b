"""Errors for packages that only an extra of longplay installs."""

from longplay._core import Error


def missing_extra(package: str, extra: str) -> Error:
    """Return the error for a package that is not installed.

    Parameters
    ----------
    package : str
        Name of the package, as users know it.
    extra : str
        Extra of longplay that installs the package.

    Examples
    --------
    >>> try:
    ...     import matplotlib
    ... except ModuleNotFoundError:
    ...     raise missing_extra("matplotlib", "plot") from None
    """
    return Error(f"{package} is not installed. To fix this, run: pip install 'longplay[{extra}]'")
