"""advice_peers_vae.py: REVISE and C-CHVAE, counterfactuals by search in the latent space of a VAE.

The space is that of a conditional VAE of the actions a given the context c (what cannot be changed, with
a mask of what is known), in PyTorch, on the training rows; f is a network for the five risks given (a, c)
on the same rows; for BMI it does not see the weight. A person's f is the mean over the goals. It counts
as flipped when it is as low as the median, over the same goals, of training people who meet them.

  revise   Joshi et al. 2019: from the posterior mean, Adam on z (rate .1) against
           -log(1 - f(decode z)) + .5 |decode z - a|, columns scaled 0 to 1, until f is flipped, at most
           500 steps; else the z with the lowest f
  cchvae   Pawelczyk et al. 2020: 100 points in a shell of L1 radius r to r + .1 around the posterior
           mean, r growing from 0 until some decode to a flipped f: the nearest of them to a; nothing is
           advised where no shell up to 20 has one

What is wanted of a person is decode(z), as published.
"""

import numpy as np
import torch
from torch import nn

from advice_judge import ACTIONS, HIDDEN, out_of_range

NAMES = list(ACTIONS)
LATENT, HIDDEN_UNITS, EPOCHS, BATCH = 8, 128, 60, 128
BETA = 0.1  # of KL: with 1 the context leaves two of the latents in use, and both searches find half as much
WEIGHT = NAMES.index("weight_kg")
BMI = 2


class Scale:
    """Numbers to standard units and back, log1p where that is less skewed; clipped at 4 sd."""

    def __init__(self, values):
        v = values[~np.isnan(values)]
        skew = abs(np.mean((v - v.mean()) ** 3)) / v.std() ** 3
        self.log = v.min() >= 0 and skew > 1
        t = np.log1p(v) if self.log else v
        self.mean, self.sd = t.mean(), t.std()
        self.low, self.high = v.min(), v.max()
        self.unit = self.sd / (t.max() - t.min())  # of a standard unit on the scale 0 to 1

    def forth(self, v):
        t = np.log1p(np.maximum(v, 0)) if self.log else v
        return np.clip((t - self.mean) / self.sd, -4, 4)

    def back(self, t):
        v = t * self.sd + self.mean
        return np.clip(np.expm1(v) if self.log else v, self.low, self.high)


def layers(*sizes):
    parts = [part for a, b in zip(sizes, sizes[1:]) for part in (nn.Linear(a, b), nn.ReLU())]
    return nn.Sequential(*parts[:-1])


class Vae(nn.Module):
    def __init__(self, actions, context):
        super().__init__()
        self.encoder = layers(2 * actions + context, HIDDEN_UNITS, HIDDEN_UNITS, 2 * LATENT)
        self.decoder = layers(LATENT + context, HIDDEN_UNITS, HIDDEN_UNITS, actions)
        self.log_variance = nn.Parameter(torch.zeros(actions))

    def posterior(self, a, m, c):
        mean, log_variance = self.encoder(torch.cat([a, m, c], 1)).chunk(2, 1)
        return mean, log_variance.clamp(-8, 6)

    def decode(self, z, c):
        return self.decoder(torch.cat([z, c], -1))

    def loss(self, a, m, c):
        mean, lv = self.posterior(a, m, c)
        z = mean + torch.randn_like(mean) * (lv / 2).exp()
        s = self.log_variance.clamp(-7, 2)
        nll = 0.5 * (((a - self.decode(z, c)) ** 2 * (-s).exp() + s) * m).sum(1)
        kl = 0.5 * (mean ** 2 + lv.exp() - 1 - lv).sum(1)
        return (nll + BETA * kl).mean()


class Risks(nn.Module):
    """Logits of the five risks; that of BMI from a network of its own which is not shown the weight."""

    def __init__(self, actions, context):
        super().__init__()
        self.all, self.bmi = (layers(2 * actions + context, 64, 64, n) for n in (5, 1))
        self.seen = torch.ones(actions)
        self.seen[WEIGHT] = 0

    def forward(self, a, m, c):
        out = self.all(torch.cat([a, m, c], -1))
        bmi = self.bmi(torch.cat([a * self.seen, m * self.seen, c], -1))
        return torch.cat([out[..., :BMI], bmi, out[..., BMI + 1:]], -1)


def train(model, loss, rows, decay=0.0, epochs=EPOCHS):
    """Adam on 90 % of the rows; the epoch that is best on the others is kept."""
    order = torch.randperm(rows)
    held, rest = order[:rows // 10], order[rows // 10:]
    adam = torch.optim.AdamW(model.parameters(), lr=1e-3, weight_decay=decay)
    best, kept = np.inf, None
    for _ in range(epochs):
        for batch in rest[torch.randperm(len(rest))].split(BATCH):
            adam.zero_grad()
            loss(batch).backward()
            adam.step()
        with torch.no_grad():
            now = float(loss(held))
        if now < best:
            best, kept = now, {k: v.clone() for k, v in model.state_dict().items()}
    model.load_state_dict(kept)


class Space:
    def __init__(self, real, words):
        torch.manual_seed(0)
        self.scales = [Scale(real[f]) for f in NAMES]
        self.numbers = {c: Scale(v) for c, v in real.items()
                        if v.dtype != object and c not in HIDDEN and c not in ACTIONS}
        self.words = words
        a, m, c = self.tensors(real)
        y = torch.tensor(out_of_range(real), dtype=torch.float32)
        self.vae, self.risks = Vae(a.shape[1], c.shape[1]), Risks(a.shape[1], c.shape[1])
        train(self.vae, lambda b: self.vae.loss(a[b], m[b], c[b]), len(a))
        known, y0 = (~y.isnan()).float(), y.nan_to_num()
        bce = nn.BCEWithLogitsLoss(reduction="none")
        train(self.risks, lambda b: (bce(self.risks(a[b], m[b], c[b]), y0[b]) * known[b]).mean(), len(a), 1e-2, 20)
        for p in [*self.vae.parameters(), *self.risks.parameters()]:
            p.requires_grad_(False)
        risk = self.risks(a, m, c).sigmoid()
        self.usual = torch.stack([risk[y[:, g] == 0, g].median() for g in range(5)])
        self.unit = torch.tensor([s.unit for s in self.scales], dtype=torch.float32)

    def tensors(self, people):
        """Actions, their mask, and context, of people."""
        a = np.column_stack([s.forth(people[f]) for f, s in zip(NAMES, self.scales)])
        context = []
        for c, scale in self.numbers.items():
            t = scale.forth(people[c])
            context += [np.nan_to_num(t), ~np.isnan(t)]
        for c, levels in self.words.items():
            context += [[v == level for v in people[c]] for level in levels]
        return [torch.tensor(x, dtype=torch.float32) for x in
                (np.nan_to_num(a), ~np.isnan(a), np.array(context, float).T)]

    def start(self, cases):
        a, m, c = self.tensors(cases.people)
        goals = torch.tensor(cases.goals, dtype=torch.float32)
        count = goals.sum(1).clamp(min=1)
        f = lambda x, m, c, g, n: (self.risks(x * m, m, c).sigmoid() * g).sum(-1) / n  # noqa: E731
        return a, m, c, goals, count, f, (self.usual * goals).sum(1) / count, self.vae.posterior(a, m, c)[0]

    def wanted(self, found, asked):
        """In the features' units; nothing of people who are not in `asked`."""
        t = np.where(asked.numpy()[:, None], found.numpy(), np.nan)
        return {f: s.back(t[:, i]) for i, (f, s) in enumerate(zip(NAMES, self.scales))}

    def revise(self, cases, steps=500):
        a, m, c, goals, count, f, usual, z = self.start(cases)
        asked = f(a, m, c, goals, count) > usual
        z = z.clone().requires_grad_()
        adam = torch.optim.Adam([z], lr=0.1)
        best, found, done = torch.full_like(usual, np.inf), a.clone(), ~asked
        for _ in range(steps):
            x = self.vae.decode(z, c)
            risk = f(x, m, c, goals, count)
            with torch.no_grad():
                better = ~done & (risk < best)
                found[better], best[better] = x[better], risk[better]
                done |= risk <= usual
            if done.all():
                break
            adam.zero_grad()
            distance = ((x - a).abs() * m * self.unit).sum(1)
            (-torch.log(1 - risk + 1e-6) + 0.5 * distance)[~done].sum().backward()
            adam.step()
        return self.wanted(found, asked)

    def cchvae(self, cases, points=100, width=0.1, farthest=20):
        torch.manual_seed(1)
        a, m, c, goals, count, f, usual, z = self.start(cases)
        asked = f(a, m, c, goals, count) > usual
        found, pending = a.clone(), torch.nonzero(asked)[:, 0]
        flipped = torch.zeros_like(asked)
        for r in np.arange(0, farthest, width):
            if not len(pending):
                break
            p = pending
            direction = torch.randn(len(p), points, LATENT)
            radius = r + width * torch.rand(len(p), points, 1)
            near = z[p, None] + direction * radius / direction.abs().sum(-1, keepdim=True)
            again = lambda t: t[p, None].expand(-1, points, -1)  # noqa: E731
            x = self.vae.decode(near, again(c))
            good = f(x, again(m), again(c), again(goals), count[p, None]) <= usual[p, None]
            distance = ((x - a[p, None]).abs() * m[p, None] * self.unit).sum(-1).where(good, torch.tensor(np.inf))
            nearest, any_good = distance.argmin(1), good.any(1)
            found[p[any_good]] = x[torch.arange(len(p)), nearest][any_good]
            flipped[p[any_good]] = True
            pending = p[~any_good]
        return self.wanted(found, flipped)
