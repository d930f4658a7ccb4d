/* BPF filters on files, and link types by libpcap's numbers. */
#include "probes/io/capture_private.h"

/* The few whose DLT_ differs between systems and so from the LINKTYPE_ in files (tcpdump.org/linktypes.html).
 * Files of old writers hold a raw 12 or 14, which mean the same. */
static const struct pair {
    uint32_t linktype;
    int dlt;
} pairs[] = {
    {100, DLT_ATM_RFC1483}, {101, DLT_RAW}, {102, DLT_SLIP_BSDOS}, {103, DLT_PPP_BSDOS},
    {106, DLT_ATM_CLIP},    {12, DLT_RAW},  {14, DLT_RAW},         {246, DLT_PFSYNC},
};

int vo_linktype_to_dlt(uint32_t linktype)
{
    for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++)
        if (pairs[i].linktype == linktype)
            return pairs[i].dlt;
    return (int)linktype;
}

uint32_t vo_dlt_to_linktype(int dlt)
{
    for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++)
        if (pairs[i].dlt == dlt)
            return pairs[i].linktype;
    return (uint32_t)dlt;
}

enum vo_status vo_filter_compile(const char *filter, struct vo_known_interface *interface,
                                 struct vo_error *error)
{
    int dlt = vo_linktype_to_dlt(interface->shown.linktype);
    pcap_t *dead = pcap_open_dead(dlt, (int)VO_FRAME_MAX);
    if (!dead)
        return vo_error_memory(error, "the filter");
    enum vo_status status = VO_OK;
    if (pcap_compile(dead, &interface->program, filter, 1, PCAP_NETMASK_UNKNOWN) != 0) {
        const char *name = pcap_datalink_val_to_name(dlt);
        status = vo_error_set(error, VO_ERR_USAGE, "the filter '%s' cannot be used on link type %u (%s): %s",
                              filter, interface->shown.linktype, name ? name : "unknown to libpcap",
                              pcap_geterr(dead));
    } else {
        interface->filtered = true;
    }
    pcap_close(dead);
    return status;
}

bool vo_filter_matches(const struct vo_known_interface *interface, const struct vo_frame *frame)
{
    if (!interface->filtered)
        return true;
    struct pcap_pkthdr header = {.caplen = frame->captured, .len = frame->length};
    return pcap_offline_filter(&interface->program, &header, frame->data) != 0;
}
