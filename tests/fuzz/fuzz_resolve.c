/* DNS answers: the first byte chooses the type. Counts stay in their arrays, texts end and are plain. */
#include "probes/io/resolve_answer.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_text(const char *text, size_t room)
{
    if (!memchr(text, '\0', room))
        abort();
    for (; *text; text++)
        if (*text < ' ' || *text > '~')
            abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const enum vo_dns_type types[] = {VO_DNS_A, VO_DNS_AAAA, VO_DNS_SRV, VO_DNS_NAPTR};
    static struct vo_dns_answer answer;
    if (size == 0)
        return 0;
    vo_resolve_read(data + 1, size - 1, "sip.example.org", types[data[0] & 3], &answer);
    if (answer.count > VO_DNS_RECORDS || (answer.more && answer.count != VO_DNS_RECORDS))
        abort();
    if ((strcmp(answer.state, "resolved") == 0) != (answer.count > 0))
        abort();
    check_text(answer.canonical, sizeof answer.canonical);
    for (unsigned i = 0; i < answer.count; i++) {
        check_text(answer.records[i].name, sizeof answer.records[i].name);
        check_text(answer.records[i].service, sizeof answer.records[i].service);
    }
    return 0;
}
