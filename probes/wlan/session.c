#include "probes/wlan/session.h"

#include "probes/decode/packet.h"
#include "probes/decode/wlan_received.h"
#include "probes/flow/rtp_emit.h"
#include "probes/wlan/content.h"
#include "probes/wlan/describe.h"
#include "probes/wlan/emit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TIME_MOST (INT64_MAX / 4) /* what a capture says beyond it is no time */

/* Keeps it for the table. Returns its number there, SIZE_MAX if there is no room. */
static size_t keep_roam(struct vo_wlan_session *session, const struct vo_phone_roam *roam)
{
    if (session->kept_count == VO_WLAN_KEPT_MOST)
        return SIZE_MAX;
    if ((session->kept_count & (session->kept_count - 1)) == 0) {
        size_t room = session->kept_count ? session->kept_count * 2 : 1;
        struct vo_phone_roam *kept = realloc(session->kept, room * sizeof *kept);
        if (!kept)
            return SIZE_MAX;
        session->kept = kept;
    }
    session->kept[session->kept_count] = *roam;
    return session->kept_count++;
}

static void on_settled(void *context, const struct vo_phone_roam *roam, size_t number)
{
    struct vo_wlan_session *session = context;
    if (number < session->kept_count)
        session->kept[number].outcome = roam->outcome;
    vo_wlan_emit_roam(session, roam);
}

static void on_roam(void *context, const struct vo_phone_roam *roam)
{
    struct vo_wlan_session *session = context;
    struct vo_roamer *roamer = vo_roams_get(&session->roams, roam->station);
    size_t number = keep_roam(session, roam);
    vo_wlan_tell_roam(session, roam);
    if (roamer && vo_roam_watch(&session->watches, roamer, roam, number))
        return;
    struct vo_phone_roam unwatched = *roam;
    unwatched.outcome.why_media = unwatched.outcome.why_lost = unwatched.outcome.why_subnet =
        "out of memory: it was not followed";
    on_settled(session, &unwatched, number);
}

static vo_time last_heard(void *context, vo_wlan_address address)
{
    const struct vo_wlan_session *session = context;
    vo_time last = INT64_MIN;
    for (unsigned i = 0; i < session->ear_count; i++) {
        const struct vo_station *station = vo_stations_find(&session->ears[i]->stations, address);
        if (station && station->last > last)
            last = station->last;
    }
    return last;
}

static bool has_ended(void *context, const struct vo_stream_key *key, vo_time until)
{
    struct vo_wlan_session *session = context;
    vo_streams_flush(session->rtp.streams, session->rtp.calls);
    const struct vo_stream *stream = vo_streams_find(session->rtp.streams, key);
    const struct vo_call *call = stream ? vo_rtp_call_of(stream) : NULL;
    return call && call->ended != VO_TIME_UNKNOWN && call->ended <= until;
}

enum vo_status vo_wlan_session_open(struct vo_wlan_session *session, const struct vo_wlan_options *options,
                                    struct vo_record_writer *writer, struct vo_error *error)
{
    enum { STREAMS = 65536 };
    struct vo_rtp_options rtp = {.stream_limit = options->stream_limit ? options->stream_limit : STREAMS};
    memset(session, 0, sizeof *session);
    session->options = *options;
    if (!session->options.series_s)
        session->options.series_s = 5;
    session->writer = writer;
    session->now = session->first = session->last = VO_TIME_UNKNOWN;
    vo_roams_init(&session->roams, on_roam, session);
    vo_roam_watches_init(&session->watches);
    session->watches.context = session;
    session->watches.settled = on_settled;
    session->watches.heard = last_heard;
    session->watches.ended = has_ended;
    rtp.stream.series_s = session->options.series_s;
    (void)vo_playout_parse("fixed:60", &rtp.stream.playout);
    enum vo_status status = vo_keylog_add(&session->keylog, "", 0, error);
    if (status == VO_OK)
        status = vo_rtp_session_open(&session->rtp, &rtp, writer, error);
    session->rtp.keylog = session->keylog;
    if (status != VO_OK)
        vo_wlan_session_close(session);
    return status;
}

void vo_wlan_session_source(struct vo_wlan_session *session, struct vo_capture *capture)
{
    session->capture = capture;
    session->rtp.source = vo_capture_source(capture);
}

static struct vo_wlan_ear *add_ear(struct vo_wlan_session *session, unsigned interface)
{
    struct vo_wlan_ear *ear = session->ear_count < VO_WLAN_EARS ? calloc(1, sizeof *ear) : NULL;
    if (!ear)
        return NULL;
    ear->interface = interface;
    snprintf(ear->number, sizeof ear->number, "#%u", interface);
    ear->session = session;
    ear->air = vo_air_new(session->options.series_s * VO_NS_PER_S, vo_wlan_emit_rows, ear);
    if (!ear->air) {
        free(ear);
        return NULL;
    }
    vo_bsses_init(&ear->bsses);
    vo_stations_init(&ear->stations);
    vo_delivery_init(&ear->delivery, session->options.told, session->options.told_count);
    return session->ears[session->ear_count++] = ear;
}

static struct vo_wlan_ear *ear_of(struct vo_wlan_session *session, unsigned interface)
{
    for (unsigned i = 0; i < session->ear_count; i++)
        if (session->ears[i]->interface == interface)
            return session->ears[i];
    return add_ear(session, interface);
}

/* --- What a frame is ------------------------------------------------------------------------------ */

static enum vo_air_use use_of(const struct vo_ieee80211 *frame)
{
    static const uint8_t by_priority[8] = {VO_AIR_BEST_EFFORT, VO_AIR_BACKGROUND, VO_AIR_BACKGROUND,
                                           VO_AIR_BEST_EFFORT, VO_AIR_VIDEO,      VO_AIR_VIDEO,
                                           VO_AIR_VOICE,       VO_AIR_VOICE};
    if (frame->type == VO_IEEE80211_CONTROL)
        return VO_AIR_CONTROL;
    if (frame->type != VO_IEEE80211_DATA)
        return VO_AIR_MANAGEMENT;
    return frame->has & VO_IEEE80211_HAS_PRIORITY ? (enum vo_air_use)by_priority[frame->tid]
                                                  : VO_AIR_BEST_EFFORT;
}

static int8_t noise_of(const struct vo_radiotap *radio)
{
    bool told = vo_radiotap_has(radio, VO_RADIOTAP_NOISE) && vo_radiotap_level(radio->noise_dbm);
    return told ? radio->noise_dbm : 0;
}

/* A frame without a channel (drivers do not tell that of the host's own) is on the one before. */
static uint16_t channel_of(const struct vo_wlan_ear *ear, const struct vo_radiotap *radio)
{
    uint16_t mhz = vo_radiotap_mhz(radio);
    return mhz || !ear->air->now ? mhz : ear->air->now->mhz;
}

static void fill(struct vo_heard *heard, const struct vo_wlan_ear *ear,
                 const struct vo_wlan_received *received)
{
    enum { FCS = 4 };
    const struct vo_radiotap *radio = &received->radio;
    *heard = (struct vo_heard){
        .time = ear->session->now,
        .radio = radio,
        .mhz = channel_of(ear, radio),
        .signal_dbm = vo_radiotap_signal(radio),
        .noise_dbm = noise_of(radio),
        .length = received->length + (received->options & VO_IEEE80211_WITH_FCS ? 0 : FCS),
        .bad_fcs = received->bad_fcs,
        .use = VO_AIR_DAMAGED,
    };
}

/* Whether its addresses are known to belong together; then they are not damaged. */
static bool is_familiar(struct vo_wlan_ear *ear, const struct vo_ieee80211 *frame)
{
    if (frame->type == VO_IEEE80211_DATA && !vo_wlan_address_is_group(frame->receiver))
        return vo_delivery_find(&ear->delivery, frame->transmitter, frame->receiver) != NULL;
    return frame->transmitter == VO_WLAN_NO_ADDRESS ||
           (ear->station && ear->station->address == frame->transmitter) ||
           vo_stations_find(&ear->stations, frame->transmitter) != NULL;
}

static bool is_announcement(const struct vo_ieee80211 *frame)
{
    return frame->kind == VO_IEEE80211_BEACON || frame->kind == VO_IEEE80211_PROBE_RESPONSE;
}

/* Looks for an FCS where nothing tells of one. That four bytes hold as one by chance is one in 2^32. */
static void find_fcs(struct vo_wlan_ear *ear, struct vo_wlan_received *received)
{
    enum { TRIES = 64, SHORTEST = 14 };
    if (received->fcs_told)
        return;
    if (!ear->fcs_found && ear->fcs_looked_for < TRIES && received->captured == received->length &&
        received->captured >= SHORTEST) {
        ear->fcs_looked_for++;
        ear->fcs_found = vo_ieee80211_fcs_holds(received->at, received->captured, NULL);
    }
    if (ear->fcs_found)
        received->options |= VO_IEEE80211_WITH_FCS;
}

/* Whether a frame that has new addresses, or speaks of a network, is damaged, though the receiver did not say
 * so. */
static bool is_secretly_damaged(struct vo_wlan_ear *ear, const struct vo_ieee80211 *frame,
                                const struct vo_wlan_received *received)
{
    enum { FCS = 4, PATIENCE = 64 };
    if (!(received->options & VO_IEEE80211_WITH_FCS) || received->captured != received->length ||
        received->captured < FCS || ear->fcs_wrong > ear->fcs_held + PATIENCE ||
        (is_familiar(ear, frame) && !is_announcement(frame)))
        return false;
    bool holds = vo_ieee80211_fcs_holds(received->at, received->captured, frame);
    bool believed = ear->fcs_held > ear->fcs_wrong;
    ear->fcs_held += holds;
    ear->fcs_wrong += !holds;
    return believed && !holds;
}

/* --- Whose it is ---------------------------------------------------------------------------------- */

/* Control frames name stations alone: that of the BSS of either end. */
static struct vo_bss *bss_of_control(struct vo_wlan_ear *ear, const struct vo_ieee80211 *frame)
{
    const struct vo_link *before = ear->delivery.awaiting.sent ? ear->delivery.awaiting.link : NULL;
    if (before && before->transmitter == frame->receiver) /* an answer to the last frame */
        return before->bss;
    const vo_wlan_address ends[] = {frame->receiver, frame->transmitter};
    struct vo_bss *bss = NULL;
    for (unsigned i = 0; i < 2 && !bss && ends[i] != VO_WLAN_NO_ADDRESS; i++) {
        const struct vo_station *station = vo_stations_find(&ear->stations, ends[i]);
        bss = station && station->bss ? station->bss : vo_bsses_find(&ear->bsses, ends[i]);
    }
    return bss;
}

static struct vo_bss *bss_of(struct vo_wlan_ear *ear, const struct vo_ieee80211 *frame, vo_time time)
{
    if (frame->type == VO_IEEE80211_CONTROL)
        return bss_of_control(ear, frame);
    if (ear->bss && ear->bss->bssid == frame->bssid)
        return ear->bss;
    struct vo_link *link = ear->delivery.last;
    if (link && link->bss && link->bss->bssid == frame->bssid)
        return ear->bss = link->bss;
    bool begins = frame->type == VO_IEEE80211_DATA || is_announcement(frame);
    struct vo_bss *bss =
        begins ? vo_bsses_get(&ear->bsses, frame->bssid, time) : vo_bsses_find(&ear->bsses, frame->bssid);
    return bss ? ear->bss = bss : NULL;
}

static struct vo_station *station_of(struct vo_wlan_ear *ear, const struct vo_ieee80211 *frame, vo_time time)
{
    if (ear->station && ear->station->address == frame->transmitter)
        return ear->station;
    struct vo_link *link = ear->delivery.last;
    if (link && link->sender && link->transmitter == frame->transmitter)
        return ear->station = link->sender;
    struct vo_station *station = vo_stations_get(&ear->stations, frame->transmitter, time);
    if (station && link && link->transmitter == frame->transmitter)
        link->sender = station;
    return station ? ear->station = station : NULL;
}

/* --- Management, data ----------------------------------------------------------------------------- */

static void take_management(struct vo_wlan_ear *ear, struct vo_bss *bss, const struct vo_heard *heard)
{
    const struct vo_ieee80211 *frame = heard->frame;
    struct vo_ieee80211_management management;
    if (is_announcement(frame)) {
        if (bss)
            vo_bss_hear(&ear->bsses, bss, heard);
        return;
    }
    bool requests =
        frame->kind == VO_IEEE80211_ASSOCIATION_REQUEST || frame->kind == VO_IEEE80211_REASSOCIATION_REQUEST;
    if (bss && requests && !bss->ssid_size && vo_ieee80211_management_decode(frame, &management) &&
        management.elements)
        vo_bss_name(bss, &management);
    vo_roam_management(&ear->session->roams, heard);
}

/* The station of a link to or from an access point; NULL: neither end is one. */
static struct vo_roamer *roamer_of(struct vo_wlan_session *session, struct vo_link *link)
{
    if (!link->roamer && link->direction != VO_LINK_OTHER)
        link->roamer = vo_roams_get(&session->roams,
                                    link->direction == VO_LINK_FROM_AP ? link->receiver : link->transmitter);
    return link->roamer;
}

static void take_data(struct vo_wlan_ear *ear, struct vo_link *link, const struct vo_heard *heard)
{
    struct vo_wlan_session *session = ear->session;
    struct vo_roamer *roamer = roamer_of(session, link);
    bool is_protected = heard->frame->control & VO_IEEE80211_PROTECTED;
    session->counts.encrypted += is_protected;
    if (roamer)
        vo_roam_data(&session->roams, roamer, heard);
    if (is_protected && roamer)
        roamer->encrypted = true;
    bool is_told = !(heard->frame->control & VO_IEEE80211_RETRY) && vo_voice_frame(&link->voice, heard);
    if (is_told && roamer)
        vo_phone_media_packet(&session->watches, roamer, link->direction == VO_LINK_TO_AP,
                              link->direction == VO_LINK_TO_AP ? link->receiver : link->transmitter,
                              heard->time, NULL, 0, true);
    if (!is_protected)
        vo_content_hear(ear, link, heard);
}

/* What the parts that look at whole frames make of it. */
static void take_frame(struct vo_wlan_ear *ear, struct vo_heard *heard)
{
    const struct vo_ieee80211 *frame = heard->frame;
    struct vo_wlan_session *session = ear->session;
    struct vo_bss *bss = bss_of(ear, frame, heard->time);
    struct vo_station *station = station_of(ear, frame, heard->time);
    struct vo_air_channel *channel;
    uint64_t slack_ns, air_ns = vo_air_add(ear->air, heard, &slack_ns, &channel);
    if (bss && (bss->mhz == heard->mhz || !bss->known))
        vo_air_sum_add(&bss->air, heard->use, air_ns, slack_ns);
    if (station) {
        station->air_ns += air_ns;
        vo_station_hear(station, heard, bss);
    }
    struct vo_link *link = vo_delivery_hear(&ear->delivery, heard, bss, air_ns);
    struct vo_link *confirmed = ear->delivery.confirmed;
    if (confirmed && confirmed->direction == VO_LINK_FROM_AP && roamer_of(session, confirmed))
        vo_roam_confirmed(&session->roams, confirmed->roamer, confirmed->transmitter, heard);
    if (frame->type == VO_IEEE80211_MANAGEMENT)
        take_management(ear, bss, heard);
    else if (link)
        take_data(ear, link, heard);
    else if (frame->type == VO_IEEE80211_DATA)
        vo_content_hear(ear, NULL, heard);
}

static void take_damaged(struct vo_wlan_ear *ear, struct vo_heard *heard)
{
    struct vo_air_channel *channel;
    uint64_t slack_ns;
    heard->frame = NULL;
    vo_air_add(ear->air, heard, &slack_ns, &channel);
    vo_delivery_hear(&ear->delivery, heard, NULL, 0);
}

static void count(struct vo_wlan_counts *counts, const struct vo_ieee80211 *frame)
{
    counts->management += frame->type == VO_IEEE80211_MANAGEMENT;
    counts->control += frame->type == VO_IEEE80211_CONTROL;
    counts->data += frame->type == VO_IEEE80211_DATA;
    counts->beacons += frame->kind == VO_IEEE80211_BEACON;
    counts->retries += (frame->control & VO_IEEE80211_RETRY) != 0;
}

/* Cut within its header. Whose it is may be cut off, and of QoS data its category is. */
static void take_cut(struct vo_wlan_ear *ear, struct vo_heard *heard, const struct vo_ieee80211 *frame)
{
    enum { QOS = 8 };
    bool of_category = frame->type == VO_IEEE80211_DATA && frame->kind & QOS;
    struct vo_air_channel *channel;
    uint64_t slack_ns;
    heard->frame = frame;
    heard->use =
        of_category && !(frame->has & VO_IEEE80211_HAS_QOS) ? VO_AIR_UNKNOWN : (uint8_t)use_of(frame);
    vo_air_add(ear->air, heard, &slack_ns, &channel);
    heard->frame = NULL;
    vo_delivery_hear(&ear->delivery, heard, NULL, 0);
}

static void take(struct vo_wlan_ear *ear, struct vo_wlan_received *received)
{
    enum { CONTROL = 2 };
    struct vo_wlan_counts *counts = &ear->session->counts;
    struct vo_heard heard;
    struct vo_ieee80211 frame;
    find_fcs(ear, received);
    fill(&heard, ear, received);
    counts->bad_fcs += received->bad_fcs;
    if (received->bad_fcs) {
        take_damaged(ear, &heard);
        return;
    }
    enum vo_ieee80211_result result =
        vo_ieee80211_decode(received->at, received->captured, received->length, received->options, &frame);
    if (result == VO_IEEE80211_OK && is_secretly_damaged(ear, &frame, received)) {
        counts->unmarked_damage++;
        take_damaged(ear, &heard);
        return;
    }
    if (result != VO_IEEE80211_OK)
        counts->undecoded++;
    if (result == VO_IEEE80211_CUT && received->captured >= CONTROL) {
        count(counts, &frame);
        take_cut(ear, &heard, &frame);
        return;
    }
    if (result != VO_IEEE80211_OK) {
        take_damaged(ear, &heard);
        return;
    }
    heard.frame = &frame;
    heard.use = (uint8_t)use_of(&frame);
    count(counts, &frame);
    take_frame(ear, &heard);
}

static bool note_time(struct vo_wlan_session *session, vo_time time)
{
    if (time == VO_TIME_UNKNOWN || time > TIME_MOST || time < -TIME_MOST)
        return session->now != VO_TIME_UNKNOWN; /* that of the frame before */
    session->now = time;
    if (session->first == VO_TIME_UNKNOWN)
        session->first = time;
    if (session->last == VO_TIME_UNKNOWN || time > session->last)
        session->last = time;
    return true;
}

void vo_wlan_session_frame(struct vo_wlan_session *session, const struct vo_frame *frame)
{
    struct vo_wlan_received received;
    struct vo_heard heard;
    session->counts.frames++;
    enum vo_wlan_received_result result =
        vo_wlan_received_decode(frame->linktype, frame->data, frame->captured, frame->length, &received);
    if (result == VO_WLAN_RECEIVED_NOT_WLAN) {
        session->counts.not_wlan++;
        session->counts.other_linktype = frame->linktype;
        return;
    }
    if (result == VO_WLAN_RECEIVED_CUT || result == VO_WLAN_RECEIVED_MALFORMED ||
        !note_time(session, frame->time)) {
        session->counts.undecoded++;
        return;
    }
    if (session->now >= session->watches.deadline)
        vo_roam_watches_settle(&session->watches, session->now);
    struct vo_wlan_ear *ear = ear_of(session, frame->interface);
    if (!ear) {
        session->counts.left_out++;
        return;
    }
    if (result == VO_WLAN_RECEIVED_OK) {
        take(ear, &received);
        return;
    }
    session->counts.preambles++;
    fill(&heard, ear, &received);
    vo_air_add_preamble(ear->air, &heard);
}

void vo_wlan_session_finish(struct vo_wlan_session *session)
{
    for (unsigned i = 0; i < session->ear_count; i++) {
        vo_air_finish(session->ears[i]->air);
        vo_bsses_group(&session->ears[i]->bsses);
        vo_delivery_finish(&session->ears[i]->delivery, session->last);
    }
    if (session->rtp.last != VO_TIME_UNKNOWN)
        session->rtp.last = session->last;
    vo_rtp_session_finish(&session->rtp);
    vo_roam_watches_settle(&session->watches, session->now);
    vo_roam_watches_finish(&session->watches);
    if (!vo_rtp_link_calls(&session->rtp))
        session->rtp.counts.memory++;
}

void vo_wlan_session_close(struct vo_wlan_session *session)
{
    for (unsigned i = 0; i < session->ear_count; i++) {
        vo_air_free(session->ears[i]->air);
        vo_bsses_release(&session->ears[i]->bsses);
        vo_stations_release(&session->ears[i]->stations);
        vo_delivery_release(&session->ears[i]->delivery);
        free(session->ears[i]);
    }
    vo_rtp_session_close(&session->rtp);
    vo_keylog_free(session->keylog);
    vo_roam_watches_release(&session->watches);
    vo_roams_release(&session->roams);
    free(session->kept);
    memset(session, 0, sizeof *session);
}

bool vo_wlan_is_surveyed(const struct vo_wlan_session *session, const struct vo_bss *bss)
{
    const struct vo_wlan_options *options = &session->options;
    return bss && vo_ssid_is_told(bss->ssid, bss->ssid_size, options->ssids, options->ssid_count);
}

static const char *rtp_left_out(const struct vo_rtp_session *rtp)
{
    if (rtp->counts.memory)
        return "out of memory: some packets or messages in unencrypted frames were not measured";
    if (vo_streams_evicted(rtp->streams))
        return "more RTP streams were open at once than are kept: those idle the longest were closed early";
    if (rtp->counts.unsorted)
        return "unencrypted frames of more links were heard than are sorted";
    if (vo_calls_evicted(rtp->calls))
        return "more calls were heard than are followed";
    if (rtp->counts.hidden_left_out)
        return "TLS connections to more SIP servers were heard than are kept apart";
    return NULL;
}

const char *vo_wlan_session_left_out(const struct vo_wlan_session *session)
{
    if (session->counts.left_out)
        return "frames were left out for want of memory, or came from more interfaces than are kept apart";
    if (session->roams.left_out)
        return "more stations were heard than are followed while roaming, or memory ran out";
    for (unsigned i = 0; i < session->ear_count; i++) {
        const struct vo_wlan_ear *ear = session->ears[i];
        if (ear->bsses.left_out || ear->bsses.ungrouped || ear->stations.left_out || ear->delivery.left_out ||
            ear->delivery.unsorted || ear->air->left_out)
            return "more BSSs, stations, links or channels were heard than are kept, or memory ran out";
    }
    return rtp_left_out(&session->rtp);
}
