"""Runs voready-reach on a case, and compares its records with the rows of the truth table."""
import contextlib
import datetime
import json
import os
import pathlib
import shutil
import subprocess
import threading
import time

import lab
import pki
import expect

MEMORY = 48  # MiB, whatever the servers send
SLACK = 1.0  # seconds of wall time beyond the program's own clock: starting, ending, a loaded machine


def is_sanitized():
    """Then neither its memory nor the pace of its start and end are its own."""
    return b"__asan_init" in (lab.BUILD / "voready-reach").read_bytes()


class Secrets:
    """What must not show anywhere."""

    def __init__(self, password, key, wrong, other):
        self.password, self.key, self.wrong, self.other = password, key, wrong, other
        self.p12 = wrong[::-1]
        self.canary = str(int(key, 16))  # is put on a command line, to see that it is found there

    def all(self):
        return [self.password, self.key, self.wrong, self.other, self.p12, self.canary, "PROXYSECRET"]

    def write(self, folder):
        for name, text in (("sip.password", self.password), ("wrong.password", self.wrong), ("other.key", self.other),
                           ("p12.password", self.p12)):
            (folder / name).write_text(text + "\n")
            (folder / name).chmod(0o600)
        lab.run(["openssl", "pkcs12", "-export", "-in", folder / "phone.pem", "-out", folder / "phone.p12", "-passout",
                 f"file:{folder}/p12.password"])


def seconds(record, key):
    return datetime.datetime.fromisoformat(record[key][:26].rstrip("Z") + "+00:00").timestamp()


class Job:
    """One run of the program, going on."""

    def __init__(self, output, said):
        self.output, self.said, self.process = output, said, None

    def wait(self, deadline):
        """Exit status, None if it had to be killed; peak of memory in MiB."""
        late = False
        while True:
            pid, status, usage = os.wait4(self.process.pid, os.WNOHANG)
            if pid:
                self.process.returncode = os.waitstatus_to_exitcode(status)
                return None if late else self.process.returncode, usage.ru_maxrss / 1024
            if not late and time.monotonic() > deadline:
                late = True
                self.process.kill()
            time.sleep(0.005)


class Run:
    """One run of the program, over."""

    def __init__(self, code, err, text, wall, peak):
        self.code, self.err, self.wall, self.peak = code, err, wall, peak
        self.records = [json.loads(line) for line in text.splitlines()]
        self.observations = [record for record in self.records if record["record"] == "observation"]
        ends = [record for record in self.records if record["record"] == "end"]
        self.end = ends[0] if ends else None

    def took(self):
        """By its own clock."""
        return seconds(self.end, "finished") - seconds(self.records[0], "started")


class Bench:
    def __init__(self, folder, secrets, servers, verbose=False):
        self.folder, self.secrets, self.servers, self.verbose = folder, secrets, servers, verbose
        self.lock, self.failures, self.rows, self.cases, self.started = threading.Lock(), [], 0, 0, time.monotonic()
        self.sanitized = is_sanitized()
        self.longest, self.peak = (-1000, ""), 0
        self.free = {space: threading.Lock() for space in lab.ALL_CLIENTS}
        self.pin = pki.pin(folder / "public.pem")

    def need(self, condition, case, message):
        if not condition:
            with self.lock:
                self.failures.append((case, message))

    def guard(self, name, check):
        """Runs a check that is no case of the table; whatever it raises is a failure."""
        try:
            check(self)
        except Exception as error:  # pylint: disable=broad-except
            self.need(False, name, f"{type(error).__name__}: {error}")
        with self.lock:
            self.cases += 1

    def write_site(self, case):
        document = {"name": case.name, "resolvers": expect.resolvers("dns"), **case.site}
        text = json.dumps(document, indent=1).replace("PUBLIC PIN", self.pin)
        path = self.folder / f"{case.name}.site.json"
        path.write_text(text)
        return path

    @contextlib.contextmanager
    def client(self, wanted=None):
        """A client that nobody else uses meanwhile."""
        while True:
            for space in (wanted,) if wanted else reversed(lab.CLIENTS):
                if self.free[space].acquire(blocking=False):
                    try:
                        yield space
                    finally:
                        self.free[space].release()
                    return
            time.sleep(0.02)

    def command(self, case, space, output):
        operands = [self.write_site(case)] if case.site else list(case.args)
        return lab.within(space, [lab.BUILD / "voready-reach", "-q", "--timeout", case.timeout, "--vantage",
                                  case.vantage, "-o", output, *operands])

    def environment(self, case):
        clean = {name: value for name, value in os.environ.items() if not name.lower().endswith("proxy")}
        return {**clean, "SSL_CERT_FILE": str(self.folder / "public-root.pem"), "SSL_CERT_DIR": "/nonexistent",
                **case.env}

    def keep(self, name, data):
        """Nothing that the programs write may hold a secret."""
        for secret in self.secrets.all():
            self.need(secret.encode() not in data, name, "a secret stands in what it wrote")

    def start(self, case, space):
        """Output goes to files, so that the end of the process can be waited for with its peak of memory."""
        job = Job(self.folder / f"{case.name}.jsonl", self.folder / f"{case.name}.said")
        with open(job.said, "wb") as said:
            job.process = subprocess.Popen(self.command(case, space, job.output), stdout=said, stderr=said,
                                           stdin=subprocess.DEVNULL,
                                           env=self.environment(case))
        return job

    def finish_run(self, case, job, began, patience):
        code, peak = job.wait(began + patience)
        wall = time.monotonic() - began
        data, said = job.output.read_bytes() if job.output.exists() else b"", job.said.read_bytes()
        self.keep(case.name, data + said)
        self.need(code is not None, case.name, f"not over after {patience} s")
        if os.environ.get("SAVE"):
            pathlib.Path(os.environ["SAVE"]).mkdir(exist_ok=True)
            shutil.copy(job.output, os.environ["SAVE"])
        return Run(code, said.decode(errors="replace"), data.decode(), wall, peak)

    def run(self, case):
        with self.client(case.space) as space:
            began = time.monotonic()
            job = self.start(case, space)
            return self.finish_run(case, job, began, 60)

    def run_case(self, case):
        self.guard(case.name, lambda bench: bench.judge_case(case))

    def judge_case(self, case):
        run = self.run(case)
        self.need(run.code == 0 and not run.err, case.name, f"exit {run.code}: {run.err[-400:]}")
        self.need(run.peak < MEMORY or self.sanitized, case.name, f"took {run.peak:.0f} MiB; {MEMORY} are the most")
        self.need(len(run.observations) >= case.least, case.name, f"only {len(run.observations)} observations")
        self.need(run.end is not None and run.end["complete"], case.name, "its records are not complete")
        if run.end:
            limit = case.longest or case.timeout + 1
            self.need(run.took() <= limit, case.name,
                      f"took {run.took():.2f} s by its own clock; {limit} s are the most")
            self.need(run.wall <= limit + SLACK or self.sanitized, case.name,
                      f"took {run.wall:.2f} s; {limit + SLACK} s are the most")
            with self.lock:
                self.longest = max(self.longest, (run.took() - limit, case.name))
                self.peak = max(self.peak, run.peak)
        for row in case.rows:
            for family in row.families:
                self.judge_row(case, row, family, run.observations)
        if self.verbose:
            with self.lock:
                print(f"{case.name}: {run.took():.2f} s, {len(run.observations)} observations, {run.peak:.0f} MiB")

    def judge_row(self, case, row, family, observations):
        with self.lock:
            self.rows += 1
        name = f"{row.what}" + (f" ({family})" if family else "")
        found = [o for o in observations if selects(row, family, o)]
        if len(found) != row.count:
            self.need(False, case.name, f"{name}: {len(found)} observations of {row.select}, not {row.count}")
        for observation in found:
            for key, wanted in row.want.items():
                wanted = wanted.by_family[family] if isinstance(wanted, expect.Each) else wanted
                value = value_of(observation, key)
                self.need(expect.agrees(wanted, value), case.name,
                          f"{name}: {key} is {describe(value)}, should be {describe(wanted)}"
                                                                  f"{detail(observation)}")

    def finish(self):
        for case, message in sorted(self.failures):
            print(f"FAIL {case}: {message}")
        margin, nearest = self.longest
        print(f"{'FAIL' if self.failures else 'ok'}: {self.cases} cases, {self.rows} rows of the truth table, "
              f"{len(self.failures)} wrong, {time.monotonic() - self.started:.0f} s; nearest to its limit: {nearest}, "
              f"{-margin:.2f} s; at most {self.peak:.0f} MiB")
        return 1 if self.failures else 0


def labels_of(observation):
    subject = observation["subject"]
    return {**subject, **observation.get("labels", {}), **subject.get("labels", {})}


def selects(row, family, observation):
    labels = labels_of(observation)
    if family and labels.get("family") != family:
        return False
    for key, wanted in row.select.items():
        if not expect.agrees(wanted, labels.get(key.lstrip("@"))):
            return False
    return True


def value_of(observation, key):
    if key.startswith("@"):
        return labels_of(observation).get(key[1:])
    for section in ("states", "metrics"):
        if key in observation.get(section, {}):
            return observation[section][key]
    why = observation.get("missing", {}).get(key)
    return None if why is None else expect.Missing(why)


def describe(value):
    return "absent" if value is None else str(value)


def detail(observation):
    labels = labels_of(observation)
    said = [f"{name}: {labels[name]}" for name in ("detail", "icmp", "tls_fault_text", "websocket_answer",
                                                   "http2_answer") if labels.get(name)]
    return f" [{'; '.join(said)}]" if said else ""
