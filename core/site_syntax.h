/*
 * The syntax of single values of a site file: names, addresses, paths, pins.
 *
 * Each function returns NULL when the text is good, else what is wrong with it and what to write instead, as
 * the end of a sentence that begins with the text: "is a URL: write only the name or the address". What is
 * accepted is safe within a SIP or HTTP request: no white space, no control characters, no quotes.
 */
#ifndef VO_CORE_SITE_SYNTAX_H
#define VO_CORE_SITE_SYNTAX_H

typedef const char *vo_syntax(const char *text);

vo_syntax vo_syntax_label;    /* for people: a name, up to 128 bytes without control characters */
vo_syntax vo_syntax_ssid;     /* up to 32 bytes (IEEE 802.11 9.4.2.2) */
vo_syntax vo_syntax_host;     /* a DNS name (RFC 1123 2.1), or a numeric IPv4 or IPv6 address */
vo_syntax vo_syntax_resolver; /* "192.0.2.53", "192.0.2.53:5353", "2001:db8::53", "[2001:db8::53]:53" */
vo_syntax vo_syntax_user;     /* user of a SIP URI (RFC 3261 25.1) */
vo_syntax vo_syntax_path;     /* absolute path of a URL, with query (RFC 3986 3.3, 3.4) */
vo_syntax vo_syntax_url;      /* http://, host, perhaps port, path and query */
vo_syntax vo_syntax_pin;      /* "sha256/" and the base64 of 32 bytes (RFC 7469 2.4) */
vo_syntax vo_syntax_file;     /* name of a file */

#endif
