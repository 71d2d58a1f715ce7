#!/usr/bin/python3
"""train.py [PART…]: what a user waits for, from a table to a model and from a model to answers.

    peer      vae_train beside COPY + pandas + PyTorch + write back: BRFSS, 253,680 people, 22 columns
    workers   the same training with none and with one parallel worker, and with two
    reading   cells a second of the two passes over the table, beside COPY … TO STDOUT
    growth    rows 10^4 to 10^7, 40 columns, at 64 MB of maintenance_work_mem; takes ten minutes
    using     vae_anomaly, vae_embed, vae_advise: rows a second, and one call's latency

Programs that are compared take turns; a figure is the median of ROUNDS (5) turns. Prints Markdown.
PyTorch runs with each of THREADS ("1 2") threads, vae_train with as many processes. Two threads want
a quiet machine: where something else runs, they wait for each other at every operation. Where CPU
time is given, it is of one process: on a busy machine read that.
BRFSS is looked for at ../shared/data, and the parts that need it are skipped where it is absent.
"""
import gzip
import os
import re
import statistics
import subprocess
import sys
import threading
import time

import psycopg2

TOP = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
BRFSS = os.path.join(TOP, "..", "shared", "data", "brfss_diabetes.csv.gz")
ROUNDS = int(os.environ.get("ROUNDS", 5))
THREADS = [int(n) for n in os.environ.get("THREADS", "1 2").split()]
EPOCHS = 10
DEFAULTS, DEFAULT_EPOCHS = (128, 14, 512), 30  # what core/recipe.c chooses for BRFSS
EXPONENTS = (4, 5, 6, 7)  # of the rows of `growth`
NETWORKS = [(64, 8, 128), (128, 16, 256), (256, 16, 512)]  # hidden, latent, batch


class Server:
    """One session, and what its processes take."""

    def __init__(self):
        self.connection = psycopg2.connect("")
        self.connection.autocommit = True
        self.cursor = self.connection.cursor()
        self.pid = self.one("SELECT pg_backend_pid()")

    def run(self, sql, *values):
        self.cursor.execute(sql, values or None)

    def one(self, sql, *values):
        self.run(sql, *values)
        return self.cursor.fetchone()[0]

    def seconds(self, sql, *values):
        start = time.perf_counter()
        self.run(sql, *values)
        return time.perf_counter() - start

    def cpu(self):
        """CPU seconds of the session's process so far."""
        with open(f"/proc/{self.pid}/stat") as f:
            user, system = f.read().split()[13:15]
        return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")

    def both(self, sql):
        """Seconds by the wall clock and of the session's process."""
        before = self.cpu()
        return self.seconds(sql), self.cpu() - before

    def close(self):
        self.connection.close()


def own_bytes(pid):
    """A process's memory that is no shared buffer, and its shared memory that is not the server's."""
    with open(f"/proc/{pid}/status") as f:
        return int(re.search(r"^RssAnon:\s+(\d+) kB", f.read(), re.M).group(1)) * 1024


def children(parent):
    with open(f"/proc/{parent}/task/{parent}/children") as f:
        return f.read().split()


class Peak(threading.Thread):
    """The most that a backend and its parallel workers have at once: private memory, and segments of
    shared memory that they made."""

    def __init__(self, pid):
        super().__init__(daemon=True)
        self.pid, self.bytes, self.over = pid, 0, False
        with open(f"/proc/{pid}/stat") as f:
            self.postmaster = f.read().split()[3]

    def now(self):
        total = own_bytes(self.pid)
        for child in children(self.postmaster):
            try:
                with open(f"/proc/{child}/cmdline") as f:
                    if f"parallel worker for PID {self.pid}" in f.read():
                        total += own_bytes(child)
            except OSError:
                pass  # it has just ended
        with open(f"/proc/{self.pid}/smaps") as f:
            for segment in re.findall(r"/dev/shm/PostgreSQL\.\S+\nSize:.*\n(?:.*\n)*?Rss:\s+(\d+)", f.read()):
                total += int(segment) * 1024
        return total

    def run(self):
        while not self.over:
            try:
                self.bytes = max(self.bytes, self.now())
            except OSError:
                return  # the session is over
            time.sleep(0.02)

    def end(self):
        self.over = True
        self.join()
        return self.bytes


def table(*header):
    print("\n| " + " | ".join(header) + " |\n|" + " --- |" * len(header))


def row(*cells):
    print("| " + " | ".join(str(c) for c in cells) + " |", flush=True)


def load_brfss(server):
    with gzip.open(BRFSS, "rt") as f:
        columns = f.readline().strip().split(",")
        server.run("CREATE TABLE brfss (%s)" % ", ".join(f"{c} smallint NOT NULL" for c in columns))
        server.cursor.copy_expert("COPY brfss FROM STDIN (FORMAT csv)", f)
    server.run("VACUUM ANALYZE brfss")
    return server.one("SELECT count(*) FROM brfss"), len(columns)


def vae_train(hidden, latent, batch, epochs=EPOCHS, source="brfss"):
    return (f"SELECT seconds FROM vae_train('{source}', model => 'bench', architecture => 'seed',"
            f" hidden => '{{{hidden},{hidden}}}', latent => {latent}, batch_size => {batch}, epochs => {epochs})")


def run_torch(network, threads, core, epochs=EPOCHS):
    """Seconds of reading, training, all, imports; peak bytes; CPU seconds of all but the imports."""
    answer = subprocess.run(
        [sys.executable, os.path.join(TOP, "test/bench/torch_train.py"), "brfss", *map(str, network), str(epochs),
         str(threads)],
        env={**os.environ, "OPENBLAS_CORETYPE": core, "OPENBLAS_NUM_THREADS": str(threads),
             "OMP_NUM_THREADS": str(threads)}, capture_output=True, text=True, check=True)
    return [float(x) for x in answer.stdout.split()]


def run_ours(sql, processes):
    """Seconds, peak bytes, CPU seconds of the leader."""
    server = Server()
    server.run("SET client_min_messages = warning")
    server.run(f"SET max_parallel_maintenance_workers = {processes - 1}")
    peak = Peak(server.pid)
    peak.start()
    seconds, cpu = server.both(sql)
    bytes_taken = peak.end()
    server.close()
    return seconds, bytes_taken, cpu


def check_defaults():
    """DEFAULTS are what vae_train chose last."""
    server = Server()
    server.run("SELECT i -> 'hidden', i -> 'latent', (i -> 'epochs')::int FROM (SELECT vae_info(model) AS i"
               " FROM hadvice.models WHERE name = 'bench' ORDER BY version DESC LIMIT 1) AS x")
    hidden, latent, epochs = server.cursor.fetchone()
    server.close()
    if (hidden, latent, epochs) != ([DEFAULTS[0]] * 2, [DEFAULTS[1]], DEFAULT_EPOCHS):
        print(f"\nThe defaults are now {hidden}, {latent}, {epochs} epochs: PyTorch had others.")


def peer(rows, columns, core):
    print(f"\n## vae_train beside PyTorch: {rows:,} rows, {columns} columns, {EPOCHS} epochs\n")
    print("From the table to the stored model. PyTorch's time is without its imports, which take seconds more; "
          f"it has the same OpenBLAS kernels.\nThe last lines are vae_train('brfss') with nothing chosen but, in the "
          f"first of them, the\narchitecture: PyTorch has the same sizes and {DEFAULT_EPOCHS} epochs. Its network is "
          "always the seed's; the defaults'\nhas more to do: the mask as input, a likelihood for each kind of column, "
          "a fifth of the cells hidden.")
    table("network", "processes, threads", "vae_train s", "CPU s", "MB", "PyTorch s", "CPU s", "of that reading",
          "imports s", "MB", "ratio", "by CPU", "memory")
    lines = [("H=%d L=%d B=%d" % network, vae_train(*network), network, EPOCHS, ROUNDS) for network in NETWORKS]
    for name, option in [("the seed's, else defaults", ", architecture => 'seed'"), ("defaults", "")]:
        lines.append((f"{name}: H=%d L=%d B=%d" % DEFAULTS, f"SELECT FROM vae_train('brfss', model => 'bench'{option})",
                      DEFAULTS, DEFAULT_EPOCHS, min(ROUNDS, 3)))
    for name, sql, network, epochs, rounds in lines:
        ours, torch = {n: [] for n in THREADS}, {n: [] for n in THREADS}
        for _ in range(rounds):
            for n in THREADS:
                ours[n].append(run_ours(sql, n))
                torch[n].append(run_torch(network, n, core, epochs))
        for n in THREADS:
            reading, _, total, imports, memory, torch_cpu = (statistics.median(column) for column in zip(*torch[n]))
            seconds, own, cpu = (statistics.median(column) for column in zip(*ours[n]))
            row(name, n, f"{seconds:.2f}", f"{cpu:.2f}", f"{own / 1e6:.0f}", f"{total:.2f}", f"{torch_cpu:.2f}",
                f"{reading:.2f}", f"{imports:.1f}", f"{memory / 1e6:.0f}", f"{total / seconds:.1f}",
                f"{torch_cpu / cpu:.1f}" if n == 1 else "", f"1/{memory / own:.1f}")
    check_defaults()


def epochs_seconds(server, few, many, **options):
    """Seconds of one epoch, and of what is done once: reading, statistics, writing."""
    short = [server.seconds(vae_train(epochs=few, **options)) for _ in range(ROUNDS)]
    long = [server.seconds(vae_train(epochs=many, **options)) for _ in range(ROUNDS)]
    epoch = (statistics.median(long) - statistics.median(short)) / (many - few)
    return epoch, statistics.median(short) - few * epoch


def workers():
    print("\n## Workers: seconds of one epoch, B >= 256\n")
    table("network", "none", "one worker", "faster")
    for hidden, latent, batch in [(128, 16, 256), (256, 16, 512), (512, 32, 1024)]:
        epoch = []
        for count in (0, 1):
            server = Server()
            server.run("SET client_min_messages = warning")
            server.run("SET maintenance_work_mem = '256MB'")  # workers take memory, and are done without first
            server.run(f"SET max_parallel_maintenance_workers = {count}")
            epoch.append(epochs_seconds(server, 1, 5, hidden=hidden, latent=latent, batch=batch)[0])
            server.close()
        row(f"H={hidden} L={latent} B={batch}", f"{epoch[0]:.3f}", f"{epoch[1]:.3f}", f"{epoch[0] / epoch[1]:.2f}")


def reading(rows, columns):
    print("\n## Reading")
    server = Server()
    server.run("SET client_min_messages = warning")
    server.run("SET max_parallel_maintenance_workers = 0")
    copy, both = [], []
    for _ in range(ROUNDS):
        start = time.perf_counter()
        with open(os.devnull, "w") as null:
            server.cursor.copy_expert("COPY brfss TO STDOUT", null)
        copy.append(time.perf_counter() - start)
        both.append(server.seconds("SELECT count(*) FROM vae_profile('brfss')"))
    once = epochs_seconds(server, 1, 5, hidden=32, latent=4, batch=512)[1]
    cells = rows * columns
    table("what", "seconds", "million cells/s")
    row("COPY brfss TO STDOUT", f"{statistics.median(copy):.3f}", f"{cells / statistics.median(copy) / 1e6:.1f}")
    row("vae_profile: scan, deform, statistics", f"{statistics.median(both):.3f}",
        f"{cells / statistics.median(both) / 1e6:.1f}")
    row("vae_train without its epochs: statistics, then scan, deform, encode", f"{once:.3f}",
        f"{2 * cells / once / 1e6:.1f}")
    server.close()


def growth():
    print("\n## Growth: 40 columns, H=64 L=8 B=512, maintenance_work_mem = 64 MB, no workers\n")
    print(f"{DEFAULT_EPOCHS} epochs are what a table of 100,000 rows or more gets by default. What is measured on a "
          "sample at the end of a\ntraining takes the same time whatever the size: beside one epoch of 10^5 rows it "
          "is more than the epoch.")
    table("rows", "table MB", "epochs", "seconds", "CPU s", "CPU µs a row", "against 10^5", "peak MB")
    first = {}
    for exponent in EXPONENTS:
        n = 10 ** exponent
        server = Server()
        server.run("SET client_min_messages = warning")
        server.run("SET maintenance_work_mem = '64MB'")
        server.run("SET max_parallel_maintenance_workers = 0")
        columns = ", ".join(f"((hashint4(i * {k}) % 1000) / 1000.0 + sin(i * 0.{k}))::real AS c{k}" for k in range(1, 41))
        server.run(f"CREATE TABLE many AS SELECT {columns} FROM generate_series(1, {n}::bigint) AS g (j), "
                   "LATERAL (SELECT (j % 50000000)::int AS i) AS k")
        server.run("VACUUM ANALYZE many")
        size = server.one("SELECT pg_relation_size('many')")
        for epochs in (1, DEFAULT_EPOCHS):
            peak = Peak(server.pid)
            peak.start()
            times = ROUNDS if n * epochs < 10 ** 7 else 1
            rounds = [server.both(vae_train(64, 8, 512, epochs, "many")) for _ in range(times)]
            seconds, cpu = (statistics.median(column) for column in zip(*rounds))
            if exponent == 5:
                first[epochs] = cpu / n
            row(f"{n:,}", f"{size / 1e6:.0f}", epochs, f"{seconds:.2f}", f"{cpu:.2f}", f"{cpu / n * 1e6:.2f}",
                f"{cpu / n / first[epochs]:.2f}" if epochs in first else "", f"{peak.end() / 1e6:.0f}")
        server.run("DROP TABLE many")
        server.close()


def latency(server, sql, keys):
    times = []
    for key in keys:
        times.append(server.seconds(sql, key))
        server.cursor.fetchall()
    times.sort()
    return times[len(times) // 2], times[int(len(times) * 0.95)]


def using():
    print("\n## Using the model of the demo's people")
    server = Server()
    server.run("SET client_min_messages = warning")
    subprocess.run(["psql", "-X", "-q", "-v", "ON_ERROR_STOP=1", "-f", "demo/load.sql"], cwd=TOP, check=True)
    server.run("SET max_parallel_workers_per_gather = 0")
    server.run("SELECT FROM vae_train('health_records')")
    server.run("SELECT FROM vae_train('health_records', model => 'joint128', architecture => 'joint', hidden => '{128,128}')")
    n = server.one("SELECT count(*) FROM health_records")
    table("what", "rows/s", "rows a CPU second")
    for name, call in [("vae_anomaly, defaults (three blocks)", "vae_anomaly(t)"),
                       ("vae_anomaly, joint, H=128", "vae_anomaly(t, 'joint128')"),
                       ("vae_embed", "vae_embed(t)"), ("vae_log_likelihood, 100 samples", "vae_log_likelihood(t)"),
                       ("vae_impute", "vae_impute(t)")]:
        some = 300 if "likelihood" in call or "impute" in call else n
        times = 5 if some == n else 1  # the clock of CPU time has ticks of a hundredth
        sql = (f"SELECT count({call}) FROM health_records t, generate_series(1, {times}) WHERE respondent_id IN "
               f"(SELECT respondent_id FROM health_records LIMIT {some})")
        some *= times
        server.run(sql)
        seconds, cpu = (statistics.median(column) for column in zip(*(server.both(sql) for _ in range(ROUNDS))))
        row(name, f"{some / seconds:,.0f}", f"{some / max(cpu, 0.01):,.0f}")
    sql = "SELECT count(*) FROM health_records t, vae_advise(t)"
    server.run(sql)
    seconds, cpu = server.both(sql)
    row("vae_advise, three actions", f"{n / seconds:,.0f}", f"{n / cpu:,.0f}")
    server.run("SELECT respondent_id FROM health_records ORDER BY respondent_id LIMIT 300")
    keys = [r[0] for r in server.cursor.fetchall()]
    table("one call, in a session that has made one", "p50 ms", "p95 ms")
    for name in ("vae_advise", "vae_anomaly"):
        p50, p95 = latency(server, f"SELECT * FROM health_records t, {name}(t) WHERE respondent_id = %s", keys)
        row(name, f"{p50 * 1e3:.2f}", f"{p95 * 1e3:.2f}")
    server.close()
    fresh = []
    for _ in range(ROUNDS):
        server = Server()
        fresh.append(server.seconds("SELECT * FROM health_records t, vae_advise(t) WHERE respondent_id = %s", keys[0]))
        server.close()
    row("vae_advise, the first of a session", f"{statistics.median(fresh) * 1e3:.1f}", "")


def main():
    parts = sys.argv[1:] or ["peer", "workers", "reading", "growth", "using"]
    server = Server()
    server.run("CREATE EXTENSION hadvice")
    version = server.one("SELECT vae_version()")
    print(f"# Training and using, inside the server\n\nKernels {version['kernels']}, {os.cpu_count()} processors, "
          f"load average {os.getloadavg()[0]:.1f}, medians of {ROUNDS}.")
    rows = columns = None
    if not os.path.exists(BRFSS):
        print("\nskipped: peer, workers and reading (no brfss_diabetes.csv.gz)")
        parts = [p for p in parts if p in ("growth", "using")]
    elif set(parts) & {"peer", "workers", "reading"}:
        rows, columns = load_brfss(server)
    server.close()
    try:
        import torch  # noqa: F401
    except ImportError:
        print("\nskipped: peer (python3-torch is not installed; script/deps bench installs it)")
        parts = [p for p in parts if p != "peer"]
    for part in parts:
        if part == "peer":
            peer(rows, columns, version["kernels"])
        elif part == "reading":
            reading(rows, columns)
        else:
            globals()[part]()


main()
