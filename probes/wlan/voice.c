#include "probes/wlan/voice.h"

#include <stdio.h>
#include <string.h>

static unsigned priority_of(const struct vo_ieee80211 *frame)
{
    return frame->has & VO_IEEE80211_HAS_PRIORITY ? frame->tid : VO_VOICE_NO_PRIORITY;
}

/* Whether an encrypted frame is of the voice that the user told of. */
static bool is_told(struct vo_voice *voice, const struct vo_heard *heard)
{
    enum { LONGEST = 400 };
    static const vo_time quickest = 5 * VO_NS_PER_MS, slowest = 70 * VO_NS_PER_MS;
    uint32_t bytes = heard->frame->body_length;
    const struct vo_voice_told *told = voice->told;
    if (!told || (told->bytes ? bytes != told->bytes : bytes > LONGEST))
        return false;
    vo_time since = heard->time - voice->paced;
    bool paced = bytes == voice->paced_bytes && since >= quickest && since <= slowest;
    voice->paced = heard->time;
    voice->paced_bytes = bytes;
    return paced;
}

bool vo_voice_frame(struct vo_voice *voice, const struct vo_heard *heard)
{
    unsigned priority = priority_of(heard->frame);
    voice->up[priority]++;
    if (!(heard->frame->control & VO_IEEE80211_PROTECTED))
        return false;
    voice->encrypted++;
    bool told = is_told(voice, heard);
    voice->voice[priority] += told;
    return told;
}

/* Whether the packet goes on from one before. */
static bool goes_on(struct vo_voice *voice, uint32_t ssrc, uint16_t sequence)
{
    enum { NEAR = 100 };
    unsigned at = (ssrc ^ ssrc >> 16) % VO_VOICE_STREAMS;
    bool near = voice->streams[at].used && voice->streams[at].ssrc == ssrc &&
                (uint16_t)(sequence - voice->streams[at].sequence) < NEAR;
    voice->streams[at].ssrc = ssrc;
    voice->streams[at].sequence = sequence;
    voice->streams[at].used = true;
    return near;
}

bool vo_voice_rtp(struct vo_voice *voice, const struct vo_heard *heard, uint32_t ssrc, uint16_t sequence,
                  uint8_t dscp)
{
    enum { EF = 46 };
    bool counts = !(heard->frame->control & VO_IEEE80211_RETRY);
    if (!goes_on(voice, ssrc, sequence))
        return false;
    voice->voice[priority_of(heard->frame)] += counts;
    voice->voice_plain += counts;
    voice->voice_dscp_46 += counts && dscp == EF;
    return true;
}

uint64_t vo_voice_frames(const struct vo_voice *voice)
{
    uint64_t sum = 0;
    for (unsigned i = 0; i < sizeof voice->voice / sizeof *voice->voice; i++)
        sum += voice->voice[i];
    return sum;
}

bool vo_voice_told_parse(const char *text, struct vo_voice_told *told)
{
    enum { BYTES = 6, MOST = 11454 };
    unsigned byte[BYTES], length = 0;
    int used = 0;
    char slash = 0, rest = 0;
    if (strspn(text, "0123456789abcdefABCDEF:/") != strlen(text) ||
        sscanf(text, "%2x:%2x:%2x:%2x:%2x:%2x%n", &byte[0], &byte[1], &byte[2], &byte[3], &byte[4], &byte[5],
               &used) != BYTES)
        return false;
    if (text[used] && (sscanf(text + used, "%c%5u%c", &slash, &length, &rest) != 2 || slash != '/' ||
                       length == 0 || length > MOST))
        return false;
    told->address = 0;
    for (unsigned i = 0; i < BYTES; i++)
        told->address = told->address << 8 | byte[i];
    told->bytes = length;
    return !vo_wlan_address_is_group(told->address);
}
