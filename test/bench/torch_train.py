"""torch_train.py TABLE HIDDEN LATENT BATCH EPOCHS THREADS: the user's other way, from and to the database.

COPY out through psycopg2, read by pandas, scaled to 0..1, the same network as architecture 'seed'
trained in PyTorch by a loop of the usual kind (one tenth of the rows held out and judged after each
epoch, as vae_train does), the weights written back as bytea into the table torch_models.
Prints one line: seconds of reading, of training, of all without the imports, of the imports, the peak
resident bytes, and CPU seconds of all without the imports.
"""
import io
import os
import resource
import sys
import time

start = time.perf_counter()
import numpy as np  # noqa: E402
import pandas as pd  # noqa: E402
import psycopg2  # noqa: E402
import torch  # noqa: E402

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from bench_torch import Vae, elbo_loss, step  # noqa: E402


def read(connection, table):
    text = io.StringIO()
    with connection.cursor() as cursor:
        cursor.copy_expert(f"COPY {table} TO STDOUT (FORMAT csv, HEADER)", text)
    text.seek(0)
    x = pd.read_csv(text).to_numpy(np.float32)
    low, high = x.min(0), x.max(0)
    return torch.from_numpy((x - low) / np.maximum(high - low, 1e-9))


def epoch(model, optimizer, x, size):
    order = torch.randperm(len(x))
    for first in range(0, len(x), size):
        step(model, optimizer, x[order[first:first + size]])


def judge(model, x, size):
    with torch.no_grad():
        return sum(elbo_loss(model, x[i:i + size]).item() * len(x[i:i + size])
                   for i in range(0, len(x), size)) / len(x)


def main():
    table = sys.argv[1]
    hidden, latent, size, epochs, threads = map(int, sys.argv[2:])
    torch.set_num_threads(threads)
    torch.manual_seed(1)
    imported, cpu = time.perf_counter(), time.process_time()
    connection = psycopg2.connect("")
    x = read(connection, table)
    held, x = x[:len(x) // 10], x[len(x) // 10:]
    done_reading = time.perf_counter()
    model = Vae(x.shape[1], hidden, latent)
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
    for _ in range(epochs):
        epoch(model, optimizer, x, size)
        loss = judge(model, held[:20000], 4096)
    done_training = time.perf_counter()
    weights = io.BytesIO()
    torch.save(model.state_dict(), weights)
    with connection, connection.cursor() as cursor:
        cursor.execute("CREATE TABLE IF NOT EXISTS torch_models (name text, loss float8, model bytea)")
        cursor.execute("INSERT INTO torch_models VALUES (%s, %s, %s)", (table, loss, weights.getvalue()))
    end = time.perf_counter()
    print(done_reading - imported, done_training - done_reading, end - imported, imported - start,
          resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024, time.process_time() - cpu)


main()
