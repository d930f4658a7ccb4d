/*
 * A site file: whatever is accepted keeps the invariants of core/site.h, and needs nothing of the document
 * afterwards but what it owns.
 */
#include "core/site.h"
#include "core/site_syntax.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void need(bool holds)
{
    if (!holds)
        abort();
}

/* No text that goes into a request can end its line. */
static void check_text(const char *text)
{
    need(!text || !strpbrk(text, "\r\n \t\""));
}

static void check_hosts(const struct vo_site_list *list)
{
    need(list->count == 0 || list->items);
    for (size_t i = 0; i < list->count; i++)
        need(vo_syntax_host(list->items[i]) == NULL);
}

static void check_site(const struct vo_site *site)
{
    static const char *const hosts[] = {"sbc", "haproxy", "uc", "openscape_voice", "bcom", "responder"};
    const char *addresses[] = {site->sbc.address,  site->haproxy.address,
                               site->uc.address,   site->openscape_voice.address,
                               site->bcom.address, site->responder.address};
    need(site->name && site->mode && site->direct && site->path);
    for (size_t i = 0; i < sizeof addresses / sizeof *addresses; i++) {
        need(!addresses[i] || vo_syntax_host(addresses[i]) == NULL);
        need(!addresses[i] == !vo_json_get(site->document, hosts[i]));
    }
    need(!site->sbc.address || site->sbc.ports[site->sbc.transport]);
    need(site->sbc.rtp.first <= site->sbc.rtp.last);
    need(!site->haproxy.address || (site->haproxy.https && site->haproxy.http && site->haproxy.path));
    need(!site->responder.address || (site->responder.port && site->responder.key_file));
    need(!site->account.user || (site->account.domain && site->account.password_file));
    check_text(site->account.user);
    check_text(site->haproxy.path);
    check_text(site->haproxy.websocket_path);
    check_text(site->uc.path);
    check_text(site->portal_url);
    check_hosts(&site->push.apns_device);
    check_hosts(&site->push.fcm_provider);
    check_hosts(&site->proxy_exempt);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct vo_json *document = NULL;
    struct vo_site site;
    struct vo_error error;
    if (vo_json_parse((const char *)data, size, &document, &error) != VO_OK)
        return 0;
    enum vo_status status = vo_site_read("sites/fuzz.json", document, &site, &error);
    if (status == VO_OK)
        check_site(&site);
    else
        need(error.message[0] && !site.document && !site.text);
    vo_site_free(&site);
    return 0;
}
