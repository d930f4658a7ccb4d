#include "probes/decode/packet.h"
#include "probes/decode/layers.h"

#include <stdio.h>

enum { LINKTYPE_ETHERNET = 1 };

static const struct link_type {
    uint32_t linktype;
    const char *name;
    vo_layer_decode *decode;
} link_types[] = {
    {0, "BSD loopback", vo_layer_null},
    {LINKTYPE_ETHERNET, "Ethernet", vo_layer_ethernet},
    {9, "PPP", vo_layer_ppp_hdlc},
    {12, "raw IP", vo_layer_ip},
    {14, "raw IP", vo_layer_ip},
    {50, "PPP in HDLC framing", vo_layer_ppp_hdlc},
    {51, "PPPoE", vo_layer_pppoe},
    {101, "raw IP", vo_layer_ip},
    {104, "Cisco HDLC", vo_layer_ppp_hdlc},
    {105, "802.11", vo_layer_wlan},
    {108, "OpenBSD loopback", vo_layer_null},
    {113, "Linux cooked v1", vo_layer_sll},
    {119, "802.11 with Prism header", vo_layer_prism},
    {127, "802.11 with radiotap", vo_layer_radiotap},
    {163, "802.11 with AVS header", vo_layer_avs},
    {192, "PPI", vo_layer_ppi},
    {197, "ERF", vo_layer_erf},
    {228, "raw IPv4", vo_layer_ipv4},
    {229, "raw IPv6", vo_layer_ipv6},
    {276, "Linux cooked v2", vo_layer_sll2},
};
enum { LINK_TYPES = sizeof link_types / sizeof *link_types };

static const struct link_type *find_link_type(uint32_t linktype)
{
    for (unsigned i = 0; i < LINK_TYPES; i++)
        if (link_types[i].linktype == linktype)
            return &link_types[i];
    return NULL;
}

const char *vo_linktype_name(uint32_t linktype)
{
    const struct link_type *type = find_link_type(linktype);
    return type ? type->name : NULL;
}

vo_layer_decode *vo_layer_of_linktype(uint32_t linktype)
{
    const struct link_type *type = find_link_type(linktype);
    return type ? type->decode : NULL;
}

/* The members that a decoder may leave alone. Not the whole struct: clearing that would cost more than
 * decoding. */
static inline void start_layers(struct vo_packet *packet)
{
    packet->source_port = packet->destination_port = 0;
    packet->protocol = 0;
    packet->payload = NULL;
    packet->payload_size = packet->payload_length = 0;
    packet->rest = NULL;
}

static inline void start(struct vo_packet *packet)
{
    start_layers(packet);
    packet->flags = 0;
    packet->user_priority = 0xff;
    packet->outer_dscp = 0;
    packet->encap_count = 0;
    packet->encap_hash = 0;
}

enum vo_decoded vo_decode_frame(uint32_t linktype, const uint8_t *data, uint32_t captured, uint32_t length,
                                struct vo_packet *packet)
{
    struct vo_layer layer = {data, captured, length < captured ? captured : length};
    start(packet);
    if (linktype == LINKTYPE_ETHERNET)
        return vo_layer_ethernet(packet, layer);
    const struct link_type *type = find_link_type(linktype);
    return type ? type->decode(packet, layer) : VO_DECODED_LINK;
}

enum vo_decoded vo_decode_wlan(const struct vo_ieee80211 *frame, struct vo_packet *packet)
{
    unsigned control = frame->control;
    start(packet);
    if (frame->type != VO_IEEE80211_DATA)
        return VO_DECODED_OTHER;
    packet->flags = (uint8_t)(VO_PACKET_WLAN | (control & VO_IEEE80211_RETRY ? VO_PACKET_WLAN_RETRY : 0));
    if (frame->has & VO_IEEE80211_HAS_PRIORITY)
        packet->user_priority = frame->tid;
    if (frame->has & VO_IEEE80211_NO_BODY || control & VO_IEEE80211_MORE_FRAGMENTS || frame->fragment)
        return VO_DECODED_OTHER;
    struct vo_mpdu mpdu = {
        .transmitter = frame->transmitter,
        .receiver = frame->receiver,
        .sequence = frame->sequence,
        .tid = frame->has & VO_IEEE80211_HAS_QOS ? frame->tid : VO_MPDU_NO_TID,
    };
    struct vo_layer body = {frame->body, frame->body_size, frame->body_length};
    bool amsdu = frame->has & VO_IEEE80211_IS_AMSDU;
    if (!(control & VO_IEEE80211_PROTECTED) && !amsdu && frame->has & VO_IEEE80211_HAS_QOS)
        body = vo_layer_after(
            body, vo_ieee80211_mesh_control(control, frame->qos_control, frame->body, frame->body_size));
    return vo_layer_wlan_body(packet, body, control, amsdu, &mpdu);
}

enum vo_decoded vo_decode_next(struct vo_packet *packet)
{
    struct vo_layer layer = {packet->rest, packet->rest_size, packet->rest_length};
    start_layers(packet);
    packet->flags = packet->rest_flags;
    packet->user_priority = packet->rest_user_priority;
    packet->encap_count = packet->rest_encap_count;
    packet->encap_hash = 0;
    for (unsigned i = 0; i < packet->encap_count; i++)
        packet->encap_hash = vo_encap_mix(packet->encap_hash, packet->encap[i].kind, packet->encap[i].id);
    return vo_layer_amsdu(packet, layer);
}

enum vo_decoded vo_decode_transport(struct vo_packet *packet, uint8_t protocol, const uint8_t *data,
                                    uint32_t size)
{
    enum { FRAGMENT_HEADER = 8 }; /* of IPv6; gone after reassembly */
    uint32_t headers = packet->ip_length - packet->payload_length;
    if (packet->flags & VO_PACKET_IPV6 && headers >= FRAGMENT_HEADER)
        headers -= FRAGMENT_HEADER;
    packet->ip_length = headers + size;
    packet->flags &= (uint8_t)~VO_PACKET_SNAPPED;
    return vo_layer_transport(packet, protocol, (struct vo_layer){data, size, size});
}

/* Text of the encapsulations, and whether and how the id is told. */
static const struct {
    const char *name;
    enum { ID_ALWAYS, ID_IF_ANY, ID_NEVER, ID_ADDRESS } id;
} encap_names[] = {
    [VO_ENCAP_VLAN] = {"vlan", ID_ALWAYS},      [VO_ENCAP_MPLS] = {"mpls", ID_ALWAYS},
    [VO_ENCAP_PPPOE] = {"pppoe", ID_ALWAYS},    [VO_ENCAP_IPIP] = {"ipip", ID_NEVER},
    [VO_ENCAP_GRE] = {"gre", ID_IF_ANY},        [VO_ENCAP_ERSPAN] = {"erspan", ID_IF_ANY},
    [VO_ENCAP_VXLAN] = {"vxlan", ID_ALWAYS},    [VO_ENCAP_GENEVE] = {"geneve", ID_ALWAYS},
    [VO_ENCAP_CAPWAP] = {"capwap", ID_NEVER},   [VO_ENCAP_GTPU] = {"gtpu", ID_ALWAYS},
    [VO_ENCAP_TO_AP] = {"to_ap", ID_ADDRESS},   [VO_ENCAP_FROM_AP] = {"from_ap", ID_ADDRESS},
    [VO_ENCAP_GROUP] = {"group", ID_ADDRESS},   [VO_ENCAP_WDS] = {"wds", ID_ADDRESS},
    [VO_ENCAP_DIRECT] = {"direct", ID_ADDRESS},
};

char *vo_encap_format(const struct vo_encap *encap, unsigned count, char *text)
{
    size_t used = 0;
    text[0] = '\0';
    for (unsigned i = 0; i < count && i < VO_ENCAP_MAX; i++) {
        unsigned kind = encap[i].kind;
        if (kind >= sizeof encap_names / sizeof *encap_names || !encap_names[kind].name)
            continue;
        const char *slash = used ? "/" : "", *name = encap_names[kind].name;
        size_t left = VO_ENCAP_TEXT - used;
        char address[VO_WLAN_ADDRESS_TEXT];
        bool told = encap_names[kind].id == ID_ALWAYS || (encap_names[kind].id == ID_IF_ANY && encap[i].id);
        int added =
            encap_names[kind].id == ID_ADDRESS ? snprintf(text + used, left, "%s%s-%s", slash, name,
                                                          vo_wlan_address_text(encap[i].id, address))
            : told ? snprintf(text + used, left, "%s%s%llu", slash, name, (unsigned long long)encap[i].id)
                   : snprintf(text + used, left, "%s%s", slash, name);
        used += (size_t)added;
    }
    return text;
}

uint32_t vo_encap_back(const struct vo_encap *encap, unsigned count, uint32_t hash)
{
    unsigned kind = count ? encap[0].kind : 0;
    if (kind != VO_ENCAP_TO_AP && kind != VO_ENCAP_FROM_AP)
        return hash;
    hash = vo_encap_mix(0, kind == VO_ENCAP_TO_AP ? VO_ENCAP_FROM_AP : VO_ENCAP_TO_AP, encap[0].id);
    for (unsigned i = 1; i < count; i++)
        hash = vo_encap_mix(hash, encap[i].kind, encap[i].id);
    return hash;
}
