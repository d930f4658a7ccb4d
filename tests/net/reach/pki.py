"""Certificates of the test, made by openssl: a public and a corporate CA, and everything that can be wrong with one."""
import datetime
import lab

CONFIG = """
[ca]
default_ca = this
[this]
dir = {folder}
database = {folder}/index.txt
new_certs_dir = {folder}
certificate = {folder}.pem
private_key = {folder}.key
rand_serial = yes
default_md = sha256
default_days = 397
policy = any
copy_extensions = copy
unique_subject = no
[any]
commonName = supplied
[req]
distinguished_name = none
[none]
[authority]
basicConstraints = critical,CA:true
keyUsage = critical,keyCertSign,cRLSign
subjectKeyIdentifier = hash
[leaf]
basicConstraints = CA:false
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid
"""


def when(days):
    return (datetime.datetime.utcnow() + datetime.timedelta(days=days)).strftime("%Y%m%d%H%M%SZ")


class Authority:
    """A CA with its folder and database."""

    def __init__(self, folder, name, parent=None):
        self.folder, self.name, self.parent = folder / name, name, parent
        self.folder.mkdir()
        (self.folder / "index.txt").touch()
        self.config = self.folder / "config"
        self.config.write_text(CONFIG.format(folder=self.folder))
        self.certificate, self.key = folder / f"{name}.pem", folder / f"{name}.key"
        subject = f"/CN=Test {name.replace('-', ' ').title()} CA"
        new_key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-keyout", self.key]
        if parent:
            request = folder / f"{name}.csr"
            lab.run(["openssl", "req", "-new", *new_key, "-out", request, "-subj", subject])
            parent.sign(request, self.certificate, "authority", -30, 3650)
        else:
            lab.run(["openssl", "req", "-x509", *new_key, "-out", self.certificate, "-subj", subject, "-days", "3650",
                     "-config", self.config, "-extensions", "authority"])

    def sign(self, request, certificate, extensions, begins, ends):
        lab.run(["openssl", "ca", "-batch", "-notext", "-config", self.config, "-extensions", extensions, "-in",
                 request,
                 "-out", certificate, "-startdate", when(begins), "-enddate", when(ends)])

    def chain(self):
        """The intermediate certificates, as a server has to send them."""
        return self.certificate.read_text() + self.parent.chain() if self.parent else ""

    def issue(self, folder, name, names, begins=-30, ends=200, chain=True, key=None):
        """A server's or client's certificate; `folder`/NAME.pem holds it with its chain and key. Returns its path."""
        request, bare = folder / f"{name}.csr", folder / f"{name}.crt"
        private, whole = folder / f"{name}.key", folder / f"{name}.pem"
        extra = ["-addext", "subjectAltName=" + ",".join(names)] if names else []
        lab.run(["openssl", "req", "-new", *(key or ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1"]),
                 "-nodes",
                 "-keyout", private, "-out", request, "-subj", f"/CN={name}", *extra])
        self.sign(request, bare, "leaf", begins, ends)
        whole.write_text(bare.read_text() + (self.chain() if chain else "") + private.read_text())
        return whole

    def staple(self, whole):
        """An OCSP response beside the certificate, where HAProxy looks for it."""
        lab.run(["openssl", "ocsp", "-index", self.folder / "index.txt", "-CA", self.certificate, "-rsigner",
                 self.certificate,
                 "-rkey", self.key, "-issuer", self.certificate, "-cert", whole.with_suffix(".crt"), "-ndays", "3",
                 "-respout", f"{whole}.ocsp", "-noverify"])


def pin(certificate):
    """The SPKI pin of a certificate, "sha256/BASE64"."""
    import base64
    import subprocess
    der = subprocess.run(["openssl", "x509", "-in", certificate, "-noout", "-pubkey"], capture_output=True,
                         check=True).stdout
    key = subprocess.run(["openssl", "pkey", "-pubin", "-outform", "der"], input=der, capture_output=True,
                         check=True).stdout
    digest = subprocess.run(["openssl", "dgst", "-sha256", "-binary"], input=key, capture_output=True,
                            check=True).stdout
    return "sha256/" + base64.b64encode(digest).decode()


def dns(*names):
    return ["DNS:" + name for name in names]


def make(folder):
    """All of them in `folder`; sni/ holds those that a server chooses by the name asked for."""
    sni = folder / "sni"
    sni.mkdir()
    root = Authority(folder, "public-root")
    public = Authority(folder, "public", root)
    corporate, unknown = Authority(folder, "corporate"), Authority(folder, "unknown")
    phones, foreign = Authority(folder, "phones"), Authority(folder, "foreign")
    # the site's own servers: the corporate CA
    for name in ("sbc", "haproxy", "uc", "voice", "bcom", "rewrite", "sbc-sha", "sbc-open"):
        corporate.issue(folder, name, dns(f"{name}.test") + [f"IP:{lab.address4(name)}", f"IP:{lab.address6(name)}"])
    corporate.issue(folder, "mtls", dns("mtls12.test", "mtls13.test"))
    corporate.issue(folder, "hostile", dns(*(f"{name}.test" for name in lab.HOSTILE)))
    # public ones
    public.issue(folder, "push", dns(*lab.PUSH))
    public.issue(folder, "protocols", dns("tls10.test", "tls11.test", "tls12.test", "h1.test", "h2.test"))
    public.issue(folder, "elsewhere", dns("elsewhere.test"))
    public.issue(sni, "good", dns("good.test"))
    public.issue(sni, "expired", dns("expired.test"), begins=-100, ends=-10.5)
    public.issue(sni, "early", dns("early.test"), begins=10, ends=100)
    public.issue(sni, "chainless", dns("chainless.test"), chain=False)
    public.issue(sni, "weak", dns("weak.test"), key=["-newkey", "rsa:1024"])
    unknown.issue(sni, "unknown", dns("unknown.test"))
    (sni / "unknown.pem").write_text((sni / "unknown.pem").read_text() + unknown.certificate.read_text())
    lab.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
             "-keyout",
             sni / "selfsigned.key", "-out", sni / "selfsigned.crt", "-subj", "/CN=selfsigned.test", "-addext",
             "subjectAltName=DNS:selfsigned.test", "-days", "200"])
    (sni / "selfsigned.pem").write_text((sni / "selfsigned.crt").read_text() + (sni / "selfsigned.key").read_text())
    public.staple(public.issue(sni, "stapled", dns("stapled.test")))
    revoked = public.issue(sni, "revoked", dns("revoked.test"))
    lab.run(["openssl", "ca", "-config", public.config, "-revoke", revoked.with_suffix(".crt")])
    public.staple(revoked)
    giant = public.issue(sni, "giant", dns("giant.test"))
    giant.write_text(giant.read_text() + 300 * root.certificate.read_text())
    for waste in (*sni.glob("*.csr"), *sni.glob("*.crt"), *sni.glob("*.key")):
        waste.rename(folder / f"sni-{waste.name}")
    # clients
    for name, authority in (("phone", phones), ("stranger", foreign)):
        whole = authority.issue(folder, name, [])
        whole.chmod(0o600)
    # interception proxies sign what they forge with these
    for name in ("unknown", "corporate"):
        (folder / f"forge-{name}.pem").write_text(
            (folder / f"{name}.pem").read_text() + (folder / f"{name}.key").read_text())
