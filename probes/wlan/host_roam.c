#include "probes/wlan/host_roam.h"

#include "probes/decode/bytes.h"

#include <string.h>

#define FAILED_ONCE                                                                                          \
    (500 * VO_NS_PER_MS)               /* refusals of one attempt: authentication, association, connection */
#define SCAN_MOST   (60 * VO_NS_PER_S) /* the end of a longer one was missed */
#define BUSY_MOST   (30 * VO_NS_PER_S)
#define GIVEN_UP    (2 * VO_NS_PER_S) /* still with the old access point so long after an attempt */
#define LOST_NEAR   (1 * VO_NS_PER_S) /* announcements lost so shortly before may be of the roam */
#define KEYS_WITHIN (5 * VO_NS_PER_S) /* later ones are of the group's keys */

enum { ALGORITHM_FT = 2, ALGORITHM_SAE = 3, ALGORITHM_FILS = 4, ALGORITHM_FILS_LAST = 6 };
enum { MANAGEMENT_HEADER = 24 };

void vo_host_roams_init(struct vo_host_roams *roams, uint32_t index,
                        void (*done)(void *context, const struct vo_host_roam *roam), void *context)
{
    memset(roams, 0, sizeof *roams);
    roams->index = index;
    roams->done = done;
    roams->context = context;
    roams->scan_began = roams->scan_ended = roams->disagreeing = VO_TIME_UNKNOWN;
    roams->steady = roams->read = roams->lost_at = VO_TIME_UNKNOWN;
}

/* --- Beginning and ending ------------------------------------------------------------------------- */

static void tell(struct vo_host_roams *roams, vo_time at)
{
    struct vo_host_roam *roam = &roams->now;
    roam->settled = at;
    roam->after = roams->addresses;
    roams->phase = VO_HOST_ROAM_IDLE;
    roams->done(roams->context, roam);
}

/* A scan that led to the roam. */
static void take_scan(struct vo_host_roams *roams, vo_time at)
{
    if (roams->scan_began == VO_TIME_UNKNOWN || at - roams->scan_began > SCAN_MOST ||
        (roams->scan_ended != VO_TIME_UNKNOWN && at - roams->scan_ended > VO_HOST_ROAM_SCAN))
        return;
    roams->now.scan_began = roams->scan_began;
    roams->now.scan_ended = roams->scan_ended;
}

static void begin(struct vo_host_roams *roams, vo_time at)
{
    struct vo_host_roam *roam = &roams->now;
    if (roams->phase == VO_HOST_ROAM_SETTLING) {
        roam->next = true;
        tell(roams, at);
    }
    *roam =
        (struct vo_host_roam){.from = roams->ap,
                              .from_mhz = roams->mhz,
                              .from_dbm = roams->dbm,
                              .ssid_size = roams->ssid_size,
                              .begun = at,
                              .algorithm = UINT16_MAX,
                              .lost = roams->lost_at != VO_TIME_UNKNOWN && at - roams->lost_at < LOST_NEAR,
                              .before = roams->addresses};
    memcpy(roam->ssid, roams->ssid, sizeof roam->ssid);
    roam->scan_began = roam->scan_ended = roam->left = roam->authenticated = VO_TIME_UNKNOWN;
    roam->associated = roam->connected = roam->authorized = roam->settled = VO_TIME_UNKNOWN;
    take_scan(roams, at);
    roams->phase = VO_HOST_ROAM_UNDERWAY;
    roams->target = 0;
    roams->failed = 0;
    roams->disagreeing = VO_TIME_UNKNOWN;
}

/* It is connected; to whom it had authenticated, if the announcement does not say. */
static void connect_to(struct vo_host_roams *roams, vo_wlan_address to, vo_time at)
{
    struct vo_host_roam *roam = &roams->now;
    if (to == 0 || to == VO_WLAN_NO_ADDRESS)
        to = roams->target;
    if (roams->phase == VO_HOST_ROAM_UNDERWAY) {
        roam->to = to;
        roam->connected = at;
        roams->phase = VO_HOST_ROAM_SETTLING;
    }
    roams->ap = to;
    roams->mhz = 0;
    roams->dbm = 0;
    roams->confirmed = false;
    roams->disagreeing = VO_TIME_UNKNOWN;
    roams->steady = at;
}

static void leave(struct vo_host_roams *roams, const struct vo_wlan_event *event, vo_time at)
{
    vo_wlan_address peer = vo_wlan_event_has(event, VO_EVENT_PEER) ? event->peer : 0;
    struct vo_host_roam *roam = &roams->now;
    if (roams->phase != VO_HOST_ROAM_UNDERWAY) {
        if (!roams->ap || (peer && peer != roams->ap))
            return; /* of the one that it left before */
        begin(roams, at);
    } else if (peer && peer != roam->from) {
        return;
    }
    roams->ap = 0;
    if (roam->left == VO_TIME_UNKNOWN)
        roam->left = at;
    if (vo_wlan_event_has(event, VO_EVENT_REASON) && !roam->reason)
        roam->reason = event->reason;
    roam->by_peer |= event->by_peer;
}

static void fail(struct vo_host_roams *roams, vo_wlan_address peer, vo_time at)
{
    if (roams->phase != VO_HOST_ROAM_UNDERWAY)
        return;
    if (roams->failed != peer || at - roams->failed_at > FAILED_ONCE)
        roams->now.attempts++;
    roams->failed = peer;
    roams->failed_at = at;
}

/* --- Announcements -------------------------------------------------------------------------------- */

static bool went_well(const struct vo_wlan_event *event)
{
    return !event->timed_out && !(vo_wlan_event_has(event, VO_EVENT_STATUS) && event->status);
}

static void authenticate(struct vo_host_roams *roams, const struct vo_wlan_event *event, vo_time at)
{
    struct vo_host_roam *roam = &roams->now;
    if (roams->phase != VO_HOST_ROAM_UNDERWAY) {
        if (!roams->ap)
            return; /* it comes from nowhere */
        begin(roams, at);
    }
    if (!went_well(event)) {
        fail(roams, event->peer, at);
        return;
    }
    if (roam->scan_began == VO_TIME_UNKNOWN)
        take_scan(roams, at);
    roam->authenticated = at;
    roams->target = event->peer;
    if (vo_wlan_event_has(event, VO_EVENT_FRAME) && event->frame_size >= MANAGEMENT_HEADER + 2)
        roam->algorithm = vo_load16_le(event->frame + MANAGEMENT_HEADER);
}

static void associate(struct vo_host_roams *roams, const struct vo_wlan_event *event, vo_time at)
{
    if (roams->phase != VO_HOST_ROAM_UNDERWAY) {
        roams->target = event->peer;
    } else if (!went_well(event)) {
        fail(roams, event->peer, at);
    } else {
        roams->now.associated = at;
        roams->target = event->peer;
    }
}

static void connect_event(struct vo_host_roams *roams, const struct vo_wlan_event *event, vo_time at)
{
    vo_wlan_address peer = vo_wlan_event_has(event, VO_EVENT_PEER) ? event->peer : 0;
    if (!went_well(event)) {
        fail(roams, peer ? peer : roams->target, at);
        return;
    }
    if (event->kind == VO_WLAN_EVENT_ROAMED && roams->phase != VO_HOST_ROAM_UNDERWAY && roams->ap) {
        begin(roams, at);
        roams->now.by_driver = true;
    }
    connect_to(roams, peer, at);
}

void vo_host_roams_event(struct vo_host_roams *roams, const struct vo_wlan_event *event, vo_time at)
{
    if (event->kind == VO_WLAN_EVENT_LOST) {
        roams->now.lost++;
        roams->lost_at = at;
        return;
    }
    if (event->index != roams->index || !vo_wlan_event_has(event, VO_EVENT_INTERFACE))
        return;
    switch (event->kind) {
    case VO_WLAN_EVENT_SCAN_STARTED:
        roams->scan_began = at;
        roams->scan_ended = VO_TIME_UNKNOWN;
        break;
    case VO_WLAN_EVENT_SCAN_DONE:
    case VO_WLAN_EVENT_SCAN_ABORTED:
        roams->scan_ended = at;
        break;
    case VO_WLAN_EVENT_AUTHENTICATED:
        authenticate(roams, event, at);
        break;
    case VO_WLAN_EVENT_ASSOCIATED:
        associate(roams, event, at);
        break;
    case VO_WLAN_EVENT_CONNECTED:
    case VO_WLAN_EVENT_ROAMED:
        connect_event(roams, event, at);
        break;
    case VO_WLAN_EVENT_AUTHORIZED:
        if (roams->phase == VO_HOST_ROAM_SETTLING && roams->now.authorized == VO_TIME_UNKNOWN)
            roams->now.authorized = at;
        break;
    case VO_WLAN_EVENT_DEAUTHENTICATED:
    case VO_WLAN_EVENT_DISASSOCIATED:
    case VO_WLAN_EVENT_DISCONNECTED:
    case VO_WLAN_EVENT_DEL_STATION:
        leave(roams, event, at);
        break;
    case VO_WLAN_EVENT_EAPOL:
        if (vo_wlan_event_has(event, VO_EVENT_FRAME) && event->frame_size >= 2)
            vo_host_roams_eapol(roams, event->frame[1] == 3, at);
        break;
    default:
        break;
    }
}

/* --- Readings ------------------------------------------------------------------------------------- */

/* Whether readings have said otherwise than announcements for long enough: those were lost, or never came. */
static bool believed(struct vo_host_roams *roams, vo_time at)
{
    if (roams->disagreeing == VO_TIME_UNKNOWN)
        roams->disagreeing = at;
    return at - roams->disagreeing >= VO_HOST_ROAM_DOUBT;
}

static void read_level(struct vo_host_roams *roams, const struct vo_host_reading *reading, vo_time at)
{
    struct vo_host_roam *roam = &roams->now;
    roams->disagreeing = VO_TIME_UNKNOWN;
    roams->confirmed = true;
    roams->steady = at;
    if (reading->mhz)
        roams->mhz = reading->mhz;
    if (reading->dbm)
        roams->dbm = reading->dbm;
    if (reading->ssid_size) {
        roams->ssid_size = reading->ssid_size;
        memcpy(roams->ssid, reading->ssid, reading->ssid_size);
    }
    if (roams->phase != VO_HOST_ROAM_SETTLING)
        return;
    if (reading->ssid_size && roam->ssid_size)
        roam->other_network = roam->ssid_size != reading->ssid_size ||
                              memcmp(roam->ssid, reading->ssid, reading->ssid_size) != 0;
    if (!roam->to_mhz)
        roam->to_mhz = reading->mhz;
    if (!roam->to_dbm)
        roam->to_dbm = reading->dbm;
    roam->open = reading->network_known && reading->open;
    roam->keys_due |= reading->flags_told && !reading->authorized;
    if (roam->authorized == VO_TIME_UNKNOWN && reading->flags_told && reading->authorized) {
        vo_time before = roams->read > roam->connected ? roams->read : roam->connected;
        roam->authorized = at;
        roam->authorized_slack = at - before;
    }
}

/* By readings alone: some time between the last one that agreed and the first that did not. */
static void move_by_readings(struct vo_host_roams *roams, const struct vo_host_reading *reading, vo_time at)
{
    vo_time left = roams->steady, seen = roams->disagreeing;
    if (reading->associated && roams->ap && !roams->confirmed) {
        /* the same association under another address: a link's, and the multi-link device's */
        roams->ap = reading->bssid;
        read_level(roams, reading, at);
        return;
    }
    if (roams->phase != VO_HOST_ROAM_UNDERWAY) {
        begin(roams, left == VO_TIME_UNKNOWN ? seen : left);
        roams->now.by_readings = true;
        roams->ap = 0;
    }
    if (reading->associated) {
        roams->now.by_readings = true;
        connect_to(roams, reading->bssid, seen);
        read_level(roams, reading, at);
    }
}

/* An attempt at another access point came to nothing before this one was left: no roam. */
static void give_up(struct vo_host_roams *roams, vo_time at)
{
    const struct vo_host_roam *roam = &roams->now;
    vo_time last = roam->authenticated > roam->begun ? roam->authenticated : roam->begun;
    if (roams->failed && roams->failed_at > last)
        last = roams->failed_at;
    if (roams->phase == VO_HOST_ROAM_UNDERWAY && at - last > GIVEN_UP)
        roams->phase = VO_HOST_ROAM_IDLE;
}

void vo_host_roams_read(struct vo_host_roams *roams, const struct vo_host_reading *reading, vo_time at)
{
    if (reading->addresses)
        roams->addresses = *reading->addresses;
    if (!roams->ap && roams->phase == VO_HOST_ROAM_IDLE) {
        if (reading->associated) /* where it is at the start, or after nothing */
            connect_to(roams, reading->bssid, at);
    }
    bool agrees = reading->associated ? reading->bssid == roams->ap : !roams->ap;
    if (agrees && reading->associated) {
        read_level(roams, reading, at);
        give_up(roams, at);
    }
    if (agrees)
        roams->disagreeing = VO_TIME_UNKNOWN;
    else if (believed(roams, at))
        move_by_readings(roams, reading, at);
    roams->read = at;
}

/* --- Packets and time ----------------------------------------------------------------------------- */

void vo_host_roams_dhcp(struct vo_host_roams *roams, vo_time at)
{
    if (roams->phase != VO_HOST_ROAM_IDLE && at >= roams->now.begun)
        roams->now.dhcp = true;
}

void vo_host_roams_eapol(struct vo_host_roams *roams, bool key, vo_time at)
{
    struct vo_host_roam *roam = &roams->now;
    if (roams->phase == VO_HOST_ROAM_IDLE || at < roam->begun ||
        (roam->connected != VO_TIME_UNKNOWN && at - roam->connected > KEYS_WITHIN))
        return;
    roam->eap_frames += !key;
    roam->key_frames += key;
}

void vo_host_roams_tick(struct vo_host_roams *roams, vo_time at)
{
    vo_time ended = vo_host_roam_ended(&roams->now);
    if (roams->phase != VO_HOST_ROAM_SETTLING)
        return;
    if (ended != VO_TIME_UNKNOWN ? at - ended >= VO_HOST_ROAM_AFTER
                                 : at - roams->now.connected >= VO_HOST_ROAM_KEYS)
        tell(roams, at);
}

void vo_host_roams_finish(struct vo_host_roams *roams, vo_time at)
{
    roams->now.cut = true;
    if (roams->phase != VO_HOST_ROAM_IDLE)
        tell(roams, at);
}

bool vo_host_roams_busy(const struct vo_host_roams *roams, vo_time at)
{
    bool settling = roams->phase == VO_HOST_ROAM_SETTLING && roams->now.authorized == VO_TIME_UNKNOWN;
    return (settling || roams->phase == VO_HOST_ROAM_UNDERWAY) && at - roams->now.begun < BUSY_MOST;
}

/* --- Words ---------------------------------------------------------------------------------------- */

vo_time vo_host_roam_ended(const struct vo_host_roam *roam)
{
    return roam->authorized != VO_TIME_UNKNOWN || roam->keys_due ? roam->authorized : roam->connected;
}

const char *vo_host_roam_method(const struct vo_host_roam *roam)
{
    if (roam->algorithm == ALGORITHM_FT)
        return "ft";
    if (roam->eap_frames || (roam->algorithm >= ALGORITHM_FILS && roam->algorithm <= ALGORITHM_FILS_LAST))
        return "authentication";
    if (roam->algorithm == ALGORITHM_SAE)
        return "sae";
    if (roam->key_frames)
        return "handshake";
    return roam->open ? "open" : "unseen";
}

const char *vo_host_roam_subnet(const struct vo_host_roam *roam, const char **why)
{
    if (!roam->before.count)
        *why = "the interface had no IP address before the roam";
    else if (roam->to == 0)
        *why = "it associated with no access point again";
    else if (roam->next)
        *why = "another roam began before the address could have changed";
    else if (!roam->after.count)
        *why = "the interface has no IP address after the roam";
    else
        return vo_addresses_has(&roam->after, &roam->before.list[0]) ? "same" : "different";
    return NULL;
}
