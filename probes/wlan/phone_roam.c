#include "probes/wlan/phone_roam.h"

#include "probes/wlan/phone_media.h"

#include <stdlib.h>
#include <string.h>

enum { RING = VO_ROAM_STEADY + 1, EAPOL = 0x888e, NO_ALGORITHM = 0xffff };
enum { ALGORITHM_FT = 2, ALGORITHM_SAE = 3, CATEGORY_FT = 6 };
#define BURST_NS   VO_NS_PER_S        /* probe requests closer than this belong together */
#define FORGET_NS  (10 * VO_NS_PER_S) /* a roam that comes to nothing */
#define PROBING_NS (2 * VO_NS_PER_S)  /* from probing to what follows it */

void vo_roams_init(struct vo_roams *roams, vo_roam_told *told, void *context)
{
    memset(roams, 0, sizeof *roams);
    roams->told = told;
    roams->context = context;
}

void vo_roams_release(struct vo_roams *roams)
{
    while (roams->first) {
        struct vo_roamer *chain = roams->first->chain;
        vo_phone_media_free(roams->first->media);
        free(roams->first);
        roams->first = chain;
    }
    vo_lookup_release(&roams->by);
    vo_roams_init(roams, NULL, NULL);
}

struct vo_roamer *vo_roams_get(struct vo_roams *roams, vo_wlan_address station)
{
    struct vo_roamer *roamer = vo_lookup_find(&roams->by, station, 0);
    if (roamer)
        return roamer;
    roamer = roams->count < VO_ROAMER_MOST ? calloc(1, sizeof *roamer) : NULL;
    if (!roamer || !vo_lookup_add(&roams->by, station, 0, roamer)) {
        free(roamer);
        roams->left_out++;
        return NULL;
    }
    roamer->station = station;
    roamer->ap = roamer->strange.ap = VO_WLAN_NO_ADDRESS;
    roamer->probe_first = roamer->probe_last = VO_TIME_UNKNOWN;
    roamer->chain = roams->first;
    roams->first = roamer;
    roams->count++;
    return roamer;
}

static vo_time newest_data(const struct vo_roamer *roamer)
{
    return roamer->data_count ? roamer->data[(roamer->data_count - 1) % RING] : VO_TIME_UNKNOWN;
}

/* The mean time between the last frames; VO_TIME_UNKNOWN unless they came at a pace. */
static vo_time pace_of(const struct vo_roamer *roamer)
{
    if (roamer->data_count < RING)
        return VO_TIME_UNKNOWN;
    vo_time span = newest_data(roamer) - roamer->data[roamer->data_count % RING];
    return span >= 0 && span <= VO_NS_PER_S ? span / VO_ROAM_STEADY : VO_TIME_UNKNOWN;
}

static void note_data(struct vo_roamer *roamer, vo_time time)
{
    roamer->data[roamer->data_count % RING] = time;
    roamer->data_count++;
    if (roamer->data_count == 2 * RING) /* stays in step, and never wraps */
        roamer->data_count = RING;
}

/* --- Roams ---------------------------------------------------------------------------------------- */

static void begin(struct vo_roamer *roamer, vo_wlan_address to, const struct vo_heard *heard)
{
    unsigned attempts = roamer->roaming ? roamer->next.attempts + (roamer->next.to != to) : 0;
    vo_time disconnected = roamer->roaming ? roamer->next.disconnected : VO_TIME_UNKNOWN;
    vo_time probed = roamer->probe_last;
    bool is_probed = probed != VO_TIME_UNKNOWN && heard->time - probed <= PROBING_NS;
    roamer->next = (struct vo_phone_roam){
        .station = roamer->station,
        .from = roamer->ap,
        .to = to,
        .last_data = VO_TIME_UNKNOWN,
        .first_probe = is_probed ? roamer->probe_first : VO_TIME_UNKNOWN,
        .probes = is_probed ? roamer->probes : 0,
        .authentication = VO_TIME_UNKNOWN,
        .request = VO_TIME_UNKNOWN,
        .response = VO_TIME_UNKNOWN,
        .keys_first = VO_TIME_UNKNOWN,
        .keys_last = VO_TIME_UNKNOWN,
        .first_data = VO_TIME_UNKNOWN,
        .disconnected = disconnected,
        .algorithm = NO_ALGORITHM,
        .attempts = attempts,
        .from_mhz = roamer->ap_mhz,
        .to_mhz = heard->mhz,
        .from_dbm = roamer->ap_dbm,
        .station_before_dbm = roamer->own_dbm,
    };
    roamer->roaming = true;
}

/* The roam to `to` that is going on; one that was forgotten, or led elsewhere, begins anew. */
static struct vo_phone_roam *roam_to(struct vo_roamer *roamer, vo_wlan_address to,
                                     const struct vo_heard *heard, vo_time since)
{
    bool stale = roamer->roaming && since != VO_TIME_UNKNOWN && heard->time - since > FORGET_NS;
    if (!roamer->roaming || roamer->next.to != to || stale) {
        if (stale)
            roamer->roaming = false;
        begin(roamer, to, heard);
    }
    return &roamer->next;
}

static vo_time latest(const struct vo_phone_roam *roam)
{
    vo_time times[] = {roam->authentication, roam->request, roam->response, roam->keys_last};
    vo_time found = VO_TIME_UNKNOWN;
    for (unsigned i = 0; i < sizeof times / sizeof *times; i++)
        if (times[i] > found)
            found = times[i];
    return found;
}

static void arrive(struct vo_roamer *roamer, vo_wlan_address ap, const struct vo_heard *heard)
{
    roamer->ap = ap;
    roamer->ap_mhz = heard->mhz;
    roamer->ap_dbm = 0;
    roamer->data_count = 0;
    roamer->roaming = false;
}

/* The first data with the new access point ends the roam. */
static void finish(struct vo_roams *roams, struct vo_roamer *roamer, vo_time first_data,
                   const struct vo_heard *heard)
{
    struct vo_phone_roam *roam = &roamer->next;
    vo_time pace = pace_of(roamer);
    roam->last_data = newest_data(roamer);
    roam->first_data = first_data;
    roam->to_mhz = heard->mhz;
    roam->steady = pace != VO_TIME_UNKNOWN;
    roam->pace = roam->steady ? pace : 0;
    if (heard->frame->transmitter == roam->station)
        roam->station_after_dbm = heard->signal_dbm;
    else if (heard->frame->transmitter == roam->to && !roam->to_dbm)
        roam->to_dbm = heard->signal_dbm;
    bool moved = roam->from != VO_WLAN_NO_ADDRESS && roam->from != roam->to;
    if (moved) {
        roams->roams++;
        roams->told(roams->context, roam);
    }
    arrive(roamer, roam->to, heard);
}

/* Whether it came to this access point by what was heard. */
static bool has_come(const struct vo_roamer *roamer, vo_wlan_address ap)
{
    return roamer->roaming && roamer->next.to == ap && roamer->next.response != VO_TIME_UNKNOWN;
}

/* Whether a frame to it can mean that it is there: an access point that it left goes on sending for a while.
 */
static bool is_plausible(const struct vo_roamer *roamer, vo_wlan_address ap)
{
    return roamer->ap == ap || roamer->ap == VO_WLAN_NO_ADDRESS || has_come(roamer, ap);
}

/* Notes its first frame to a strange access point; at the second *first is the time of that. */
static bool is_second(struct vo_roamer *roamer, vo_wlan_address ap, vo_time now, vo_time *first)
{
    if (roamer->strange.ap == ap && now - roamer->strange.time <= FORGET_NS) {
        *first = roamer->strange.time;
        return true;
    }
    roamer->strange.ap = ap;
    roamer->strange.time = now;
    return false;
}

/* Data with `ap`: where it is, or where it came to. */
static void take_data(struct vo_roams *roams, struct vo_roamer *roamer, vo_wlan_address ap,
                      const struct vo_heard *heard)
{
    if (roamer->ap == VO_WLAN_NO_ADDRESS && !roamer->roaming)
        arrive(roamer, ap, heard);
    if (ap != roamer->ap || has_come(roamer, ap)) {
        vo_time first_data = heard->time;
        if (!has_come(roamer, ap) && !is_second(roamer, ap, heard->time, &first_data))
            return;
        roam_to(roamer, ap, heard, roamer->roaming ? latest(&roamer->next) : VO_TIME_UNKNOWN);
        finish(roams, roamer, first_data, heard);
    }
    roamer->strange.ap = VO_WLAN_NO_ADDRESS;
    note_data(roamer, heard->time);
}

static void take_eapol(struct vo_roamer *roamer, vo_wlan_address ap, const struct vo_heard *heard)
{
    enum { SNAP = 8, TYPE = 1, EAP_PACKET = 0, KEY = 3 };
    if (!roamer->roaming || roamer->next.to != ap || heard->frame->body_size < SNAP + TYPE + 1)
        return;
    struct vo_phone_roam *roam = &roamer->next;
    uint8_t type = heard->frame->body[SNAP + TYPE];
    roam->eap_frames += type == EAP_PACKET;
    roam->key_frames += type == KEY;
    if (roam->keys_first == VO_TIME_UNKNOWN)
        roam->keys_first = heard->time;
    roam->keys_last = heard->time;
}

void vo_roam_data(struct vo_roams *roams, struct vo_roamer *roamer, const struct vo_heard *heard)
{
    const struct vo_ieee80211 *frame = heard->frame;
    bool own = frame->transmitter == roamer->station;
    vo_wlan_address ap = own ? frame->receiver : frame->transmitter;
    uint16_t ethertype;
    if (own && heard->signal_dbm)
        roamer->own_dbm = heard->signal_dbm;
    if (!own && heard->signal_dbm && ap == roamer->ap)
        roamer->ap_dbm = heard->signal_dbm;
    if (vo_ieee80211_ethertype(frame, &ethertype) && ethertype == EAPOL) {
        take_eapol(roamer, ap, heard);
        return;
    }
    if (own || (!roamer->confirms && is_plausible(roamer, ap)))
        take_data(roams, roamer, ap, heard);
}

void vo_roam_confirmed(struct vo_roams *roams, struct vo_roamer *roamer, vo_wlan_address ap,
                       const struct vo_heard *heard)
{
    roamer->confirms = true;
    if (is_plausible(roamer, ap))
        take_data(roams, roamer, ap, heard);
}

/* --- Management ----------------------------------------------------------------------------------- */

static void take_probe(struct vo_roamer *roamer, vo_time time)
{
    if (roamer->probe_last == VO_TIME_UNKNOWN || time - roamer->probe_last > BURST_NS) {
        roamer->probe_first = time;
        roamer->probes = 0;
    }
    roamer->probe_last = time;
    roamer->probes++;
}

static void note_ap_level(struct vo_phone_roam *roam, const struct vo_heard *heard)
{
    if (heard->frame->transmitter == roam->to && heard->signal_dbm)
        roam->to_dbm = heard->signal_dbm;
}

static void take_authentication(struct vo_roamer *roamer, vo_wlan_address ap, const struct vo_heard *heard,
                                const struct vo_ieee80211_management *management)
{
    vo_time since = roamer->roaming ? latest(&roamer->next) : VO_TIME_UNKNOWN;
    struct vo_phone_roam *roam = roam_to(roamer, ap, heard, since);
    if (roam->authentication == VO_TIME_UNKNOWN)
        roam->authentication = heard->time;
    if (management->has >> VO_MANAGEMENT_ALGORITHM & 1)
        roam->algorithm = (uint16_t)management->value[VO_MANAGEMENT_ALGORITHM];
    note_ap_level(roam, heard);
}

static void take_request(struct vo_roamer *roamer, vo_wlan_address ap, const struct vo_heard *heard,
                         const struct vo_ieee80211_management *management)
{
    vo_time since = roamer->roaming ? latest(&roamer->next) : VO_TIME_UNKNOWN;
    struct vo_phone_roam *roam = roam_to(roamer, ap, heard, since);
    if (roam->request == VO_TIME_UNKNOWN)
        roam->request = heard->time;
    roam->to_mhz = heard->mhz;
    roam->reassociation = heard->frame->kind == VO_IEEE80211_REASSOCIATION_REQUEST;
    if (roam->from == VO_WLAN_NO_ADDRESS && management->has >> VO_MANAGEMENT_CURRENT_AP & 1)
        roam->from = management->value[VO_MANAGEMENT_CURRENT_AP];
}

static void take_response(struct vo_roamer *roamer, vo_wlan_address ap, const struct vo_heard *heard,
                          const struct vo_ieee80211_management *management)
{
    bool refused =
        management->has >> VO_MANAGEMENT_STATUS & 1 && management->value[VO_MANAGEMENT_STATUS] != 0;
    if (!roamer->roaming || roamer->next.to != ap || refused)
        return;
    if (roamer->next.response == VO_TIME_UNKNOWN)
        roamer->next.response = heard->time;
    note_ap_level(&roamer->next, heard);
}

/* FT over the DS: the station asks its present access point for another. */
static void take_ft_action(struct vo_roamer *roamer, const struct vo_heard *heard)
{
    enum { TARGET = 8, SIZE = 14 }; /* category, action, station, target access point */
    if (heard->frame->transmitter != roamer->station || heard->frame->body_size < SIZE)
        return;
    struct vo_phone_roam *roam = roam_to(roamer, vo_wlan_address_of(heard->frame->body + TARGET), heard,
                                         roamer->roaming ? latest(&roamer->next) : VO_TIME_UNKNOWN);
    roam->over_ds = true;
    roam->to_mhz = 0; /* not the channel that this was said on */
    if (roam->authentication == VO_TIME_UNKNOWN)
        roam->authentication = heard->time;
}

static void take_action(struct vo_roamer *roamer, const struct vo_heard *heard,
                        const struct vo_ieee80211_management *management)
{
    if (management->has >> VO_MANAGEMENT_CATEGORY & 1 &&
        management->value[VO_MANAGEMENT_CATEGORY] == CATEGORY_FT)
        take_ft_action(roamer, heard);
}

void vo_roam_management(struct vo_roams *roams, const struct vo_heard *heard)
{
    const struct vo_ieee80211 *frame = heard->frame;
    struct vo_ieee80211_management management = {0};
    bool from_ap = frame->transmitter == frame->bssid;
    vo_wlan_address station = from_ap ? frame->receiver : frame->transmitter, ap = frame->bssid;
    if (station == VO_WLAN_NO_ADDRESS || vo_wlan_address_is_group(station))
        return;
    struct vo_roamer *roamer =
        frame->kind == VO_IEEE80211_PROBE_RESPONSE ? NULL : vo_roams_get(roams, station);
    if (!roamer)
        return;
    (void)vo_ieee80211_management_decode(frame, &management); /* of a protected one nothing is known */
    switch (frame->kind) {
    case VO_IEEE80211_PROBE_REQUEST:
        take_probe(roamer, heard->time);
        break;
    case VO_IEEE80211_AUTHENTICATION:
        take_authentication(roamer, ap, heard, &management);
        break;
    case VO_IEEE80211_ASSOCIATION_REQUEST:
    case VO_IEEE80211_REASSOCIATION_REQUEST:
        take_request(roamer, ap, heard, &management);
        break;
    case VO_IEEE80211_ASSOCIATION_RESPONSE:
    case VO_IEEE80211_REASSOCIATION_RESPONSE:
        take_response(roamer, ap, heard, &management);
        break;
    case VO_IEEE80211_DISASSOCIATION:
    case VO_IEEE80211_DEAUTHENTICATION:
        if (ap == roamer->ap && roamer->roaming)
            roamer->next.disconnected = heard->time;
        break;
    case VO_IEEE80211_ACTION:
        take_action(roamer, heard, &management);
        break;
    default:
        break;
    }
}

/* --- What follows from it ------------------------------------------------------------------------- */

/* The first that was heard of it. */
static vo_time beginning(const struct vo_phone_roam *roam)
{
    const vo_time times[] = {roam->first_probe, roam->disconnected, roam->authentication, roam->request,
                             roam->response};
    vo_time found = roam->first_data;
    for (unsigned i = 0; i < sizeof times / sizeof *times; i++)
        if (times[i] != VO_TIME_UNKNOWN && times[i] < found)
            found = times[i];
    return found;
}

bool vo_phone_roam_gap(const struct vo_phone_roam *roam, vo_time *gap, const char **why)
{
    *why = NULL;
    if (roam->last_data == VO_TIME_UNKNOWN)
        *why = "no data with the old access point was heard: listen on its channel too";
    else if (!roam->steady)
        *why = "no steady traffic before it: let a call run while roaming";
    else if (roam->first_data < roam->last_data)
        *why = "the capture's times run backwards here";
    else if (beginning(roam) - roam->last_data > VO_ROAM_CEASED)
        *why =
            "data had ceased more than a second before the roam began: whether a call still ran is not known";
    if (*why)
        return false;
    *gap = roam->first_data - roam->last_data;
    return true;
}

enum vo_roam_method vo_phone_roam_method(const struct vo_phone_roam *roam)
{
    if (roam->over_ds || roam->algorithm == ALGORITHM_FT)
        return VO_ROAM_FT;
    if (roam->eap_frames)
        return VO_ROAM_AUTHENTICATION;
    if (roam->algorithm == ALGORITHM_SAE)
        return VO_ROAM_SAE;
    if (roam->key_frames)
        return VO_ROAM_HANDSHAKE;
    return roam->algorithm == NO_ALGORITHM ? VO_ROAM_UNSEEN : VO_ROAM_OPEN;
}
