#include "probes/decode/colocated.h"

#include "probes/decode/bss_info.h"

/* --- Multiple BSSID ------------------------------------------------------------------------------- */

void vo_nontransmitted_begin(const uint8_t *elements, uint32_t size, vo_wlan_address bssid,
                             struct vo_nontransmitted_list *list)
{
    *list = (struct vo_nontransmitted_list){.rest = vo_elements_of(elements, size), .transmitter = bssid};
}

/* The last `bits` bits count on from the transmitter's, within themselves (11.1.3.8.2). */
static vo_wlan_address nontransmitted_bssid(vo_wlan_address transmitter, unsigned bits, unsigned index)
{
    uint64_t mask = (UINT64_C(1) << bits) - 1;
    return (transmitter & ~mask) | ((transmitter + index) & mask);
}

static bool read_profile(const struct vo_nontransmitted_list *list, const struct vo_element *profile,
                         struct vo_nontransmitted *bss)
{
    struct vo_elements inside = vo_elements_of(profile->data, profile->size);
    struct vo_element element;
    *bss = (struct vo_nontransmitted){.elements = profile->data, .elements_size = profile->size};
    while (vo_element_next(&inside, &element)) {
        if (element.id == VO_ELEMENT_NONTRANSMITTED_CAPABILITY && element.size >= 2) {
            bss->has_capability = true;
            bss->capability = vo_load16_le(element.data);
        }
        if (element.id != VO_ELEMENT_MULTIPLE_BSSID_INDEX || element.size == 0)
            continue;
        bss->index = element.data[0];
        bss->bssid = nontransmitted_bssid(list->transmitter, list->bits, bss->index);
        return bss->index != 0 && bss->index < 1u << list->bits;
    }
    return false;
}

enum { PROFILE = 0, MOST_BITS = 8 };

/* The second part of a profile that ended its element: what the next multiple BSSID element begins with, if
 * that is a profile that does not begin as one does, with its capability (9.4.2.45). */
static void find_rest(const struct vo_nontransmitted_list *list, struct vo_nontransmitted *bss)
{
    struct vo_elements rest = list->rest, inside, subelements;
    struct vo_element element, first;
    if (list->profiles.left.left)
        return;
    do {
        if (!vo_element_next(&rest, &element))
            return;
    } while (element.id != VO_ELEMENT_MULTIPLE_BSSID || element.size == 0);
    subelements = vo_elements_of(element.data + 1, element.size - 1);
    if (!vo_element_next(&subelements, &element) || element.id != PROFILE)
        return;
    inside = vo_elements_of(element.data, element.size);
    if (!vo_element_next(&inside, &first) || first.id == VO_ELEMENT_NONTRANSMITTED_CAPABILITY)
        return;
    bss->rest = element.data;
    bss->rest_size = element.size;
}

bool vo_nontransmitted_next(struct vo_nontransmitted_list *list, struct vo_nontransmitted *bss)
{
    struct vo_element element;
    for (;;) {
        while (vo_element_next(&list->profiles, &element)) {
            if (element.id == PROFILE && read_profile(list, &element, bss)) {
                find_rest(list, bss);
                return true;
            }
        }
        do {
            if (!vo_element_next(&list->rest, &element))
                return false;
        } while (element.id != VO_ELEMENT_MULTIPLE_BSSID || element.size == 0 || element.data[0] == 0 ||
                 element.data[0] > MOST_BITS || list->transmitter == VO_WLAN_NO_ADDRESS);
        list->bits = element.data[0];
        list->profiles = vo_elements_of(element.data + 1, element.size - 1);
    }
}

struct target {
    uint8_t *buffer;
    uint32_t room, used;
};

/* An element with its header and fragments, as it stands in a list. */
static void append(struct target *to, const uint8_t *at, uint32_t size)
{
    if (size > to->room - to->used)
        return;
    memcpy(to->buffer + to->used, at, size);
    to->used += size;
}

static void append_profile(struct target *to, const uint8_t *data, uint32_t size)
{
    struct vo_elements elements = vo_elements_of(data, size);
    struct vo_element element;
    const uint8_t *at = elements.left.at;
    while (vo_element_next(&elements, &element)) {
        append(to, at, (uint32_t)(elements.left.at - at));
        at = elements.left.at;
    }
}

/* Whether the element Non-Inheritance (9.4.2.240) names this id: a list of ids, and one of extensions. */
static bool is_named(const struct vo_element *list, uint16_t id)
{
    static const uint16_t first[2] = {0, VO_ELEMENT_EXTENDED(0)};
    struct vo_bytes bytes = vo_bytes_of(list->data, list->size);
    for (unsigned part = 0; part < 2; part++) {
        uint8_t count = vo_bytes_u8(&bytes);
        const uint8_t *at = vo_bytes_take(&bytes, count);
        for (unsigned i = 0; at && i < count; i++)
            if (first[part] + at[i] == id)
                return true;
    }
    return false;
}

static bool is_inherited(const struct target *own, const struct vo_element *element)
{
    struct vo_elements elements = vo_elements_of(own->buffer, own->used);
    struct vo_element of_profile;
    uint32_t vendor = 0, other = 0;
    bool of_vendor = vo_element_vendor(element, &vendor);
    if (element->id == VO_ELEMENT_SSID || element->id == VO_ELEMENT_TIM ||
        element->id == VO_ELEMENT_MULTIPLE_BSSID || element->id == VO_ELEMENT_MULTI_LINK)
        return false;
    while (vo_element_next(&elements, &of_profile)) {
        if (of_profile.id == VO_ELEMENT_NON_INHERITANCE && is_named(&of_profile, element->id))
            return false;
        if (of_profile.id == element->id &&
            (!of_vendor || (vo_element_vendor(&of_profile, &other) && other == vendor)))
            return false;
    }
    return true;
}

uint32_t vo_nontransmitted_elements(const uint8_t *beacon, uint32_t size, const struct vo_nontransmitted *bss,
                                    uint8_t *buffer, uint32_t room)
{
    struct target to = {buffer, room, 0};
    struct vo_elements elements = vo_elements_of(beacon, size);
    struct vo_element element;
    const uint8_t *at = beacon;
    append_profile(&to, bss->elements, bss->elements_size);
    append_profile(&to, bss->rest, bss->rest_size);
    struct target own = to; /* grows no further: what is inherited is not compared with itself */
    while (vo_element_next(&elements, &element)) {
        if (is_inherited(&own, &element))
            append(&to, at, (uint32_t)(elements.left.at - at));
        at = elements.left.at;
    }
    return to.used;
}

/* --- Reduced neighbour report --------------------------------------------------------------------- */

void vo_neighbors_begin(const uint8_t *elements, uint32_t size, struct vo_neighbor_list *list)
{
    *list = (struct vo_neighbor_list){.rest = vo_elements_of(elements, size)};
}

/* Operating classes of annex E (global table E-4) to a frequency of their band, for vo_bss_channel_mhz(). */
static uint16_t class_frequency(unsigned operating_class, unsigned channel)
{
    static const struct {
        uint8_t first, last;
        uint16_t band_mhz;
    } classes[] = {{81, 84, 2412}, {115, 130, 5180}, {131, 137, 5955}};
    for (unsigned i = 0; i < sizeof classes / sizeof *classes; i++)
        if (operating_class >= classes[i].first && operating_class <= classes[i].last)
            return vo_bss_channel_mhz(channel, classes[i].band_mhz);
    return 0;
}

/* Where each part of a row is, by the row's size (table 9-327 and its successors); 0: not in it. The first
 * byte is always the offset of the beacon. Longer rows begin like the longest known; of an unknown shorter
 * one only that byte is read. */
struct row_layout {
    uint8_t size, bssid, short_ssid, parameters, power, mld;
};
static const struct row_layout *layout_of(unsigned size)
{
    static const struct row_layout layouts[] = {
        {16, 1, 7, 11, 12, 13}, {13, 1, 7, 11, 12, 0}, {12, 1, 7, 11, 0, 0}, {11, 1, 7, 0, 0, 0},
        {10, 1, 0, 0, 0, 0},    {9, 1, 0, 7, 8, 0},    {8, 1, 0, 7, 0, 0},   {7, 1, 0, 0, 0, 0},
        {6, 0, 1, 5, 0, 0},     {5, 0, 1, 0, 0, 0},    {2, 0, 0, 1, 0, 0},   {1, 0, 0, 0, 0, 0},
    };
    enum { LAYOUTS = sizeof layouts / sizeof *layouts };
    for (unsigned i = 0; i < LAYOUTS; i++)
        if (size == layouts[i].size || (i == 0 && size > layouts[i].size))
            return &layouts[i];
    return &layouts[LAYOUTS - 1];
}

static void read_row(const struct vo_neighbor_list *list, const uint8_t *row, struct vo_neighbor *neighbor)
{
    enum { NO_OFFSET = 255 };
    const struct row_layout *layout = layout_of(list->row_size);
    memset(neighbor, 0, sizeof *neighbor);
    neighbor->operating_class = list->operating_class;
    neighbor->channel = list->channel;
    neighbor->frequency_mhz = class_frequency(list->operating_class, list->channel);
    neighbor->bssid = layout->bssid ? vo_wlan_address_of(row + layout->bssid) : VO_WLAN_NO_ADDRESS;
    neighbor->short_ssid = layout->short_ssid ? vo_load32_le(row + layout->short_ssid) : 0;
    neighbor->parameters = layout->parameters ? row[layout->parameters] : 0;
    neighbor->offset_tu = row[0];
    if (layout->power)
        neighbor->power_half_dbm =
            (int8_t)(row[layout->power] < 128 ? row[layout->power] : row[layout->power] - 256);
    if (layout->mld) {
        neighbor->mld_id = row[layout->mld];
        neighbor->link_id = row[layout->mld + 1] & 15;
    }
    neighbor->has = (uint8_t)((layout->bssid ? VO_NEIGHBOR_BSSID : 0) |
                              (layout->short_ssid ? VO_NEIGHBOR_SHORT_SSID : 0) |
                              (layout->parameters ? VO_NEIGHBOR_PARAMETERS : 0) |
                              (layout->power ? VO_NEIGHBOR_POWER : 0) | (layout->mld ? VO_NEIGHBOR_MLD : 0) |
                              (row[0] != NO_OFFSET ? VO_NEIGHBOR_OFFSET : 0));
}

/* The next set of rows that are on the same channel; false at the end of the element. */
static bool next_set(struct vo_neighbor_list *list)
{
    enum { HEADER = 4, TYPE = 3, TBTT = 0 };
    while (list->sets.left >= HEADER) {
        const uint8_t *head = vo_bytes_take(&list->sets, HEADER);
        uint32_t rows = (head[0] >> 4 & 15) + 1u, size = head[1];
        const uint8_t *at = vo_bytes_take(&list->sets, rows * size);
        if (!at)
            return false;
        if ((head[0] & TYPE) != TBTT || size == 0)
            continue;
        list->rows = vo_bytes_of(at, rows * size);
        list->row_size = (uint8_t)size;
        list->operating_class = head[2];
        list->channel = head[3];
        return true;
    }
    return false;
}

bool vo_neighbor_next(struct vo_neighbor_list *list, struct vo_neighbor *neighbor)
{
    for (;;) {
        if (list->rows.left) {
            read_row(list, vo_bytes_take(&list->rows, list->row_size), neighbor);
            return true;
        }
        if (next_set(list))
            continue;
        struct vo_element element;
        do {
            if (!vo_element_next(&list->rest, &element))
                return false;
        } while (element.id != VO_ELEMENT_REDUCED_NEIGHBORS);
        list->sets = vo_bytes_of(element.data, element.size);
    }
}
