"""The real servers in `outside`: kamailio, HAProxy, nginx, dnsmasq, voready-reflect, and the hostile ones."""
import os
import subprocess
import sys
import time

import lab
from lab import address4, address6

SIP_USER = "4989123450"

# OpenSSL of the servers: old protocols and weak keys are what some of them are for.
OPENSSL = """openssl_conf = init
[init]
ssl_conf = ssl
[ssl]
system_default = all
[all]
MinProtocol = TLSv1
CipherString = ALL:@SECLEVEL=0
"""


def binds(name, ports, options):
    return "".join(f"    bind {address}:{port} {options}\n" for address in (address4(name), f"[{address6(name)}]")
                   for port in ports)


def haproxy(folder):
    def listen(name, host, ports, options, *lines, mode="tcp"):
        return f"listen {name}\n    mode {mode}\n" + binds(host, ports,
                                                           options) + "".join(f"    {line}\n" for line in lines)

    quiet, kamailio = "server quiet 127.0.0.1:9100", f"server sip {address4('sbc')}:5060"
    web = ("acl socket path_beg /uc/events", "use_backend events if socket", "default_backend uc")
    text = f"""global
    maxconn 2000
    stats socket {folder}/haproxy.sock
    tune.ssl.default-dh-param 1024
    ssl-default-bind-options ssl-min-ver TLSv1.2
defaults
    timeout connect 3s
    timeout client 60s
    timeout server 60s
    timeout tunnel 120s
backend uc
    mode http
    server uc 127.0.0.1:9080
backend events
    mode http
    server events 127.0.0.1:9200
"""
    text += listen("haproxy", "haproxy", (8443,), f"ssl crt {folder}/haproxy.pem alpn h2,http/1.1", *web, mode="http")
    text += listen("rewrite", "rewrite", (8443,), f"ssl crt {folder}/rewrite.pem alpn h2,http/1.1", *web,
                   "http-response set-status 403 if { status 401 }", mode="http")
    text += listen("plain", "rewrite", (8081,), "", "default_backend uc", mode="http")
    text += listen("provider", "push", (443, 2197), f"ssl crt {folder}/push.pem alpn h2",
                   "http-request return status 405", mode="http")
    text += listen("push", "push", (5223, 5228, 5229, 5230), f"ssl crt {folder}/push.pem", quiet)
    for name in ("h2", "h1"):
        alpn = {"h2": "h2", "h1": "http/1.1"}[name]
        text += listen(name, name, (443,), f"ssl crt {folder}/protocols.pem alpn {alpn}",
                       "http-request return status 403", mode="http")
    text += listen("certificates", "good", (443, 5223), f"ssl crt {folder}/elsewhere.pem crt {folder}/sni/", quiet)
    for name, version in (("tls10", "1.0"), ("tls11", "1.1"), ("tls12", "1.2")):
        text += listen(name, name, (443, 5223), f"ssl crt {folder}/protocols.pem ssl-min-ver TLSv{version} "
                       f"ssl-max-ver TLSv{version} "
                       "ciphers ALL:@SECLEVEL=0", quiet)
    for name, version in (("mtls12", "1.2"), ("mtls13", "1.3")):
        text += listen(name, name, (5161,), f"ssl crt {folder}/mtls.pem ca-file {folder}/phones.pem verify required "
                       f"ssl-min-ver TLSv{version} ssl-max-ver TLSv{version}", kamailio)
    # interception: certificates are forged for the name that is asked for, and the traffic goes on to the right server
    for name, port in (("unknown", 9001), ("corporate", 9002)):
        to = (f"bind {lab.OUTSIDE4.format(2)}:{port}", f"bind [{lab.OUTSIDE6.format(2)}]:{port}")
        text += f"listen forge-{name}\n    mode tcp\n" + "".join(
            f"    {bind} ssl crt {folder}/elsewhere.pem generate-certificates ca-sign-file {folder}/forge-{name}.pem\n"
            for bind in to)
        text += f"    server real {address4('push')}:5223 ssl verify none sni ssl_fc_sni\n"
    (folder / "haproxy.cfg").write_text(text)
    return ["haproxy", "-db", "-q", "-f", folder / "haproxy.cfg"]


def nginx(folder):
    def tls(name, port, answer):
        return (f"  server {{\n    listen {address4(name)}:{port} ssl;\n    listen [{address6(name)}]:{port} ssl;\n"
                f"    ssl_certificate {folder}/{name}.pem;\n    ssl_certificate_key {folder}/{name}.pem;\n"
                f"    {answer}\n  }}\n")

    unauthorised = "location / { return 404; } location /axis/services { return 401; }"
    soap = "location / { default_type text/xml; return 200 '<Envelope/>'; }"
    portal = ("location /204 { return 204; } location /login { return 302 http://portal.test/sign-in; } "
              "location /page { return 200 '<html>Please sign in</html>'; } "
              "location /success { return 200 'Success'; } "
              "location /511 { return 511; } location / { return 404; }")
    (folder / "nginx.conf").write_text(f"""daemon off;
worker_processes 1;
error_log {folder}/nginx.log;
pid {folder}/nginx.pid;
events {{ worker_connections 512; }}
http {{
  access_log off;
  client_body_temp_path {folder}/t1; proxy_temp_path {folder}/t2; fastcgi_temp_path {folder}/t3;
  uwsgi_temp_path {folder}/t4; scgi_temp_path {folder}/t5;
  server {{ listen 127.0.0.1:9080; {unauthorised} }}
  server {{ listen {address4('portal')}:80; listen [{address6('portal')}]:80; {portal} }}
{tls("uc", 8443, unauthorised)}{tls("voice", 8758, soap)}{tls("bcom", 8759, soap)}}}
""")
    return ["nginx", "-c", folder / "nginx.conf", "-p", folder, "-e", folder / "nginx.log"]


def resolvers():
    """dnsmasq thrice: the right one, one that knows other addresses, one that answers everything with the portal's."""
    hosts = [f"--host-record={host}.test,{address4(host)},{address6(host)}" for host in lab.HOSTS]
    hosts += [f"--host-record={host},{address4('push')},{address6('push')}" for host in lab.PUSH]
    nothing_else = ["--local=/test/", "--local=/com/"]
    services = ["--naptr-record=sbc.test,10,100,s,SIPS+D2T,,_sips._tcp.sbc.test",
                "--naptr-record=sbc.test,20,100,s,SIP+D2U,,_sip._udp.sbc.test",
                "--srv-host=_sips._tcp.sbc.test,sbc.test,5061,10,50",
                "--srv-host=_sip._udp.sbc.test,sbc.test,5060,10,50"]
    other = [f"--host-record=sbc.test,{address4('rewrite')}"]
    portal = [f"--address=/#/{address4('portal')}", f"--address=/#/{address6('portal')}"]
    return {name: ["dnsmasq", "--keep-in-foreground", "--conf-file=/dev/null", "--no-hosts", "--no-resolv",
                   "--bind-interfaces",
                   "--user=root", "--pid-file=", "--cache-size=0", "--log-facility=-", "--except-interface=lo",
                   f"--listen-address={address4(name)}", f"--listen-address={address6(name)}", *more]
            for name, more in (("dns", hosts + nothing_else + services), ("dns-differs", other + nothing_else),
                               ("dns-hijack", portal))}


def kamailio(folder, name, defines):
    """Its password stands in a file of its own, and not on a command line."""
    own = folder / name
    own.mkdir()
    names = {"LISTEN6": f"[{address6(name)}]", "LISTEN": address4(name)}
    tls = (lab.HERE / "kamailio-tls.cfg").read_text()
    tls = tls.replace("[LISTEN6]", names["LISTEN6"]).replace("LISTEN", names["LISTEN"])
    (own / "kamailio-tls.cfg").write_text(tls)
    (own / "server.pem").write_text((folder / f"{name}.pem").read_text())
    (own / "server-key.pem").write_text((folder / f"{name}.key").read_text())
    (own / "ca.pem").write_text((folder / "phones.pem").read_text())
    head = "#!KAMAILIO\n" + "".join(f"#!define {key} {value}\n" for key, value in {
        **names, "USER": f'"{SIP_USER}"', "WITH_TLS": "", "TLS_CONFIG": f'"{own}/kamailio-tls.cfg"', **defines}.items())
    config = own / "kamailio.cfg"
    config.write_text(head + (lab.HERE / "kamailio.cfg").read_text())
    config.chmod(0o600)
    return ["kamailio", "-f", config, "-DD", "-E", "-m", "32", "-M", "4", "-n", "1", "-P", own / "pid", "-Y", own, "-w",
            own]


class Servers:
    """All of them, started; stop() is only for those whose end says something: the namespaces end the others."""

    def __init__(self, folder, password, key):
        self.folder, self.processes = folder, {}
        (folder / "openssl.cnf").write_text(OPENSSL)
        self.env = {**os.environ, "OPENSSL_CONF": str(folder / "openssl.cnf")}
        (folder / "reflect.key").write_text(key + "\n")
        (folder / "reflect.key").chmod(0o600)
        quoted = f'"{password}"'
        plan = {"haproxy": haproxy(folder), "nginx": nginx(folder), **resolvers(),
                "hostile": [sys.executable, "-B", lab.HERE / "hostile.py", folder],
                "sbc": kamailio(folder, "sbc", {"PASSWORD": quoted, "AUTHINFO": ""}),
                "sbc-sha": kamailio(folder, "sbc-sha", {"PASSWORD": quoted, "ALGORITHM": '"SHA-256"',
                                                        "EXPIRES": "3600"}),
                "sbc-open": kamailio(folder, "sbc-open", {"NOAUTH": ""}),
                "reflect": [lab.BUILD / "voready-reflect", "--key", folder / "reflect.key",
                            "--ports", "2195-2196,5008-5015,20000-20003"]}
        for name, command in plan.items():
            self.start(name, command)
        self.wait()

    def start(self, name, command):
        log = open(self.folder / f"{name}.out", "wb")
        self.processes[name] = subprocess.Popen(lab.within("outside", command), stdout=log, stderr=log,
                                                stdin=subprocess.DEVNULL,
                                                env=self.env, start_new_session=True)

    def said(self, name):
        return (self.folder / f"{name}.out").read_text(errors="replace")

    def wait(self, patience=20):
        """Until each listens, or has failed."""
        wanted = {"haproxy": (address6("mtls13"), 5161), "nginx": (address6("bcom"), 8759),
                  "dns": (address6("dns"), 53),
                  "dns-differs": (address6("dns-differs"), 53), "dns-hijack": (address6("dns-hijack"), 53),
                  "hostile": (address6("tls-half"), 7099), "sbc": (address6("sbc"), 5161),
                  "sbc-sha": (address6("sbc-sha"), 5161),
                  "sbc-open": (address6("sbc-open"), 5161), "reflect": (address6("responder"), 8620)}
        deadline = time.monotonic() + patience
        while wanted:
            listening = lab.run(lab.within("outside", ["ss", "-Hltn"]))
            ports = {line.split()[3] for line in listening.splitlines()}
            for name, (address, port) in list(wanted.items()):
                both = {f"[{address}]:{port}", f"*:{port}", f"[::]:{port}"}
                if both & ports:
                    del wanted[name]
                elif self.processes[name].poll() is not None or time.monotonic() > deadline:
                    raise RuntimeError(f"{name} does not serve: {self.said(name)[-2000:]}")
            time.sleep(0.05)

    def dead(self):
        return [name for name, process in self.processes.items() if process.poll() is not None]
