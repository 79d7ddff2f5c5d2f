"""Model providers and embeddings. The matrix library is told to use one thread: processes are our parallelism."""

import os

# Read when numpy is first imported; a second process on the same cores would otherwise fight with this one's threads.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
