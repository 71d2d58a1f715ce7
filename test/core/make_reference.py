#!/usr/bin/python3
"""Writes test/data/seed_reference.h: what PyTorch makes of the seed's network.

The plain beta-VAE of architecture 'seed', from torch.nn (package python3-torch), in float64:
10 inputs in [0, 1] (the last two are 0 or 1), hidden 16, 12, latent 3, decoder hidden 12, 16,
sigmoid outputs, loss = mean over 32 rows of (binary cross-entropy summed over the inputs + KL).
Ten steps of torch.optim.Adam with its defaults on the same rows, each with its own noise.

All inputs (weights, rows, noise) are rounded to the 9 digits that are written before anything is
computed, so the C core gets exactly the same ones. The rows follow two hidden factors: random rows
would leave nothing to learn.

Run: /usr/bin/python3 test/core/make_reference.py     (same file every time; torch 1.13)
"""
import os

import torch
from torch import nn

INPUTS, HIDDEN, LATENT, ROWS, STEPS, LR = 10, (16, 12), 3, 32, 10, 1e-3
TARGET = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "data", "seed_reference.h")


def rounded(tensor):
    """Each number as its 9-digit decimal reads."""
    flat = [float("%.9g" % value) for value in tensor.detach().reshape(-1).tolist()]
    return torch.tensor(flat, dtype=torch.float64).reshape(tensor.shape)


class Vae(nn.Module):
    def __init__(self):
        super().__init__()
        a, b = HIDDEN
        self.encoder = nn.ModuleList([nn.Linear(INPUTS, a), nn.Linear(a, b)])
        self.code = nn.Linear(b, 2 * LATENT)
        self.decoder = nn.ModuleList([nn.Linear(LATENT, b), nn.Linear(b, a)])
        self.output = nn.Linear(a, INPUTS)

    def loss(self, x, noise):
        h = x
        for layer in self.encoder:
            h = torch.relu(layer(h))
        mu, logvar = self.code(h).chunk(2, dim=1)
        h = mu + torch.exp(0.5 * logvar) * noise
        for layer in self.decoder:
            h = torch.relu(layer(h))
        probability = torch.sigmoid(self.output(h))
        bce = nn.functional.binary_cross_entropy(probability, x, reduction="sum")
        kl = 0.5 * torch.sum(mu**2 + torch.exp(logvar) - 1 - logvar)
        return (bce + kl) / len(x)


def make_rows():
    factors = torch.randn(ROWS, 2)
    x = torch.sigmoid(factors @ torch.randn(2, INPUTS) * 1.5 + 0.3 * torch.randn(ROWS, INPUTS))
    low, high = x.min(dim=0).values, x.max(dim=0).values
    x = (x - low) / (high - low)
    x[:, 8:] = (x[:, 8:] > 0.5).double()
    return x


def flat(tensors):
    return [value for tensor in tensors for value in tensor.detach().reshape(-1).tolist()]


def write_array(out, comment, name, values):
    out.write("\n/* %s */\nstatic const double %s[%d] = {" % (comment, name, len(values)))
    for i, value in enumerate(values):
        out.write("%s%.9g," % ("\n\t" if i % 8 == 0 else " ", value))
    out.write("\n};\n")


def main():
    torch.manual_seed(20240601)
    torch.set_default_dtype(torch.float64)
    torch.set_num_threads(1)
    vae = Vae()
    with torch.no_grad():
        for parameter in vae.parameters():
            parameter.copy_(rounded(parameter))
    x = rounded(make_rows())
    noise = rounded(torch.randn(STEPS, ROWS, LATENT))

    optimiser = torch.optim.Adam(vae.parameters(), lr=LR)
    initial, gradient, losses = flat(vae.parameters()), None, []
    for step in range(STEPS):
        optimiser.zero_grad()
        loss = vae.loss(x, noise[step])
        loss.backward()
        if step == 0:
            gradient = flat(parameter.grad for parameter in vae.parameters())
        optimiser.step()
        losses.append(loss.item())

    with open(TARGET, "w") as out:
        out.write("/*\n"
                  " * seed_reference.h: written by test/core/make_reference.py with PyTorch %s.\n"
                  " *\n * Parameters in the order of vae.h: weights as out x in, row by row.\n */\n"
                  % torch.__version__)
        out.write("#define REFERENCE_PARAMETERS %d\n\n" % len(initial))
        out.write("/* name (of vae.h, without its block) and size of each tensor */\n")
        out.write("static const struct\n{\n\tconst char *name;\n\tsize_t size;\n"
                  "} reference_tensors[] = {\n")
        for name, parameter in vae.named_parameters():
            out.write('\t{"%s", %d},\n' % (name, parameter.numel()))
        out.write("};\n")
        write_array(out, "the rows, 32 x 10", "reference_x", flat([x]))
        write_array(out, "the noise of ten steps, each 32 x 3", "reference_noise", flat([noise]))
        write_array(out, "parameters before the first step", "reference_initial", initial)
        write_array(out, "their gradient at the first step", "reference_gradient", gradient)
        write_array(out, "parameters after the tenth", "reference_final", flat(vae.parameters()))
        write_array(out, "loss at each step", "reference_loss", losses)


main()
