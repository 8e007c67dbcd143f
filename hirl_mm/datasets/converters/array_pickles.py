import io
import pickle
import re

from hirl_mm.files.pickled_arrays import array_globals

_ARRAYS = array_globals()


class _ArrayUnpickler(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> object:
        found = _ARRAYS.get(f'{module}.{name}')
        if found is None:
            raise pickle.UnpicklingError(
                f'it holds {module}.{name}, which may run code'
            )
        return found


def load_arrays(content: bytes, source: str) -> object:
    """Read a pickle of arrays of numbers, texts, lists and dictionaries.

    A pickle may run any code when it is read. This reads no other objects,
    so that it need not be trusted.

    Args:
        content: The pickle, of Python 2 or 3.
        source: Name of the file, for errors.

    Returns:
        The object. Texts of Python 2 are bytes.

    Raises:
        ValueError: If the content is cut off, no pickle, or holds anything
            else.

    Example:
        >>> load_arrays(pickle.dumps({b'labels': [3, 1]}), 'train')
        {b'labels': [3, 1]}
    """
    try:
        return _ArrayUnpickler(io.BytesIO(content), encoding='bytes').load()
    except Exception as error:  # Broken pickles raise errors of many types.
        what = re.sub(r'\s+', ' ', f'{error}') or type(error).__name__
        raise ValueError(
            f'{source} is no pickle of arrays, or is cut off ({what}): '
            'download the data set again'
        ) from error
