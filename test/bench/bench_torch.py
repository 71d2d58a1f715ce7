"""bench_torch.py: the other side of the comparison: the same network in PyTorch.

    bench_torch.py COLUMNS HIDDEN LATENT BATCH THREADS

A training loop of the usual kind, data in memory. Orders on stdin, as bench_core.c takes them:
"train SECONDS" prints rows/s by the wall clock and by CPU time, "memory" the peak resident bytes.
PyTorch's own threads are set here; those of its BLAS by whoever starts it (OPENBLAS_NUM_THREADS).
"""
import resource
import sys
import time

import torch
from torch import nn
from torch.nn import functional as F

RECORDS = 20000


class Vae(nn.Module):
    def __init__(self, columns, hidden, latent):
        super().__init__()
        self.encoder = nn.Sequential(
            nn.Linear(columns, hidden), nn.ReLU(), nn.Linear(hidden, hidden), nn.ReLU())
        self.mu = nn.Linear(hidden, latent)
        self.logvar = nn.Linear(hidden, latent)
        self.decoder = nn.Sequential(
            nn.Linear(latent, hidden), nn.ReLU(), nn.Linear(hidden, hidden), nn.ReLU(),
            nn.Linear(hidden, columns), nn.Sigmoid())

    def forward(self, x):
        h = self.encoder(x)
        mu, logvar = self.mu(h), self.logvar(h)
        z = mu + torch.randn_like(mu) * torch.exp(0.5 * logvar)
        return self.decoder(z), mu, logvar


def batches(x, size):
    """Minibatches for ever, shuffled anew each epoch."""
    while True:
        order = torch.randperm(len(x))
        for first in range(0, len(x) - size + 1, size):
            yield x[order[first:first + size]]


def elbo_loss(model, x):
    reconstruction, mu, logvar = model(x)
    bce = F.binary_cross_entropy(reconstruction, x, reduction="sum")
    kl = -0.5 * torch.sum(1 + logvar - mu.pow(2) - logvar.exp())
    return (bce + kl) / len(x)


def step(model, optimizer, x):
    optimizer.zero_grad()
    loss = elbo_loss(model, x)
    loss.backward()
    optimizer.step()
    return loss.item()


def train_rate(model, optimizer, data, seconds):
    rows, start, cpu = 0, time.perf_counter(), time.process_time()
    while True:
        x = next(data)
        step(model, optimizer, x)
        rows += len(x)
        elapsed = time.perf_counter() - start
        if elapsed >= seconds:
            return rows / elapsed, rows / (time.process_time() - cpu)


def main():
    columns, hidden, latent, size, threads = map(int, sys.argv[1:6])
    torch.set_num_threads(threads)
    torch.manual_seed(1)
    model = Vae(columns, hidden, latent)
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
    data = batches(torch.rand(RECORDS, columns), size)
    step(model, optimizer, next(data))
    for line in sys.stdin:
        order = line.split()
        if order[0] == "train":
            print(*train_rate(model, optimizer, data, float(order[1])), flush=True)
        else:
            print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024, flush=True)


if __name__ == "__main__":
    main()
