/*
 * Output in memory: text that grows, and the ways to write untrusted text into it.
 *
 * Everything that came from a capture, a rule file or a site file goes through vo_out_html(), vo_out_xml() or
 * vo_out_plain(): bytes that are not UTF-8 become U+FFFD; control characters and the characters that turn the
 * writing direction never reach a page, a terminal or an XML file.
 */
#ifndef VO_REPORT_OUT_H
#define VO_REPORT_OUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Zero-initialise; vo_out_release() frees. An allocation that failed sets `failed`, after which every call
 * does nothing: check it once at the end. `data` is NUL-terminated once something was written. */
struct vo_out {
    char *data;
    size_t size, capacity;
    bool failed;
};

void vo_out_release(struct vo_out *out);
/* Releases a part whose text has gone into `whole`: if the part failed, so did the whole. */
void vo_out_end_part(struct vo_out *whole, struct vo_out *part);
void vo_out_bytes(struct vo_out *out, const char *bytes, size_t size);
void vo_out_add(struct vo_out *out, const char *text); /* our own text, as it is; NULL adds nothing */
void vo_out_format(struct vo_out *out, const char *format, ...) __attribute__((format(printf, 2, 3)));
void vo_out_repeat(struct vo_out *out, const char *text, size_t times);

/* Untrusted text; NULL adds nothing. */
void vo_out_html(struct vo_out *out, const char *text);  /* element content and quoted attributes */
void vo_out_xml(struct vo_out *out, const char *text);   /* likewise; what XML 1.0 forbids is dropped */
void vo_out_plain(struct vo_out *out, const char *text); /* for a terminal: one line, no escape sequences */

/* Decodes one character at `text` (not at its NUL); returns its bytes, 1 to 4. Bad bytes give U+FFFD each. */
size_t vo_out_decode(const char *text, uint32_t *code);
/* Columns that a character takes on a terminal: two for East Asian ideographs and emoji, none for marks that
 * combine with the one before. */
size_t vo_out_columns(uint32_t code);
/* Columns that `text` takes. */
size_t vo_out_width(const char *text);

#endif
