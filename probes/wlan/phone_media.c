#include "probes/wlan/phone_media.h"

#include <stdlib.h>
#include <string.h>

enum { NEEDED = VO_ROAM_STEADY + 1, IPV4 = 12 };

void vo_roam_watches_init(struct vo_roam_watches *watches)
{
    memset(watches, 0, sizeof *watches);
    watches->end = &watches->first;
    watches->deadline = INT64_MAX;
}

void vo_roam_watches_release(struct vo_roam_watches *watches)
{
    while (watches->first) {
        struct vo_roam_watch *next = watches->first->next;
        watches->first->roamer->media->watch = NULL;
        free(watches->first);
        watches->first = next;
    }
    vo_roam_watches_init(watches);
}

static struct vo_phone_media *media_of(struct vo_roamer *roamer)
{
    if (!roamer->media)
        roamer->media = calloc(1, sizeof *roamer->media);
    return roamer->media;
}

/* --- Flows ---------------------------------------------------------------------------------------- */

static unsigned kept(const struct vo_phone_flow *flow)
{
    return flow->count < VO_ROAM_RING ? flow->count : VO_ROAM_RING;
}

/* The n-th newest, from 0. */
static const struct vo_phone_packet *packet_at(const struct vo_phone_flow *flow, unsigned n)
{
    return &flow->packets[(flow->count - 1 - n) % VO_ROAM_RING];
}

static struct vo_phone_flow *find_flow(struct vo_phone_media *media, unsigned way, vo_wlan_address ap)
{
    for (unsigned i = 0; i < VO_ROAM_FLOWS && media->flows[way][i]; i++)
        if (media->flows[way][i]->ap == ap)
            return media->flows[way][i];
    return NULL;
}

/* Finds it, or begins it, in the place of the one that is silent for longest if there is no room. */
static struct vo_phone_flow *flow_of(struct vo_phone_media *media, unsigned way, vo_wlan_address ap)
{
    struct vo_phone_flow *flow = find_flow(media, way, ap), **row = &media->flows[way][0];
    if (flow)
        return flow;
    for (unsigned i = 1; i < VO_ROAM_FLOWS && *row; i++) {
        struct vo_phone_flow **other = &media->flows[way][i];
        if (!*other || packet_at(*other, 0)->time < packet_at(*row, 0)->time)
            row = other;
    }
    if (!*row && !(*row = malloc(sizeof **row)))
        return NULL;
    **row = (struct vo_phone_flow){.ap = ap};
    return *row;
}

void vo_phone_media_free(struct vo_phone_media *media)
{
    for (unsigned i = 0; media && i < VO_ROAM_WAYS * VO_ROAM_FLOWS; i++)
        free(media->flows[i / VO_ROAM_FLOWS][i % VO_ROAM_FLOWS]);
    free(media);
}

/* Whether enough packets of it lie within a second: the newest of those up to `until`, all after `after`. */
static bool is_steady(const struct vo_phone_flow *flow, vo_time after, vo_time until, vo_time *newest)
{
    unsigned count = 0;
    for (unsigned n = 0; n < kept(flow); n++) {
        vo_time time = packet_at(flow, n)->time;
        if (time > until)
            continue;
        if (time <= after)
            break;
        if (count++ == 0)
            *newest = time;
        if (count == NEEDED)
            return *newest - time <= VO_NS_PER_S;
    }
    return false;
}

/* --- Settling ------------------------------------------------------------------------------------- */

enum end { TIME_OVER, ROAMED_ON, CAPTURE_ENDED };

/* Why media that were awaited may flow again in spite of it; NULL: they are lost. */
static const char *why_not_resumed(const struct vo_roam_watches *watches, const struct vo_roam_watch *watch,
                                   unsigned way, enum end end)
{
    if (!watch->way[way].recent)
        return "its media had stopped before it began";
    if (end == ROAMED_ON)
        return "it roamed on before its media could flow again";
    if (end == CAPTURE_ENDED)
        return "the capture ended before its media could flow again";
    if (watches->heard(watches->context, watch->roam.station) < watch->until - VO_ROAM_WAIT / 2)
        return "the station was not heard long enough after it";
    if (!watch->way[way].told && watches->ended(watches->context, &watch->way[way].key, watch->until))
        return "its call was ended meanwhile";
    return NULL;
}

static void settle_lost(struct vo_roam_outcome *outcome, const struct vo_roam_watch *watch, unsigned way)
{
    uint16_t missing = (uint16_t)(watch->way[way].lowest - watch->way[way].highest - 1);
    outcome->why_lost = outcome->media != VO_ROAM_MEDIA_RESUMED ? "the media were not seen to flow again"
                        : watch->way[way].told                  ? "encrypted packets show no numbers"
                        : !watch->way[way].numbered             ? "the media went on as another stream"
                                                                : NULL;
    outcome->has_lost = !outcome->why_lost;
    outcome->lost =
        missing < UINT16_MAX / 2 ? missing : 0; /* else the first after it is one of those before */
}

/* Of both ways the worse is shown: lost, not known, resumed; of equal ones that to the station. */
static void settle_media(const struct vo_roam_watches *watches, struct vo_roam_watch *watch, enum end end)
{
    static const int rank[] = {
        [VO_ROAM_MEDIA_RESUMED] = 1, [VO_ROAM_MEDIA_UNKNOWN] = 2, [VO_ROAM_MEDIA_LOST] = 3};
    struct vo_roam_outcome *outcome = &watch->roam.outcome;
    int shown = -1;
    outcome->why_media = watch->roamer->encrypted
                             ? "its frames are encrypted, and --voice told of none that flowed"
                             : "no media flowed steadily before it";
    outcome->why_lost = "no media were followed through it";
    for (int way = VO_ROAM_WAYS - 1; way >= 0; way--) {
        if (!watch->way[way].awaited)
            continue;
        bool resumed = watch->way[way].resumed;
        const char *why = resumed ? NULL : why_not_resumed(watches, watch, (unsigned)way, end);
        int media = resumed ? VO_ROAM_MEDIA_RESUMED : why ? VO_ROAM_MEDIA_UNKNOWN : VO_ROAM_MEDIA_LOST;
        if (shown >= 0 && rank[media] <= rank[outcome->media])
            continue;
        shown = way;
        outcome->media = media;
        outcome->why_media = why;
    }
    if (shown < 0)
        return;
    outcome->told = watch->way[shown].told;
    outcome->stream = watch->way[shown].key;
    settle_lost(outcome, watch, (unsigned)shown);
}

static bool is_address(const uint8_t address[16])
{
    return address[IPV4 - 1] == 0xff;
}

static void settle_subnet(struct vo_roam_watch *watch)
{
    struct vo_roam_outcome *outcome = &watch->roam.outcome;
    if (outcome->subnet)
        return;
    if (watch->several)
        outcome->why_subnet = "it has several addresses";
    else if (!is_address(outcome->before))
        outcome->why_subnet = watch->roamer->encrypted
                                  ? "its frames are encrypted: addresses cannot be read"
                                  : "no IPv4 packet of it was heard with the old access point";
    else if (is_address(watch->sends_as))
        outcome->why_subnet = "it sends from another address, and no packet to that was heard";
    else
        outcome->why_subnet = "no packet to its address was heard with the new access point";
}

static void settle(struct vo_roam_watches *watches, struct vo_roam_watch *watch, enum end end)
{
    struct vo_roam_watch **link = &watches->first;
    while (*link != watch)
        link = &(*link)->next;
    *link = watch->next;
    if (!watch->next)
        watches->end = link;
    watches->deadline = watches->first ? watches->first->until : INT64_MAX;
    settle_media(watches, watch, end);
    settle_subnet(watch);
    watch->roamer->media->watch = NULL;
    watches->settled(watches->context, &watch->roam, watch->number);
    free(watch);
}

void vo_roam_watches_settle(struct vo_roam_watches *watches, vo_time now)
{
    while (watches->first && now >= watches->first->until)
        settle(watches, watches->first, TIME_OVER);
}

void vo_roam_watches_finish(struct vo_roam_watches *watches)
{
    while (watches->first)
        settle(watches, watches->first, CAPTURE_ENDED);
}

/* Nothing more can be learned. */
static void settle_early(struct vo_roam_watches *watches, struct vo_roam_watch *watch)
{
    for (unsigned way = 0; way < VO_ROAM_WAYS; way++)
        if (watch->way[way].awaited && !watch->way[way].resumed)
            return;
    if (watch->roam.outcome.subnet || watch->several || !is_address(watch->roam.outcome.before))
        settle(watches, watch, TIME_OVER);
}

/* --- Watching ------------------------------------------------------------------------------------- */

static vo_time began(const struct vo_phone_roam *roam)
{
    const vo_time times[] = {roam->first_probe, roam->authentication, roam->request};
    vo_time found = roam->first_data;
    for (unsigned i = 0; i < sizeof times / sizeof *times; i++)
        if (times[i] != VO_TIME_UNKNOWN && times[i] < found)
            found = times[i];
    return found;
}

/* After this packets by the new access point are those after the roam. */
static vo_time parting(const struct vo_phone_roam *roam)
{
    return roam->last_data != VO_TIME_UNKNOWN ? roam->last_data : roam->first_data - 1;
}

static bool is_newer(uint16_t one, uint16_t other)
{
    return (int16_t)(one - other) > 0;
}

/* Takes the first number after the roam, and sees whether it flows. */
static void look_on(struct vo_roam_watch *watch, unsigned way, const struct vo_phone_flow *flow)
{
    vo_time newest, since = parting(&watch->roam);
    for (unsigned n = 0; n < kept(flow) && packet_at(flow, n)->time > since; n++) {
        const struct vo_phone_packet *packet = packet_at(flow, n);
        if (packet->ssrc != watch->way[way].key.ssrc || !watch->way[way].counted)
            continue;
        if (!watch->way[way].numbered || is_newer(watch->way[way].lowest, packet->sequence))
            watch->way[way].lowest = packet->sequence;
        watch->way[way].numbered = true;
    }
    watch->way[way].resumed =
        is_steady(flow, since, INT64_MAX, &newest) && (watch->way[way].recent || watch->way[way].numbered);
}

/* What flowed by the old access point before. */
static void look_back(struct vo_roam_watch *watch, unsigned way)
{
    const struct vo_phone_roam *roam = &watch->roam;
    const struct vo_phone_flow *flow = find_flow(watch->roamer->media, way, roam->from);
    vo_time newest, until = parting(roam);
    if (!flow || !is_steady(flow, INT64_MIN, until, &newest) || began(roam) - newest > VO_ROAM_WAIT)
        return;
    watch->way[way].awaited = true;
    watch->way[way].recent = began(roam) - newest <= VO_NS_PER_S;
    watch->way[way].told = flow->told;
    watch->way[way].key = flow->key;
    for (unsigned n = 0; n < kept(flow); n++) {
        const struct vo_phone_packet *packet = packet_at(flow, n);
        if (packet->time > until || packet->ssrc != flow->key.ssrc || flow->told)
            continue;
        if (!watch->way[way].counted || is_newer(packet->sequence, watch->way[way].highest))
            watch->way[way].highest = packet->sequence;
        watch->way[way].counted = true;
    }
    const struct vo_phone_flow *after = find_flow(watch->roamer->media, way, roam->to);
    if (after)
        look_on(watch, way, after);
}

bool vo_roam_watch(struct vo_roam_watches *watches, struct vo_roamer *roamer,
                   const struct vo_phone_roam *roam, size_t number)
{
    struct vo_phone_media *media = media_of(roamer);
    if (media && media->watch)
        settle(watches, media->watch, ROAMED_ON);
    struct vo_roam_watch *watch = media ? calloc(1, sizeof *watch) : NULL;
    if (!watch)
        return false;
    watch->roam = *roam;
    watch->roamer = roamer;
    watch->number = number;
    watch->until = roam->first_data + VO_ROAM_WAIT;
    const struct vo_phone_address *address =
        media->address.ap == roam->from ? &media->address : &media->before;
    if (address->ap == roam->from) {
        memcpy(watch->roam.outcome.before, address->address, sizeof watch->roam.outcome.before);
        watch->several = address->several;
    }
    media->watch = watch;
    *watches->end = watch;
    watches->end = &watch->next;
    watches->deadline = watches->first->until;
    for (unsigned way = 0; way < VO_ROAM_WAYS; way++)
        look_back(watch, way);
    settle_early(watches, watch);
    return true;
}

static bool was_there(const struct vo_phone_media *media, unsigned way, uint32_t ssrc)
{
    for (unsigned i = 0; media && i < VO_ROAM_FLOWS; i++) {
        const struct vo_phone_flow *flow = media->flows[way][i];
        if (flow && !flow->told && flow->key.ssrc == ssrc)
            return true;
    }
    return false;
}

void vo_phone_media_packet(struct vo_roam_watches *watches, struct vo_roamer *roamer, bool own,
                           vo_wlan_address ap, vo_time time, const struct vo_stream_key *key,
                           uint16_t sequence, bool sure)
{
    unsigned way = own ? VO_ROAM_FROM_STATION : VO_ROAM_TO_STATION;
    if (!sure && !was_there(roamer->media, way, key->ssrc))
        return;
    struct vo_phone_media *media = media_of(roamer);
    if (!media)
        return;
    struct vo_phone_flow *flow = flow_of(media, way, ap);
    if (!flow)
        return;
    struct vo_phone_packet packet = {time, key ? key->ssrc : 0, sequence};
    const struct vo_phone_packet *newest = flow->count ? packet_at(flow, 0) : NULL;
    if (newest && key && newest->ssrc == packet.ssrc && newest->sequence == sequence)
        return; /* another ear heard it too */
    flow->packets[flow->count % VO_ROAM_RING] = packet;
    if (++flow->count == 2 * VO_ROAM_RING) /* stays in step, and never wraps */
        flow->count = VO_ROAM_RING;
    flow->told = !key;
    if (key)
        flow->key = *key;
    struct vo_roam_watch *watch = media->watch;
    if (!watch || watch->roam.to != ap || !watch->way[way].awaited || watch->way[way].resumed)
        return;
    look_on(watch, way, flow);
    if (watch->way[way].resumed)
        settle_early(watches, watch);
}

/* An address that a station can have: no network's, group's or host's own, nor one without DHCP (RFC 6890).
 */
static bool is_own_address(const uint8_t address[16])
{
    static const uint8_t mapped[IPV4] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
    const uint8_t *ipv4 = address + IPV4;
    return memcmp(address, mapped, sizeof mapped) == 0 && ipv4[0] != 0 && ipv4[0] != 127 && ipv4[0] < 224 &&
           !(ipv4[0] == 169 && ipv4[1] == 254);
}

static void note_address(struct vo_phone_media *media, vo_wlan_address ap, const uint8_t address[16])
{
    struct vo_phone_address *newest = &media->address;
    bool known = is_address(newest->address);
    if (known && newest->ap == ap) {
        newest->several |= memcmp(newest->address, address, sizeof newest->address) != 0;
        return;
    }
    if (known)
        media->before = *newest;
    *newest = (struct vo_phone_address){.ap = ap};
    memcpy(newest->address, address, sizeof newest->address);
}

void vo_phone_media_addresses(struct vo_roam_watches *watches, struct vo_roamer *roamer, bool own,
                              vo_wlan_address ap, const uint8_t source[16], const uint8_t destination[16])
{
    const uint8_t *address = own ? source : destination;
    struct vo_phone_media *media = is_own_address(address) ? media_of(roamer) : NULL;
    if (!media)
        return;
    struct vo_roam_watch *watch = media->watch;
    note_address(media, ap, address);
    if (!watch || watch->roam.to != ap || watch->roam.outcome.subnet || watch->several)
        return;
    struct vo_roam_outcome *outcome = &watch->roam.outcome;
    bool same = memcmp(address, outcome->before, sizeof outcome->before) == 0;
    if (own && !same)
        memcpy(watch->sends_as, address, sizeof watch->sends_as);
    bool other = !same && memcmp(address, watch->sends_as, sizeof watch->sends_as) == 0;
    if (own || !(same || other) || !is_address(outcome->before))
        return;
    outcome->subnet = same ? VO_ROAM_SUBNET_SAME : VO_ROAM_SUBNET_DIFFERENT;
    memcpy(outcome->after, address, sizeof outcome->after);
    settle_early(watches, watch);
}
